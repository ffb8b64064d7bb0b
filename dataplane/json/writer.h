// Writes JSON by appending to a string: commas and nesting are its business.
//
//   JsonWriter json(out);
//   json.BeginObject();
//   json.Member("model").String(model);
//   json.Member("messages").BeginArray();
//   …
//   json.EndArray();
//   json.EndObject();
#ifndef TOLLGATE_DATAPLANE_JSON_WRITER_H_
#define TOLLGATE_DATAPLANE_JSON_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json_text.h"

namespace tollgate::dataplane {

// What is written is valid JSON on one line when the calls are balanced, each member has one value
// and what is given to Raw() is valid.  Not thread-safe.
class JsonWriter {
 public:
  // Containers that may be open at once.
  static constexpr int kDepthMax = 64;

  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& BeginObject() {
    Value();
    return Open('{');
  }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() {
    Value();
    return Open('[');
  }
  JsonWriter& EndArray() { return Close(']'); }

  // The name of the next value; `name` is ours, printable ASCII without quotes and backslashes.
  JsonWriter& Member(std::string_view name) {
    Separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    named_ = true;
    return *this;
  }
  // The same with a name that somebody else chose.
  JsonWriter& ForeignMember(std::string_view name) {
    Separate();
    AppendJsonString(out_, name);
    out_ += ':';
    named_ = true;
    return *this;
  }

  JsonWriter& String(std::string_view text) {
    Value();
    AppendJsonString(out_, text);
    return *this;
  }
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  // A whole value as it is.  Line ends in it stand between tokens: they become blanks, so that the
  // text can stand in an event.
  JsonWriter& Raw(std::string_view json);

  // Whether every container was closed.
  bool complete() const { return depth_ == 0; }

 private:
  // Before a name or an element.
  void Separate() {
    DCHECK(depth_ > 0 && !named_);
    const std::uint64_t bit = std::uint64_t{1} << (depth_ - 1);
    if (filled_ & bit) out_ += ',';
    filled_ |= bit;
  }
  // Before a value, which a name may stand in front of.
  void Value() {
    if (named_) {
      named_ = false;
    } else if (depth_ > 0) {
      Separate();
    }
  }
  JsonWriter& Open(char brace) {
    CHECK(depth_ < kDepthMax);
    filled_ &= ~(std::uint64_t{1} << depth_);
    ++depth_;
    out_ += brace;
    return *this;
  }
  JsonWriter& Close(char brace) {
    DCHECK(depth_ > 0 && !named_);
    --depth_;
    out_ += brace;
    return *this;
  }

  std::string& out_;
  std::uint64_t filled_ = 0;  // Bit d: the container at depth d + 1 has a member.
  int depth_ = 0;
  bool named_ = false;  // A name was written, and no value yet.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_JSON_WRITER_H_
