#include "dataplane/surface/openai_chat/scan.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/ir/reasoning_details.h"
#include "dataplane/limits.h"
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
  kStreamOptions,
  kMaxTokens,
  kMaxCompletionTokens,
  kN,
  kUser,
  kTools,
  kProvider,
  kProviderOptions,
  kServiceTier,
  kWebSearchOptions,
  kMembers,
};
constexpr unsigned kRequired = kMessages + 1;
constexpr std::string_view kNames[kMembers] = {"model",
                                               "messages",
                                               "models",
                                               "stream",
                                               "stream_options",
                                               "max_tokens",
                                               "max_completion_tokens",
                                               "n",
                                               "user",
                                               "tools",
                                               "provider",
                                               "providerOptions",
                                               "service_tier",
                                               "web_search_options"};

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, ScannedRequest& out, ChatOptionReader other)
      : BodyScanner(body, out), other_(other) {}

  Error Run() { return ReadBody(kNames, kRequired); }

 private:
  bool IsOwn(unsigned member) const override {
    return member == kModels || member == kProvider || member == kProviderOptions;
  }

  Error ReadOtherOption(std::string_view param, std::string_view key) override {
    if (other_ == nullptr || param != "provider") return BodyScanner::ReadOtherOption(param, key);
    return other_(key, json());
  }

  Error ReadMember(unsigned member, std::size_t at) override {
    switch (member) {
      case kModel:
        return ReadModel(at);
      case kModels:
        return ReadModels();
      case kStream:
        return ReadFlag("stream", out().stream);
      case kStreamOptions:
        return ReadStreamOptions(at);
      case kMaxTokens:
        out().max_tokens_key = key();
        return ReadLimit("max_tokens", at, out().max_tokens_value);
      case kMaxCompletionTokens:
        out().max_completion_tokens_key = key();
        return ReadLimit("max_completion_tokens", at, out().max_completion_tokens_value);
      case kN:
        return ReadChoices();
      case kUser:
        return ReadText("user", out().user);
      case kMessages:
        return ReadMessages();
      case kTools:
        return ReadChatTools();
      case kProvider:
        return ReadWishes();
      case kServiceTier:
        return ReadServiceTier();
      case kWebSearchOptions:
        if (!SkipNull()) {
          json().Skip();
          out().unbounded = "web_search_options";
        }
        return std::nullopt;
      default:
        return ReadProviderOptions();
    }
  }

  // Prices are those of the standard tier; what is dearer has no bound.
  Error ReadServiceTier() {
    std::string_view tier;
    if (Error error = ReadText("service_tier", tier)) return error;
    if (tier == "priority") out().unbounded = "service_tier";
    return std::nullopt;
  }

  // A tool that is neither a function nor custom is run by the provider, for a fee each time.
  Error ReadChatTools() {
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
        } else if (json().ReadString(type) && !JsonEquals(type, "function") &&
                   !JsonEquals(type, "custom")) {
          out().unbounded = "tools";
        }
      }
    }
    return std::nullopt;
  }

  Error ReadStreamOptions(std::size_t at) {
    if (!SkipNull()) {
      if (json().Peek() != JsonKind::kObject) return WrongType("stream_options", "an object");
      json().EnterObject();
      out().stream_options_object = true;
      out().stream_options_open = json().offset();
      std::string_view key;
      while (json().NextMember(key)) {
        out().stream_options_empty = false;
        const std::size_t value_at = json().ValueOffset();
        if (!JsonEquals(key, "include_usage")) {
          json().Skip();
          continue;
        }
        if (out().include_usage_value.present()) {
          return Fault(ErrorCode::kInvalidJson, "stream_options.include_usage",
                       "`stream_options.include_usage` is given twice.");
        }
        if (Error error = ReadFlag("stream_options.include_usage", out().include_usage)) {
          return error;
        }
        out().include_usage_value = {value_at, json().offset()};
      }
    }
    out().stream_options_value = {at, json().offset()};
    return std::nullopt;
  }

  Error ReadChoices() {
    if (SkipNull()) return std::nullopt;
    bool fits = false;
    if (json().Peek() != JsonKind::kNumber || !json().ReadInt64(out().choices, fits) || !fits ||
        out().choices < 1 || out().choices > kChoicesMax) {
      return WrongType("n", absl::StrCat("an integer from 1 to ", kChoicesMax));
    }
    return std::nullopt;
  }

  Error ReadMessages() {
    if (json().Peek() != JsonKind::kArray) return WrongType("messages", "a list of messages");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().messages;
      if (json().Peek() != JsonKind::kObject) return WrongType("messages", "a list of objects");
      json().EnterObject();
      std::string_view key;
      while (json().NextMember(key)) {
        if (JsonEquals(key, "content") && json().Peek() == JsonKind::kArray) {
          ReadParts();
        } else if (JsonEquals(key, "reasoning_details") || JsonEquals(key, "annotations")) {
          if (HasForeign()) out().foreign_parts = true;
        } else {
          json().Skip();
        }
      }
    }
    if (json().ok() && out().messages == 0) {
      return Fault(ErrorCode::kInvalidParameter, "messages", "`messages` must not be empty.");
    }
    return std::nullopt;
  }

  // Walks over a list of details or annotations; whether this gateway wrote some of it: details of
  // thoughts in one of its formats (ir/reasoning_details.h), or citations with what they quote,
  // which OpenAI's own lack (WriteChatAnnotation()).
  bool HasForeign() {
    bool found = false;
    if (json().Peek() != JsonKind::kArray) {
      json().Skip();
      return false;
    }
    json().EnterArray();
    while (json().NextElement()) found = IsForeign() || found;
    return found;
  }

  bool IsForeign() {
    bool found = false;
    if (json().Peek() != JsonKind::kObject) {
      json().Skip();
      return false;
    }
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      std::string_view text;
      const JsonKind kind = json().Peek();
      if (kind == JsonKind::kString && JsonEquals(key, "format")) {
        found = (json().ReadString(text) && ir::IsFormatOfDetails(text)) || found;
      } else if (kind == JsonKind::kObject && JsonEquals(key, "url_citation")) {
        json().EnterObject();
        while (json().NextMember(key)) {
          found = JsonEquals(key, "content") || found;
          json().Skip();
        }
      } else {
        json().Skip();
      }
    }
    return found;
  }

  // Counts what costs tokens that its bytes do not bound.
  void ReadParts() {
    json().EnterArray();
    while (json().NextElement()) {
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
          if (JsonEquals(type, "image_url")) {
            ++out().images;
          } else if (!JsonEquals(type, "text") && !JsonEquals(type, "refusal") &&
                     !JsonEquals(type, "input_audio")) {
            ++out().files;
          }
        }
      }
    }
  }

  ChatOptionReader other_;
};

}  // namespace

std::optional<GatewayError> ScanChatRequest(std::string_view body, ScannedRequest& out,
                                            ChatOptionReader other) {
  out.Reset();
  return Scanner(body, out, other).Run();
}

}  // namespace tollgate::dataplane
