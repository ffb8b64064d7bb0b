// A JSON document as a tree that keeps the text of its numbers, so that prices stay exact.
#ifndef TOLLGATE_CATALOG_IMPORT_JSON_TREE_H_
#define TOLLGATE_CATALOG_IMPORT_JSON_TREE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate::catalog {

// Limits of a document: the largest known source has 3 MB and a depth of 7.
inline constexpr std::size_t kJsonBytesMax = 64 * 1024 * 1024;
inline constexpr int kJsonDepthMax = 32;

struct JsonMember;

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text;  // Of a string; of a number, as written.
  bool boolean = false;
  std::vector<JsonValue> items;     // Of an array.
  std::vector<JsonMember> members;  // Of an object, in order.

  // The member of that name, or nullptr (also when this is no object).
  const JsonValue* Find(std::string_view name) const;

  // The string member of that name; empty when there is none.
  std::string_view Text(std::string_view name) const;

  // Whether the member of that name is `true`.
  bool IsTrue(std::string_view name) const;

  bool is_object() const { return kind == Kind::kObject; }
  bool is_number() const { return kind == Kind::kNumber; }
  bool is_string() const { return kind == Kind::kString; }
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// InvalidArgument for what is not one JSON document in UTF-8 within the limits, or for an object
// with a repeated name, since which of two prices is meant cannot be known.
absl::StatusOr<JsonValue> ParseJson(std::string_view text);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_JSON_TREE_H_
