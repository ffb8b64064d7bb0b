#include "dataplane/surface/openai_chat/scan.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/cursor.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

using Error = std::optional<GatewayError>;

// The members that are read; their order is that of the bits in `seen_`.
enum Member : unsigned {
  kModel,
  kModels,
  kStream,
  kStreamOptions,
  kMaxTokens,
  kMaxCompletionTokens,
  kN,
  kUser,
  kMessages,
  kTools,
  kProvider,
  kProviderOptions,
  kMembers,
};
constexpr std::string_view kNames[kMembers] = {
    "model", "models", "stream",   "stream_options", "max_tokens", "max_completion_tokens",
    "n",     "user",   "messages", "tools",          "provider",   "providerOptions"};

unsigned MemberOf(std::string_view raw_key) {
  for (unsigned member = 0; member < kMembers; ++member) {
    if (JsonEquals(raw_key, kNames[member])) return member;
  }
  return kMembers;
}

class Scanner {
 public:
  Scanner(std::string_view body, ScannedRequest& out) : body_(body), json_(body), out_(out) {
    out_.unescaped.reserve(kTextsMax);
  }

  Error Run() {
    if (!IsValidUtf8(body_)) {
      return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid UTF-8.");
    }
    if (json_.Peek() != JsonKind::kObject) {
      return Fault(ErrorCode::kInvalidJson, {}, "The request body must be a JSON object.");
    }
    json_.EnterObject();
    out_.object_open = json_.offset();
    if (Error error = Members()) return error;
    if (!json_.AtEnd()) return Broken();
    if (!(seen_ & 1u << kModel)) {
      return Fault(ErrorCode::kMissingParameter, "model", "`model` is required.");
    }
    if (!(seen_ & 1u << kMessages)) {
      return Fault(ErrorCode::kMissingParameter, "messages", "`messages` is required.");
    }
    return std::nullopt;
  }

 private:
  // Model, models, user and provider lists with escapes: more is refused as it cannot be honest.
  static constexpr std::size_t kTextsMax = 128;
  static constexpr std::size_t kProviderListMax = 64;

  GatewayError Broken() const {
    return Fault(
        ErrorCode::kInvalidJson, {},
        absl::StrCat("The request body is not valid JSON (or nested deeper than 64) at byte ",
                     json_.offset(), "."));
  }

  Error Members() {
    bool kept_before = false;   // A member that is sent on came before.
    bool open_removal = false;  // The last range ends where the next key begins.
    std::size_t former_end = out_.object_open;
    std::string_view raw_key;
    while (json_.NextMember(raw_key)) {
      const std::size_t key_at = static_cast<std::size_t>(raw_key.data() - body_.data()) - 1;
      if (open_removal) out_.removed.back().end = key_at;
      open_removal = false;
      const unsigned member = MemberOf(raw_key);
      if (member < kMembers) {
        if (seen_ & 1u << member) {
          return Fault(ErrorCode::kInvalidJson, kNames[member],
                       absl::StrCat("`", AbslView(kNames[member]), "` is given twice."));
        }
        seen_ |= 1u << member;
      }
      const std::size_t value_at = json_.ValueOffset();
      if (Error error = Read(member, value_at)) return error;
      if (!json_.ok()) return Broken();
      if (member == kModels || member == kProvider || member == kProviderOptions) {
        if (kept_before) {
          out_.removed.push_back({former_end, json_.offset()});
        } else {
          out_.removed.push_back({key_at, json_.offset()});
          open_removal = true;
        }
      } else {
        kept_before = true;
      }
      former_end = json_.offset();
    }
    return json_.ok() ? Error() : Broken();
  }

  Error Read(unsigned member, std::size_t at) {
    switch (member) {
      case kModel:
        return ReadModel(at);
      case kModels:
        return ReadModels();
      case kStream:
        return ReadFlag("stream", out_.stream);
      case kStreamOptions:
        return ReadStreamOptions(at);
      case kMaxTokens:
        return ReadLimit("max_tokens", at, out_.max_tokens_value);
      case kMaxCompletionTokens:
        return ReadLimit("max_completion_tokens", at, out_.max_completion_tokens_value);
      case kN:
        return ReadChoices();
      case kUser:
        return ReadUser();
      case kMessages:
        return ReadMessages();
      case kTools:
        return ReadTools();
      case kProvider:
        return ReadWishes("provider", false);
      case kProviderOptions:
        return ReadProviderOptions();
      default:
        json_.Skip();
        return std::nullopt;
    }
  }

