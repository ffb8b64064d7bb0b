// One line of the access log, written field by field into memory that is used again and again.
#ifndef TOLLGATE_DATAPLANE_REQUEST_ACCESS_LINE_H_
#define TOLLGATE_DATAPLANE_REQUEST_ACCESS_LINE_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_text.h"

namespace tollgate::dataplane {

// A JSON object on one line:
//
//   line.Begin();
//   line.Text(",\"model\":", model);
//   log.Write(line.End());
//
// Names are given as they are written, with what separates them.  Not thread-safe.
class AccessLine {
 public:
  void Begin() { size_ = 0; }

  // A string; left out when it is empty.
  template <std::size_t N>
  void Text(const char (&name)[N], std::string_view value) {
    if (value.empty()) return;
    Reserve(N + value.size() + 2);
    Literal(name);
    if (PlainJsonLength(value) != value.size()) return Escaped(value);
    bytes_[size_++] = '"';
    std::memcpy(bytes_.get() + size_, value.data(), value.size());
    size_ += value.size();
    bytes_[size_++] = '"';
  }

  template <std::size_t N>
  void Number(const char (&name)[N], std::int64_t value) {
    Reserve(N + kIntegerCharsMax);
    Literal(name);
    char* const at = bytes_.get() + size_;
    size_ += static_cast<std::size_t>(std::to_chars(at, at + kIntegerCharsMax, value).ptr - at);
  }

  template <std::size_t N>
  void Flag(const char (&name)[N], bool value) {
    Reserve(N + 5);
    Literal(name);
    value ? Literal("true") : Literal("false");
  }

  // The whole line, without its end; valid until the next call.
  std::string_view End() {
    Reserve(1);
    bytes_[size_++] = '}';
    return {bytes_.get(), size_};
  }

 private:
  static constexpr std::size_t kIntegerCharsMax = 20;  // "-9223372036854775808"
  static constexpr std::size_t kFirstBytes = 1024;     // What a common line takes.

  void Reserve(std::size_t more) {
    if (size_ + more <= capacity_) return;
    std::size_t capacity = capacity_ == 0 ? kFirstBytes : 2 * capacity_;
    while (capacity < size_ + more) capacity *= 2;
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  template <std::size_t N>
  void Literal(const char (&text)[N]) {
    std::memcpy(bytes_.get() + size_, text, N - 1);
    size_ += N - 1;
  }

  void Escaped(std::string_view value) {
    std::string text;
    AppendJsonString(text, value);
    Reserve(text.size());
    std::memcpy(bytes_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_ACCESS_LINE_H_
