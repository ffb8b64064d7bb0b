#include "tollgate/demo_provider/sample_json.h"

#include "base/json_text.h"

namespace tollgate {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr int kDepthMax = 8;

void AppendValue(const element& schema, std::string_view word, int depth, std::string& out);

void AppendObject(const object& schema, std::string_view word, int depth, std::string& out) {
  out += '{';
  object properties;
  if (schema["properties"].get(properties) == simdjson::SUCCESS) {
    const char* separator = "";
    for (const auto [name, property] : properties) {
      out += separator;
      separator = ",";
      AppendJsonString(out, name);
      out += ':';
      AppendValue(property, word, depth + 1, out);
    }
  }
  out += '}';
}

// The first of a list such as enum or anyOf; false when there is none.
bool FirstOf(const object& schema, std::string_view key, element& first) {
  array choices;
  if (schema[key].get(choices) != simdjson::SUCCESS) return false;
  return choices.at(0).get(first) == simdjson::SUCCESS;
}

// The schema's type; of a list of types the first; "object" when only properties are given.
std::string_view TypeOf(const object& schema) {
  std::string_view type;
  if (schema["type"].get(type) == simdjson::SUCCESS) return type;
  element first;
  if (FirstOf(schema, "type", first) && first.get(type) == simdjson::SUCCESS) return type;
  return schema["properties"].error() == simdjson::SUCCESS ? "object" : "string";
}

void AppendArray(const object& schema, std::string_view word, int depth, std::string& out) {
  element items;
  out += '[';
  if (schema["items"].get(items) == simdjson::SUCCESS) AppendValue(items, word, depth + 1, out);
  out += ']';
}

void AppendValue(const element& schema, std::string_view word, int depth, std::string& out) {
  object fields;
  if (depth > kDepthMax || schema.get(fields) != simdjson::SUCCESS) {
    out += "null";
    return;
  }
  element choice;
  if (fields["const"].get(choice) == simdjson::SUCCESS || FirstOf(fields, "enum", choice)) {
    out += simdjson::minify(choice);
    return;
  }
  if (FirstOf(fields, "anyOf", choice) || FirstOf(fields, "oneOf", choice)) {
    AppendValue(choice, word, depth + 1, out);
    return;
  }
  const std::string_view type = TypeOf(fields);
  if (type == "object") {
    AppendObject(fields, word, depth, out);
  } else if (type == "array") {
    AppendArray(fields, word, depth, out);
  } else if (type == "integer" || type == "number") {
    out += '1';
  } else if (type == "boolean") {
    out += "true";
  } else if (type == "null") {
    out += "null";
  } else {
    AppendJsonString(out, word);
  }
}

}  // namespace

void AppendSampleJson(const element& schema, std::string_view word, std::string& out) {
  AppendValue(schema, word, 0, out);
}

}  // namespace tollgate