  // The text of a string value; false when it is no string, or cannot be shown as UTF-8.
  bool ReadText(std::string_view& text) {
    std::string_view raw;
    if (json_.Peek() != JsonKind::kString || !json_.ReadString(raw)) return false;
    text = raw;
    if (raw.find('\\') == std::string_view::npos) return true;
    if (out_.unescaped.size() == kTextsMax) return false;
    std::string& owned = out_.unescaped.emplace_back();
    if (!UnescapeJson(raw, owned)) return false;
    text = owned;
    return true;
  }

  bool SkipNull() {
    if (json_.Peek() != JsonKind::kNull) return false;
    json_.Skip();
    return true;
  }

  static bool IsModelName(std::string_view name) {
    return !name.empty() && name.size() <= kModelNameBytesMax &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  }

  Error ReadModel(std::size_t at) {
    if (!ReadText(out_.model) || !IsModelName(out_.model)) {
      return WrongType("model", "a string of 1 to 256 bytes without control characters");
    }
    out_.model_value = {at, json_.offset()};
    return std::nullopt;
  }

  Error ReadNames(std::string_view param, std::size_t size_max,
                  std::vector<std::string_view>& names) {
    if (SkipNull()) return std::nullopt;
    if (json_.Peek() != JsonKind::kArray) return WrongType(param, "a list of strings");
    json_.EnterArray();
    while (json_.NextElement()) {
      std::string_view name;
      if (names.size() == size_max || !ReadText(name) || !IsModelName(name)) {
        return WrongType(param, absl::StrCat("a list of at most ", size_max, " names"));
      }
      names.push_back(name);
    }
    return std::nullopt;
  }

  Error ReadModels() { return ReadNames("models", kModelsListMax, out_.fallback_models); }

  Error ReadFlag(std::string_view param, bool& flag) {
    if (SkipNull()) return std::nullopt;
    const JsonKind kind = json_.Peek();
    if (kind != JsonKind::kTrue && kind != JsonKind::kFalse)
      return WrongType(param, "true or false");
    json_.ReadBool(flag);
    return std::nullopt;
  }

  Error ReadStreamOptions(std::size_t at) {
    if (!SkipNull()) {
      if (json_.Peek() != JsonKind::kObject) return WrongType("stream_options", "an object");
      json_.EnterObject();
      out_.stream_options_object = true;
      out_.stream_options_open = json_.offset();
      std::string_view key;
      while (json_.NextMember(key)) {
        out_.stream_options_empty = false;
        const std::size_t value_at = json_.ValueOffset();
        if (!JsonEquals(key, "include_usage")) {
          json_.Skip();
          continue;
        }
        if (out_.include_usage_value.present()) {
          return Fault(ErrorCode::kInvalidJson, "stream_options.include_usage",
                       "`stream_options.include_usage` is given twice.");
        }
        if (Error error = ReadFlag("stream_options.include_usage", out_.include_usage)) {
          return error;
        }
        out_.include_usage_value = {value_at, json_.offset()};
      }
    }
    out_.stream_options_value = {at, json_.offset()};
    return std::nullopt;
  }

  Error ReadLimit(std::string_view param, std::size_t at, BodyRange& range) {
    if (SkipNull()) {
      range = {at, json_.offset()};
      return std::nullopt;
    }
    std::int64_t value = 0;
    bool fits = false;
    if (json_.Peek() != JsonKind::kNumber || !json_.ReadInt64(value, fits) || !fits || value < 1) {
      return WrongType(param, "a positive integer");
    }
    range = {at, json_.offset()};
    out_.output_limit = out_.output_limit < 0 ? value : std::min(out_.output_limit, value);
    return std::nullopt;
  }

  Error ReadChoices() {
    if (SkipNull()) return std::nullopt;
    bool fits = false;
    if (json_.Peek() != JsonKind::kNumber || !json_.ReadInt64(out_.choices, fits) || !fits ||
        out_.choices < 1 || out_.choices > kChoicesMax) {
      return WrongType("n", absl::StrCat("an integer from 1 to ", kChoicesMax));
    }
    return std::nullopt;
  }

  Error ReadUser() {
    if (SkipNull()) return std::nullopt;
    if (!ReadText(out_.user)) return WrongType("user", "a string");
    return std::nullopt;
  }

