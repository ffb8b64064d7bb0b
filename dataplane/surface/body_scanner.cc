#include "dataplane/surface/body_scanner.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/string_views.h"
#include "dataplane/limits.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

bool IsModelName(std::string_view name) {
  return !name.empty() && name.size() <= kModelNameBytesMax &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

BodyScanner::BodyScanner(std::string_view body, ScannedRequest& out)
    : body_(body), json_(body), out_(out) {
  out_.unescaped.reserve(kTextsMax + 1);  // One may be a text of the surface's own.
}

BodyScanner::Error BodyScanner::ReadBody(std::span<const std::string_view> names,
                                         unsigned required) {
  if (!IsValidUtf8(body_)) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body is not valid UTF-8.");
  }
  if (json_.Peek() != JsonKind::kObject) {
    return Fault(ErrorCode::kInvalidJson, {}, "The request body must be a JSON object.");
  }
  json_.EnterObject();
  out_.object_open = json_.offset();
  if (Error error = ReadMembers(names)) return error;
  if (!json_.AtEnd()) return Broken();
  for (unsigned member = 0; member < required; ++member) {
    if (!(seen_ & 1u << member)) return Missing(names[member]);
  }
  return std::nullopt;
}

GatewayError BodyScanner::Broken() const {
  return Fault(
      ErrorCode::kInvalidJson, {},
      absl::StrCat("The request body is not valid JSON (or nested deeper than 64) at byte ",
                   json_.offset(), "."));
}

