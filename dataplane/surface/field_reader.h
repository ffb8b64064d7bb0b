// Reads typed fields of a body's tree, and remembers the first that has another type.
//
//   FieldReader fields("messages[2]");
//   for (const JsonMember m : value.members()) {
//     if (m.key == "name") fields.Text(m, message.name);
//     …
//   }
//   if (fields.failed()) return fields.error();
#ifndef TOLLGATE_DATAPLANE_SURFACE_FIELD_READER_H_
#define TOLLGATE_DATAPLANE_SURFACE_FIELD_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/json/document.h"
#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// A null counts as a member that is not there.  Not thread-safe.
class FieldReader {
 public:
  // `where` stands in front of names in errors; empty for the body itself.
  explicit FieldReader(std::string where = {}) : where_(std::move(where)) {}

  void Text(const JsonMember& member, std::string_view& out);
  // A number, as it is written, within [least, most].
  void Number(const JsonMember& member, double least, double most, std::string_view& out);
  void Integer(const JsonMember& member, std::int64_t least, std::int64_t most,
               std::optional<std::int64_t>& out);
  void Flag(const JsonMember& member, std::optional<bool>& out);
  void Flag(const JsonMember& member, bool& out);
  // The text of an object.
  void Object(const JsonMember& member, std::string_view& out);
  // A list of strings of at most `size_max`.
  void Texts(const JsonMember& member, std::size_t size_max, std::vector<std::string_view>& out);

  // Remembers that `name` must be `wanted`.
  void Wrong(std::string_view name, std::string_view wanted);
  // Remembers an error, if none came before.
  void Fail(GatewayError error);

  bool failed() const { return error_.has_value(); }
  const std::optional<GatewayError>& error() const { return error_; }
  const std::string& where() const { return where_; }
  // The path of a field.
  std::string PathOf(std::string_view name) const;

 private:
  std::string where_;
  std::optional<GatewayError> error_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_FIELD_READER_H_
