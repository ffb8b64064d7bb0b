#include "tests/support/fake_provider/wire/fields.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/string_views.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

bool Fits(const json::value& value, char type) {
  switch (type) {
    case 's':
      return value.is_string();
    case 'i':
      return value.is_int64() || value.is_uint64();
    case 'f':
      return value.is_number();
    case 'b':
      return value.is_bool();
    case 'o':
      return value.is_object();
    case 'a':
      return value.is_array();
    case 'n':
      return value.is_null();
    default:
      return type == '*';
  }
}

std::string Join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", AbslView(key));
}

const json::value* Find(const json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

}  // namespace

absl::Status CheckFields(const json::object& object, const std::string& path,
                         std::string_view fields) {
  std::size_t known = 0;
  for (const absl::string_view field : absl::StrSplit(AbslView(fields), ' ')) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(field, ':');
    const auto [name, types] = pair;
    const json::value* value = Find(object, StdView(name));
    if (value == nullptr) {
      if (types.back() != '!') continue;
      return absl::InvalidArgumentError(
          absl::StrCat("Missing required field: '", Join(path, StdView(name)), "'"));
    }
    ++known;
    if (std::none_of(types.begin(), types.end(), [&](char type) { return Fits(*value, type); })) {
      return absl::InvalidArgumentError(
          absl::StrCat("Invalid type for '", Join(path, StdView(name)), "'"));
    }
  }
  if (known == object.size()) return absl::OkStatus();
  for (const auto& member : object) {
    const std::string wanted = absl::StrCat(" ", std::string(member.key()), ":");
    if (absl::StrCat(" ", AbslView(fields)).find(wanted) == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Unknown field: '", Join(path, {member.key().data(), member.key().size()}), "'"));
    }
  }
  return absl::OkStatus();
}

std::string StringField(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

bool BoolField(const json::object& object, std::string_view key, bool fallback) {
  const json::value* value = Find(object, key);
  return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

std::optional<std::int64_t> IntField(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

const json::object* ObjectField(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* ArrayField(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  return value == nullptr ? nullptr : value->if_array();
}

absl::StatusOr<std::vector<const json::object*>> Objects(const json::object& object,
                                                         std::string_view key,
                                                         const std::string& path) {
  std::vector<const json::object*> found;
  const json::array* items = ArrayField(object, key);
  if (items == nullptr) return found;
  for (const json::value& item : *items) {
    if (!item.is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Invalid type for '", Join(path, key), "[", found.size(), "]'"));
    }
    found.push_back(&item.get_object());
  }
  return found;
}

std::string Serialize(const json::value& value) { return json::serialize(value); }

absl::StatusOr<Attachment> DecodeAttachment(std::string kind, std::string media_type,
                                            std::string_view base64, const std::string& path) {
  std::string standard(base64);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % 4 != 0) standard += '=';
  absl::StatusOr<std::string> bytes = Base64Decode(standard);
  if (!bytes.ok() || bytes->empty()) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not base64"));
  }
  return Attachment{.kind = std::move(kind),
                    .media_type = std::move(media_type),
                    .bytes = *std::move(bytes),
                    .url = ""};
}

absl::StatusOr<Attachment> AttachmentOfUrl(std::string kind, const std::string& url,
                                           const std::string& path) {
  constexpr std::string_view kData = "data:";
  constexpr std::string_view kBase64 = ";base64,";
  if (url.substr(0, kData.size()) != kData) {
    if (url.substr(0, 7) != "http://" && url.substr(0, 8) != "https://") {
      return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not a URL"));
    }
    return Attachment{.kind = std::move(kind), .media_type = "", .bytes = "", .url = url};
  }
  const std::size_t mark = url.find(kBase64);
  if (mark == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not a base64 data URL"));
  }
  return DecodeAttachment(std::move(kind), url.substr(kData.size(), mark - kData.size()),
                          std::string_view(url).substr(mark + kBase64.size()), path);
}

}  // namespace tollgate::wire
