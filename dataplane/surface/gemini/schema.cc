#include "dataplane/surface/gemini/schema.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "base/string_views.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/gemini/names.h"

namespace tollgate::dataplane {
namespace {

// The name of a keyword whose value is a count, which this API writes as a string (proto3's int64);
// empty for another.
std::string_view CountName(std::string_view key) {
  for (const std::string_view name :
       {"maxItems", "minItems", "maxLength", "minLength", "maxProperties", "minProperties"}) {
    if (IsNamed(key, name)) return name;
  }
  return {};
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.size() < 19 &&
         text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text.size() == 1 || text.front() != '0');
}

class SchemaWriter {
 public:
  explicit SchemaWriter(std::string& out) : json_(out) {}

  void Write(JsonValue schema) {
    if (!schema.is_object()) {
      json_.Raw(schema.raw());
      return;
    }
    const bool nullable = FindNamed(schema, "nullable").boolean() == true;
    const bool typed = schema["type"].has_value();
    json_.BeginObject();
    for (const JsonMember m : schema.members()) WriteMember(m, schema, nullable, typed);
    json_.EndObject();
  }

 private:
  void WriteMember(const JsonMember& m, JsonValue schema, bool nullable, bool typed) {
    if (m.key == "type") {
      WriteType(m.value, nullable);
    } else if (IsNamed(m.key, "nullable") || IsNamed(m.key, "propertyOrdering")) {
      return;  // Said by the type, and by the order of the properties.
    } else if (IsNamed(m.key, "properties") && m.value.is_object()) {
      WriteProperties(m.value, FindNamed(schema, "propertyOrdering"));
    } else if (IsNamed(m.key, "items") || IsNamed(m.key, "additionalProperties")) {
      json_.Member(m.key == "items" ? "items" : "additionalProperties");
      Write(m.value);
    } else if (IsNamed(m.key, "anyOf") && m.value.is_array()) {
      WriteChoices(m.value, nullable && !typed);
    } else if (!CountName(m.key).empty() && IsDigits(m.value.string())) {
      json_.Member(CountName(m.key)).Raw(m.value.string());
    } else if (m.key == "enum" && m.value.is_array() && nullable) {
      WriteNullableEnum(m.value);
    } else {
      json_.ForeignMember(m.key).Raw(m.value.raw());
    }
  }

  void WriteType(JsonValue type, bool nullable) {
    if (!type.is_string()) {
      json_.Member("type").Raw(type.raw());
      return;
    }
    const std::string name = absl::AsciiStrToLower(AbslView(type.string()));
    if (name == "type_unspecified") return;
    json_.Member("type");
    if (!nullable || name == "null") {
      json_.String(name);
      return;
    }
    json_.BeginArray();
    json_.String(name);
    json_.String("null");
    json_.EndArray();
  }

  void WriteProperties(JsonValue properties, JsonValue ordering) {
    json_.Member("properties").BeginObject();
    for (const JsonValue name : ordering.elements()) {
      const JsonValue property = properties[name.string()];
      if (!name.is_string() || !property.exists() || ListedBefore(ordering, name)) continue;
      json_.ForeignMember(name.string());
      Write(property);
    }
    for (const JsonMember m : properties.members()) {
      if (Lists(ordering, m.key)) continue;
      json_.ForeignMember(m.key);
      Write(m.value);
    }
    json_.EndObject();
  }

  static bool Lists(JsonValue ordering, std::string_view name) {
    for (const JsonValue listed : ordering.elements()) {
      if (listed.is_string() && listed.string() == name) return true;
    }
    return false;
  }

  // Whether an earlier element of the list is the same name.
  static bool ListedBefore(JsonValue ordering, JsonValue name) {
    for (const JsonValue listed : ordering.elements()) {
      if (listed.raw().data() == name.raw().data()) return false;
      if (listed.is_string() && listed.string() == name.string()) return true;
    }
    return false;
  }

  void WriteChoices(JsonValue choices, bool nullable) {
    json_.Member("anyOf").BeginArray();
    for (const JsonValue choice : choices.elements()) Write(choice);
    if (nullable) {
      json_.BeginObject();
      json_.Member("type").String("null");
      json_.EndObject();
    }
    json_.EndArray();
  }

  void WriteNullableEnum(JsonValue values) {
    json_.Member("enum").BeginArray();
    for (const JsonValue value : values.elements()) json_.Raw(value.raw());
    json_.Null();
    json_.EndArray();
  }

  JsonWriter json_;
};

}  // namespace

std::string JsonSchemaOfGemini(JsonValue schema) {
  std::string out;
  SchemaWriter(out).Write(schema);
  return out;
}

}  // namespace tollgate::dataplane
