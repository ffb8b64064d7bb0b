// A protobuf message written field by field into memory that is used again and again: no message
// object, no allocation, each byte written once.
//
//   wire.Clear();
//   wire.Text(1, id);
//   const std::size_t hold = wire.BeginMessage(20);
//   wire.Number(2, amount);
//   wire.EndMessage(hold);
//   Send(wire.view());
//
// Fields with their default value are left out, as proto3 does, but for optional ones.  Not
// thread-safe.
#ifndef TOLLGATE_DATAPLANE_REQUEST_WIRE_BUFFER_H_
#define TOLLGATE_DATAPLANE_REQUEST_WIRE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace tollgate::dataplane {

class WireBuffer {
 public:
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  void Clear() { size_ = 0; }
  // Drops all but the first `size` bytes: what is written next replaces them.
  void Truncate(std::size_t size) { size_ = size; }

  // A string or bytes field.
  void Text(std::uint32_t field, std::string_view text) {
    if (text.empty()) return;
    Reserve(2 * kVarintBytesMax + text.size());
    char* at = Varint(field << 3 | kLengthDelimited, end());
    at = Varint(text.size(), at);
    std::memcpy(at, text.data(), text.size());
    EndAt(at + text.size());
  }

  // A field of any integer, enumeration or bool type but sint and fixed.
  void Number(std::uint32_t field, std::int64_t value) {
    if (value != 0) Present(field, value);
  }

  // A field of type sint64.
  void Signed(std::uint32_t field, std::int64_t value) {
    Number(field, static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << 1 ^
                                            static_cast<std::uint64_t>(value >> 63)));
  }

  // An optional field of an integer type: written whatever its value.
  void Present(std::uint32_t field, std::int64_t value) {
    Reserve(2 * kVarintBytesMax);
    EndAt(Varint(static_cast<std::uint64_t>(value), Varint(field << 3, end())));
  }

  // Begins a message field, present though it may be empty; what is written until EndMessage() is
  // its content.  Returns what EndMessage() takes.  Its content is at most 16,383 bytes.
  std::size_t BeginMessage(std::uint32_t field) {
    Reserve(2 * kVarintBytesMax);
    EndAt(Varint(field << 3 | kLengthDelimited, end()));
    return ++size_;  // Room for a length of one byte, which is enough as a rule.
  }
  void EndMessage(std::size_t begin) {
    const std::size_t length = size_ - begin;
    if (length < 0x80) {
      bytes_[begin - 1] = static_cast<char>(length);
      return;
    }
    Reserve(1);
    std::memmove(bytes_.get() + begin + 1, bytes_.get() + begin, length);
    bytes_[begin - 1] = static_cast<char>(length | 0x80);
    bytes_[begin] = static_cast<char>(length >> 7);
    ++size_;
  }

 private:
  static constexpr std::uint32_t kLengthDelimited = 2;
  static constexpr std::size_t kVarintBytesMax = 10;
  static constexpr std::size_t kFirstBytes = 1024;  // What a common record takes.

  void Reserve(std::size_t more) {
    if (size_ + more <= capacity_) return;
    std::size_t capacity = capacity_ == 0 ? kFirstBytes : 2 * capacity_;
    while (capacity < size_ + more) capacity *= 2;
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  char* end() { return bytes_.get() + size_; }
  void EndAt(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  // Writes `value` to `at`, which has room for it, and returns what is behind.
  static char* Varint(std::uint64_t value, char* at) {
    while (value >= 0x80) {
      *at++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at++ = static_cast<char>(value);
    return at;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_WIRE_BUFFER_H_
