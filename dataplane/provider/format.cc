#include "dataplane/provider/format.h"

#include <array>

namespace tollgate::dataplane {
namespace {

struct Row {
  WireFormat wire;
  const ProviderFormat& (*format)();
};

// The one table of formats: one line each.
constexpr std::array kFormats = {
    Row{WireFormat::kOpenAiChat, OpenAiChatFormat},
    Row{WireFormat::kOpenAiResponses, OpenAiResponsesFormat},
    Row{WireFormat::kAnthropic, AnthropicMessagesFormat},
    Row{WireFormat::kGemini, GeminiFormat},
};

}  // namespace

const ProviderFormat* FormatOf(WireFormat format) {
  for (const Row& row : kFormats) {
    if (row.wire == format) return &row.format();
  }
  return nullptr;
}

std::uint32_t SpokenFormats() {
  std::uint32_t formats = 0;
  for (const Row& row : kFormats) formats |= 1u << static_cast<unsigned>(row.wire);
  return formats;
}

void ProviderFormat::AppendHeaders(const std::vector<std::pair<std::string, std::string>>&,
                                   std::string&) const {}

bool ProviderFormat::AppendCountPath(const SendDecision&, std::string&) const { return false; }

bool ProviderFormat::AppendKeptPath(std::string_view, std::string&) const { return false; }

std::optional<std::int64_t> ProviderFormat::ReadTokenCount(std::string_view) const {
  return std::nullopt;
}

ProviderRates ProviderFormat::ReadRates(const HeadFields&, absl::Time) const { return {}; }

}  // namespace tollgate::dataplane
