// A tree of plain values between protobuf and what a person reads: YAML, JSON or a table cell.
#ifndef TOLLGATE_TOLLGATE_CLI_VALUE_H_
#define TOLLGATE_TOLLGATE_CLI_VALUE_H_

#include <string>
#include <string_view>
#include <vector>

namespace tollgate::cli {

struct Value {
  enum class Kind { kNull, kText, kNumber, kBool, kList, kMap };
  struct Field;

  Kind kind = Kind::kNull;
  std::string text;  // Of a text, number or bool ("true"), as it is printed.
  std::vector<Value> items;
  std::vector<Field> fields;  // Of a map, in order.

  static Value Text(std::string_view text);
  static Value Number(std::string_view digits);
  static Value Bool(bool value);
  static Value List();
  static Value Map();

  // Appends a field to a map.  The name is an identifier.
  void Add(std::string name, Value value);

  // The field of a map; nullptr when there is none.
  const Value* Find(std::string_view name) const;
};

struct Value::Field {
  std::string name;
  Value value;
};

// YAML in block style; ends with a line end.  A text that could be read as anything else is quoted.
std::string ToYaml(const Value& value);

// JSON, indented by two; ends with a line end.
std::string ToJson(const Value& value);

// One line for a table cell or a sentence: texts bare, lists joined by commas, maps as JSON.
std::string ToCell(const Value& value);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_VALUE_H_