BodyScanner::Error BodyScanner::ReadMembers(std::span<const std::string_view> names) {
  bool kept_before = false;   // A member that is sent on came before.
  bool open_removal = false;  // The last range ends where the next key begins.
  std::size_t former_end = out_.object_open;
  std::string_view raw_key;
  while (json_.NextMember(raw_key)) {
    const std::size_t key_at = static_cast<std::size_t>(raw_key.data() - body_.data()) - 1;
    if (open_removal) out_.removed.back().end = key_at;
    open_removal = false;
    unsigned member = 0;
    const bool escaped = raw_key.find('\\') != std::string_view::npos;
    while (member < names.size() &&
           !(escaped ? JsonEquals(raw_key, names[member]) : raw_key == names[member])) {
      ++member;
    }
    const bool known = member < names.size();
    if (known) {
      if (seen_ & 1u << member) {
        return Fault(ErrorCode::kInvalidJson, names[member],
                     absl::StrCat("`", AbslView(names[member]), "` is given twice."));
      }
      seen_ |= 1u << member;
      key_ = {key_at, key_at + raw_key.size() + 2};
      const std::size_t value_at = json_.ValueOffset();
      if (Error error = ReadMember(member, value_at)) return error;
    } else {
      json_.Skip();
    }
    if (!json_.ok()) return Broken();
    if (known && IsOwn(member)) {
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

// The text of a string value; false when it is no string, or cannot be shown as UTF-8.
bool BodyScanner::TakeText(std::string_view& text) {
  std::string_view raw;
  if (json_.Peek() != JsonKind::kString || !json_.ReadString(raw)) return false;
  text = raw;
  if (raw.find('\\') == std::string_view::npos) return true;
  if (out_.unescaped.size() >= kTextsMax) return false;
  std::string& owned = out_.unescaped.emplace_back();
  if (!UnescapeJson(raw, owned)) return false;
  text = owned;
  return true;
}

bool BodyScanner::SkipNull() {
  if (json_.Peek() != JsonKind::kNull) return false;
  json_.Skip();
  return true;
}

BodyScanner::Error BodyScanner::ReadModel(std::size_t at) {
  if (!TakeText(out_.model) || !IsModelName(out_.model)) {
    return WrongType("model", "a string of 1 to 256 bytes without control characters");
  }
  out_.model_value = {at, json_.offset()};
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadNames(std::string_view param, std::size_t size_max,
                                          std::vector<std::string_view>& names) {
  if (SkipNull()) return std::nullopt;
  if (json_.Peek() != JsonKind::kArray) return WrongType(param, "a list of strings");
  json_.EnterArray();
  while (json_.NextElement()) {
    std::string_view name;
    if (names.size() == size_max || !TakeText(name) || !IsModelName(name)) {
      return WrongType(param, absl::StrCat("a list of at most ", size_max, " names"));
    }
    names.push_back(name);
  }
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadModels() {
  return ReadNames("models", kModelsListMax, out_.fallback_models);
}

BodyScanner::Error BodyScanner::ReadTags() {
  constexpr std::string_view kParam = "providerOptions.gateway.tags";
  if (SkipNull()) return std::nullopt;
  if (json_.Peek() != JsonKind::kArray) return WrongType(kParam, "a list of strings");
  json_.EnterArray();
  while (json_.NextElement()) {
    std::string_view tag;
    if (out_.tags.size() > kTagsMax || !TakeText(tag)) {
      return WrongType(kParam, absl::StrCat("a list of at most ", kTagsMax, " strings"));
    }
    out_.tags.push_back(tag);
  }
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadFlag(std::string_view param, bool& flag) {
  if (SkipNull()) return std::nullopt;
  const JsonKind kind = json_.Peek();
  if (kind != JsonKind::kTrue && kind != JsonKind::kFalse) {
    return WrongType(param, "true or false");
  }
  json_.ReadBool(flag);
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadText(std::string_view param, std::string_view& text) {
  if (SkipNull()) return std::nullopt;
  if (!TakeText(text)) return WrongType(param, "a string");
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadLimit(std::string_view param, std::size_t at,
                                          BodyRange& range) {
  if (!SkipNull()) {
    std::int64_t value = 0;
    bool fits = false;
    if (json_.Peek() != JsonKind::kNumber || !json_.ReadInt64(value, fits) || !fits || value < 1) {
      return WrongType(param, "a positive integer");
    }
    out_.output_limit = out_.output_limit < 0 ? value : std::min(out_.output_limit, value);
  }
  range = {at, json_.offset()};
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadTools() {
  if (SkipNull()) return std::nullopt;
  if (json_.Peek() != JsonKind::kArray) return WrongType("tools", "a list of tools");
  json_.EnterArray();
  while (json_.NextElement()) {
    ++out_.tools;
    json_.Skip();
  }
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadWishes() { return ReadOptions("provider", false); }

// `providerOptions.gateway` takes `models` besides.
BodyScanner::Error BodyScanner::ReadOptions(std::string_view param, bool takes_models) {
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
    } else if (takes_models && JsonEquals(key, "quotaEntityId")) {
      if (!TakeText(out_.quota_entity) || !IsValidScopeName(out_.quota_entity)) {
        return WrongType("providerOptions.gateway.quotaEntityId",
                         "a string of 1 to 256 bytes without control characters");
      }
    } else if (takes_models && JsonEquals(key, "models")) {
      error = ReadModels();
    } else if (takes_models && JsonEquals(key, "tags")) {
      error = ReadTags();
    } else if (takes_models && JsonEquals(key, "user")) {
      error = ReadText("providerOptions.gateway.user", out_.reporting_user);
    } else {
      error = ReadOtherOption(param, key);
    }
    if (error) return error;
  }
  return std::nullopt;
}

BodyScanner::Error BodyScanner::ReadOtherOption(std::string_view param, std::string_view) {
  return Fault(ErrorCode::kUnsupportedParameter, param,
               absl::StrCat("`", AbslView(param),
                            "` has an option that this gateway does not "
                            "know; it takes order, only, ignore and allow_fallbacks."));
}

BodyScanner::Error BodyScanner::ReadProviderOptions() {
  if (SkipNull()) return std::nullopt;
  if (json_.Peek() != JsonKind::kObject) return WrongType("providerOptions", "an object");
  json_.EnterObject();
  std::string_view key;
  bool seen = false;
  while (json_.NextMember(key)) {
    if (takes_families() && !JsonEquals(key, "gateway")) {
      json_.Skip();
      continue;
    }
    if (!JsonEquals(key, "gateway") || seen) {
      return Fault(ErrorCode::kUnsupportedParameter, "providerOptions",
                   "`providerOptions` takes `gateway` only, once; send a provider's own options as "
                   "members of the body.");
    }
    seen = true;
    if (Error error = ReadOptions("providerOptions.gateway", true)) return error;
  }
  return std::nullopt;
}

}  // namespace tollgate::dataplane
