#include "catalog/import/json_tree.h"

#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
// Without the conversions that throw: every error is a code.
#define SIMDJSON_EXCEPTIONS 0
#include "simdjson.h"

namespace tollgate::catalog {
namespace {

namespace ondemand = simdjson::ondemand;

absl::Status Read(ondemand::value value, int depth, JsonValue& out);

absl::Status Bad(simdjson::error_code error) {
  return absl::InvalidArgumentError(
      absl::StrCat("the document is not valid JSON: ", simdjson::error_message(error)));
}

absl::Status ReadObject(ondemand::object object, int depth, JsonValue& out) {
  std::set<std::string> names;
  for (auto field : object) {
    std::string_view name;
    if (const auto error = field.unescaped_key().get(name)) return Bad(error);
    JsonMember& member = out.members.emplace_back();
    member.name = std::string(name);
    if (!names.insert(member.name).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the name '", member.name.substr(0, 100), "' comes twice in one JSON object"));
    }
    ondemand::value value;
    if (const auto error = field.value().get(value)) return Bad(error);
    const absl::Status read = Read(value, depth + 1, member.value);
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::Status ReadArray(ondemand::array array, int depth, JsonValue& out) {
  for (auto element : array) {
    ondemand::value value;
    if (const auto error = element.get(value)) return Bad(error);
    out.items.emplace_back();
    const absl::Status read = Read(value, depth + 1, out.items.back());
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::Status ReadNumber(ondemand::value value, JsonValue& out) {
  out.kind = JsonValue::Kind::kNumber;
  const std::string_view token = value.raw_json_token();
  out.text = std::string(token.substr(0, token.find_last_not_of(" \t\r\n") + 1));
  ondemand::number number;  // Checks the syntax; the value is not used.
  const auto error = value.get_number().get(number);
  return error ? Bad(error) : absl::OkStatus();
}

absl::Status Read(ondemand::value value, int depth, JsonValue& out) {
  if (depth > kJsonDepthMax) {
    return absl::InvalidArgumentError("the JSON document is nested too deeply");
  }
  ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return Bad(error);
  switch (type) {
    case ondemand::json_type::object: {
      out.kind = JsonValue::Kind::kObject;
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return Bad(error);
      return ReadObject(object, depth, out);
    }
    case ondemand::json_type::array: {
      out.kind = JsonValue::Kind::kArray;
      ondemand::array array;
      if (const auto error = value.get_array().get(array)) return Bad(error);
      return ReadArray(array, depth, out);
    }
    case ondemand::json_type::string: {
      out.kind = JsonValue::Kind::kString;
      std::string_view text;
      if (const auto error = value.get_string().get(text)) return Bad(error);
      out.text = std::string(text);
      return absl::OkStatus();
    }
    case ondemand::json_type::number:
      return ReadNumber(value, out);
    case ondemand::json_type::boolean: {
      out.kind = JsonValue::Kind::kBool;
      const auto error = value.get_bool().get(out.boolean);
      return error ? Bad(error) : absl::OkStatus();
    }
    case ondemand::json_type::null: {
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return Bad(error);
      return is_null ? absl::OkStatus() : Bad(simdjson::N_ATOM_ERROR);
    }
  }
  return Bad(simdjson::TAPE_ERROR);
}

}  // namespace

const JsonValue* JsonValue::Find(std::string_view name) const {
  for (const auto& [member, value] : members) {
    if (member == name) return &value;
  }
  return nullptr;
}

std::string_view JsonValue::Text(std::string_view name) const {
  const JsonValue* value = Find(name);
  return value != nullptr && value->is_string() ? std::string_view(value->text)
                                                : std::string_view();
}

bool JsonValue::IsTrue(std::string_view name) const {
  const JsonValue* value = Find(name);
  return value != nullptr && value->kind == Kind::kBool && value->boolean;
}

absl::StatusOr<JsonValue> ParseJson(std::string_view text) {
  if (text.size() > kJsonBytesMax) {
    return absl::InvalidArgumentError("the JSON document is larger than 64 MiB");
  }
  const simdjson::padded_string padded(text.data(), text.size());
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(padded).get(document)) return Bad(error);
  // The root is read through a value, so that every level goes the same way; a document that is one
  // scalar is refused, since no source of facts is.
  ondemand::value root;
  if (const auto error = document.get_value().get(root)) return Bad(error);
  JsonValue tree;
  const absl::Status read = Read(root, 0, tree);
  if (!read.ok()) return read;
  const char* rest = nullptr;  // Only an error (out of bounds) means that nothing is left.
  if (!document.current_location().get(rest)) return Bad(simdjson::TRAILING_CONTENT);
  return tree;
}

}  // namespace tollgate::catalog
