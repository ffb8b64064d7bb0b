#include "dataplane/surface/anthropic_messages/scan.h"

#include <cstdint>

#include "dataplane/ir/signature.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

// The members that are read, those that are required first.
enum Member : unsigned {
  kModel,
  kMessages,
  kModels,
  kStream,
  kMaxTokens,
  kMetadata,
  kTools,
  kProvider,
  kProviderOptions,
  kMcpServers,
  kMembers,
};
constexpr unsigned kRequired = kMessages + 1;
constexpr std::string_view kNames[kMembers] = {
    "model",    "messages", "models",   "stream",          "max_tokens",
    "metadata", "tools",    "provider", "providerOptions", "mcp_servers"};

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, ScannedRequest& out) : BodyScanner(body, out) {}

  Error Run() {
    if (Error error = ReadBody(kNames, kRequired)) return error;
    out().include_usage = true;  // Streams of this surface always have it.
    return std::nullopt;
  }

 private:
  bool IsOwn(unsigned member) const override {
    return member == kModels || member == kProvider || member == kProviderOptions;
  }

  Error ReadMember(unsigned member, std::size_t at) override {
    switch (member) {
      case kModel:
        return ReadModel(at);
      case kMessages:
        return ReadMessages();
      case kModels:
        return ReadModels();
      case kStream:
        return ReadFlag("stream", out().stream);
      case kMaxTokens:
        return ReadLimit("max_tokens", at, out().max_tokens_value);
      case kMetadata:
        return ReadMetadata();
      case kTools:
        return ReadMessagesTools();
      case kProvider:
        return ReadWishes();
      case kMcpServers:  // Their tools are run by the provider, as often as the model wants.
        if (!SkipNull()) {
          json().Skip();
          out().unbounded = "mcp_servers";
        }
        return std::nullopt;
      default:
        return ReadProviderOptions();
    }
  }

  // What is searched, fetched or run by the provider costs by what it does, and adds to the input.
  Error ReadMessagesTools() {
    if (SkipNull()) return std::nullopt;
    if (json().Peek() != JsonKind::kArray) return WrongType("tools", "a list of tools");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().tools;
      if (json().Peek() != JsonKind::kObject) {
        json().Skip();
        continue;
      }
      json().EnterObject();
      std::string_view key;
      while (json().NextMember(key)) {
        std::string_view type;
        if (!JsonEquals(key, "type") || json().Peek() != JsonKind::kString) {
          json().Skip();
        } else if (json().ReadString(type)) {
          for (const std::string_view run : {"web_search", "web_fetch", "code_execution"}) {
            if (type.starts_with(run)) out().unbounded = "tools";
          }
        }
      }
    }
    return std::nullopt;
  }

  Error ReadMetadata() {
    if (SkipNull()) return std::nullopt;
    if (json().Peek() != JsonKind::kObject) return WrongType("metadata", "an object");
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (!JsonEquals(key, "user_id")) {
        json().Skip();
      } else if (Error error = ReadText("metadata.user_id", out().user)) {
        return error;
      }
    }
    return std::nullopt;
  }

  Error ReadMessages() {
    if (json().Peek() != JsonKind::kArray) return WrongType("messages", "a list of messages");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().messages;
      if (json().Peek() != JsonKind::kObject) return WrongType("messages", "a list of objects");
      ReadBlock();
    }
    if (json().ok() && out().messages == 0) {
      return Fault(ErrorCode::kInvalidParameter, "messages", "`messages` must not be empty.");
    }
    return std::nullopt;
  }

  // A message or a block: counts what costs tokens that its bytes do not bound, in the results of
  // tools too, and finds what this gateway wrote of other makers' models.
  void ReadBlock() {
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      std::string_view type;
      if (JsonEquals(key, "content") && json().Peek() == JsonKind::kArray) {
        ReadBlocks();
      } else if (JsonEquals(key, "signature") || JsonEquals(key, "data")) {
        ReadSignature();
      } else if (JsonEquals(key, "citations") && json().Peek() == JsonKind::kArray) {
        ReadCitations();
      } else if (!JsonEquals(key, "type") || json().Peek() != JsonKind::kString) {
        json().Skip();
      } else if (json().ReadString(type)) {
        if (JsonEquals(type, "image")) ++out().images;
        if (JsonEquals(type, "document") || JsonEquals(type, "container_upload")) ++out().files;
      }
    }
  }

  void ReadSignature() {
    std::string_view shown;
    if (json().Peek() != JsonKind::kString) {
      json().Skip();
    } else if (json().ReadString(shown) && ir::IsForeignSignature(shown)) {
      out().foreign_parts = true;
    }
  }

  // WriteMessagesCitation() says what another's look like.
  void ReadCitations() {
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() != JsonKind::kObject) {
        json().Skip();
        continue;
      }
      json().EnterObject();
      std::string_view key;
      while (json().NextMember(key)) {
        std::string_view index;
        std::int64_t end = -1;
        bool fits = false;
        if (JsonEquals(key, "encrypted_index") && json().Peek() == JsonKind::kString) {
          if (json().ReadString(index) && index.empty()) out().foreign_parts = true;
        } else if (JsonEquals(key, "end_block_index") && json().Peek() == JsonKind::kNumber) {
          if (json().ReadInt64(end, fits) && fits && end == 0) out().foreign_parts = true;
        } else {
          json().Skip();
        }
      }
    }
  }

  void ReadBlocks() {
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() == JsonKind::kObject) {
        ReadBlock();
      } else {
        json().Skip();
      }
    }
  }
};

}  // namespace

std::optional<GatewayError> ScanMessagesRequest(std::string_view body, ScannedRequest& out) {
  out.Reset();
  return Scanner(body, out).Run();
}

}  // namespace tollgate::dataplane
