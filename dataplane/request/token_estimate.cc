#include "dataplane/request/token_estimate.h"

#include <algorithm>
#include <vector>

namespace tollgate::dataplane {
namespace {

// What templates add to a request, to each message and to each tool.
constexpr std::int64_t kRequestTokens = 3;
constexpr std::int64_t kMessageTokens = 4;
constexpr std::int64_t kToolTokens = 12;
// An image as large as providers take without making it smaller: Anthropic's 1.15 megapixels.
constexpr std::int64_t kImageTokens = 1600;
// A page of a document, and how many bytes of one make it.
constexpr std::int64_t kPageTokens = 2000;
constexpr std::int64_t kPageBytes = 50'000;
// A file of which only a link or an id is known.
constexpr std::int64_t kUnknownFilePages = 5;

std::int64_t MediaTokens(const ir::Media& media) {
  if (!media.text.empty()) return EstimateTextTokens(media.text);
  if (media.kind == ir::Media::Kind::kImage) return kImageTokens;
  const std::int64_t bytes = static_cast<std::int64_t>(media.base64.size() / 4 * 3);
  const std::int64_t pages = bytes == 0 ? kUnknownFilePages : (bytes + kPageBytes - 1) / kPageBytes;
  return pages * kPageTokens;
}

std::int64_t PartsTokens(const std::vector<ir::Part>& parts) {
  std::int64_t tokens = 0;
  for (const ir::Part& part : parts) {
    if (const auto* text = part.As<ir::Text>()) {
      tokens += EstimateTextTokens(text->text);
    } else if (const auto* media = part.As<ir::Media>()) {
      tokens += MediaTokens(*media) + EstimateTextTokens(media->context);
    } else if (const auto* call = part.As<ir::ToolCall>()) {
      tokens += EstimateTextTokens(call->name) + EstimateTextTokens(call->arguments);
    } else if (const auto* result = part.As<ir::ToolResult>()) {
      tokens += PartsTokens(result->parts);
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      tokens += EstimateTextTokens(reasoning->text);
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      tokens += EstimateTextTokens(refusal->text);
    } else if (const auto* opaque = part.As<ir::Opaque>()) {
      tokens += EstimateTextTokens(opaque->json);
    }
  }
  return tokens;
}

}  // namespace

std::int64_t EstimateTextTokens(std::string_view text) {
  std::int64_t ascii = 0;
  std::int64_t others = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      ++ascii;
    } else if (byte >= 0xC0) {  // The first byte of a character.
      ++others;
    }
  }
  return (ascii + 3) / 4 + others;
}

std::int64_t EstimateInputTokens(const ir::Request& request) {
  std::int64_t tokens = kRequestTokens;
  for (const ir::Message& message : request.messages) {
    tokens += kMessageTokens + PartsTokens(message.parts);
  }
  for (const ir::Tool& tool : request.tools) {
    tokens += kToolTokens + EstimateTextTokens(tool.name) + EstimateTextTokens(tool.description) +
              EstimateTextTokens(tool.parameters) + EstimateTextTokens(tool.definition);
  }
  return tokens + EstimateTextTokens(request.response_format.schema);
}

}  // namespace tollgate::dataplane