  Error ReadMessages() {
    if (json_.Peek() != JsonKind::kArray) return WrongType("messages", "a list of messages");
    json_.EnterArray();
    while (json_.NextElement()) {
      ++out_.messages;
      if (json_.Peek() != JsonKind::kObject) return WrongType("messages", "a list of objects");
      json_.EnterObject();
      std::string_view key;
      while (json_.NextMember(key)) {
        if (JsonEquals(key, "content") && json_.Peek() == JsonKind::kArray) {
          ReadParts();
        } else {
          json_.Skip();
        }
      }
    }
    if (json_.ok() && out_.messages == 0) {
      return Fault(ErrorCode::kInvalidParameter, "messages", "`messages` must not be empty.");
    }
    return std::nullopt;
  }

  // Counts what costs tokens that its bytes do not bound.
  void ReadParts() {
    json_.EnterArray();
    while (json_.NextElement()) {
      if (json_.Peek() != JsonKind::kObject) {
        json_.Skip();
        continue;
      }
      json_.EnterObject();
      std::string_view key;
      while (json_.NextMember(key)) {
        std::string_view type;
        if (!JsonEquals(key, "type") || json_.Peek() != JsonKind::kString) {
          json_.Skip();
        } else if (json_.ReadString(type)) {
          if (JsonEquals(type, "image_url")) {
            ++out_.images;
          } else if (!JsonEquals(type, "text") && !JsonEquals(type, "refusal") &&
                     !JsonEquals(type, "input_audio")) {
            ++out_.files;
          }
        }
      }
    }
  }

  Error ReadTools() {
    if (SkipNull()) return std::nullopt;
    if (json_.Peek() != JsonKind::kArray) return WrongType("tools", "a list of tools");
    json_.EnterArray();
    while (json_.NextElement()) {
      ++out_.tools;
      json_.Skip();
    }
    return std::nullopt;
  }

  // `provider` and `providerOptions.gateway` take the same options; the latter `models` besides.
  Error ReadWishes(std::string_view param, bool takes_models) {
    if (SkipNull()) return std::nullopt;
    if (json_.Peek() != JsonKind::kObject) return WrongType(param, "an object");
    json_.EnterObject();
    std::string_view key;
    while (json_.NextMember(key)) {
      Error error;
      if (JsonEquals(key, "order")) {
        error = ReadNames("provider.order", kProviderListMax, out_.wishes.order);
      } else if (JsonEquals(key, "only")) {
        error = ReadNames("provider.only", kProviderListMax, out_.wishes.only);
      } else if (JsonEquals(key, "ignore")) {
        error = ReadNames("provider.ignore", kProviderListMax, out_.wishes.ignore);
      } else if (JsonEquals(key, "allow_fallbacks")) {
        error = ReadFlag("provider.allow_fallbacks", out_.wishes.allow_fallbacks);
      } else if (takes_models && JsonEquals(key, "models")) {
        error = ReadModels();
      } else {
        return Fault(ErrorCode::kUnsupportedParameter, param,
                     absl::StrCat("`", AbslView(param),
                                  "` has an option that this gateway does not "
                                  "know; it takes order, only, ignore and allow_fallbacks."));
      }
      if (error) return error;
    }
    return std::nullopt;
  }

  Error ReadProviderOptions() {
    if (SkipNull()) return std::nullopt;
    if (json_.Peek() != JsonKind::kObject) return WrongType("providerOptions", "an object");
    json_.EnterObject();
    std::string_view key;
    bool seen = false;
    while (json_.NextMember(key)) {
      if (!JsonEquals(key, "gateway") || seen) {
        return Fault(
            ErrorCode::kUnsupportedParameter, "providerOptions",
            "`providerOptions` takes `gateway` only, once; send a provider's own options as "
            "members of the body.");
      }
      seen = true;
      if (Error error = ReadWishes("providerOptions.gateway", true)) return error;
    }
    return std::nullopt;
  }

  std::string_view body_;
  JsonCursor json_;
  ScannedRequest& out_;
  unsigned seen_ = 0;
};

}  // namespace

std::optional<GatewayError> ScanChatRequest(std::string_view body, ScannedRequest& out) {
  out.Reset();
  return Scanner(body, out).Run();
}

}  // namespace tollgate::dataplane
