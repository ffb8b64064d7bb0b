#include "dataplane/json/writer.h"

#include <array>
#include <charconv>

namespace tollgate::dataplane {

JsonWriter& JsonWriter::Integer(std::int64_t value) {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return Raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Value();
  const std::size_t at = out_.size();
  out_ += json;
  if (json.find_first_of("\r\n") != std::string_view::npos) {
    // A string has no line end of its own: these are blanks between tokens.
    for (std::size_t i = at; i < out_.size(); ++i) {
      if (out_[i] == '\n' || out_[i] == '\r') out_[i] = ' ';
    }
  }
  return *this;
}

}  // namespace tollgate::dataplane
