#include "dataplane/surface/field_reader.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {

std::string FieldReader::PathOf(std::string_view name) const {
  if (where_.empty()) return std::string(name);
  return absl::StrCat(where_, ".", AbslView(name));
}

void FieldReader::Fail(GatewayError error) {
  if (!error_.has_value()) error_ = std::move(error);
}

void FieldReader::Wrong(std::string_view name, std::string_view wanted) {
  Fail(WrongType(PathOf(name), wanted));
}

void FieldReader::Text(const JsonMember& member, std::string_view& out) {
  if (member.value.is_null()) return;
  if (!member.value.is_string()) return Wrong(member.key, "a string");
  out = member.value.string();
}

void FieldReader::Number(const JsonMember& member, double least, double most,
                         std::string_view& out) {
  if (member.value.is_null()) return;
  const std::string_view text = member.value.number();
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || !(value >= least && value <= most)) {
    return Wrong(member.key, absl::StrCat("a number from ", least, " to ", most));
  }
  out = text;
}

void FieldReader::Integer(const JsonMember& member, std::int64_t least, std::int64_t most,
                          std::optional<std::int64_t>& out) {
  if (member.value.is_null()) return;
  const std::optional<std::int64_t> value = member.value.integer();
  if (!value.has_value() || *value < least || *value > most) {
    return Wrong(member.key, absl::StrCat("an integer from ", least, " to ", most));
  }
  out = value;
}

void FieldReader::Flag(const JsonMember& member, std::optional<bool>& out) {
  if (member.value.is_null()) return;
  out = member.value.boolean();
  if (!out.has_value()) Wrong(member.key, "true or false");
}

void FieldReader::Flag(const JsonMember& member, bool& out) {
  std::optional<bool> flag;
  Flag(member, flag);
  if (flag.has_value()) out = *flag;
}

void FieldReader::Object(const JsonMember& member, std::string_view& out) {
  if (member.value.is_null()) return;
  if (!member.value.is_object()) return Wrong(member.key, "an object");
  out = member.value.raw();
}

void FieldReader::Texts(const JsonMember& member, std::size_t size_max,
                        std::vector<std::string_view>& out) {
  if (member.value.is_null()) return;
  if (!member.value.is_array() || member.value.size() > size_max) {
    return Wrong(member.key, absl::StrCat("a list of at most ", size_max, " strings"));
  }
  for (const JsonValue element : member.value.elements()) {
    if (!element.is_string()) return Wrong(member.key, "a list of strings");
    out.push_back(element.string());
  }
}

}  // namespace tollgate::dataplane
