// The fields of a serialized protobuf message, read where they stand.
//
// For the two kinds of messages that come by the million and of which a parsed message would copy
// every text (usage records at billing, keys of a snapshot at a node); for all others protobuf
// serves.  Source: protobuf.dev/programming-guides/encoding.
#ifndef TOLLGATE_BASE_WIRE_READER_H_
#define TOLLGATE_BASE_WIRE_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tollgate {

// How a field's value is written.  Groups have none: they are refused.
enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct WireField {
  std::uint32_t number = 0;  // 1 or more.
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;  // Of numbers.
  std::string_view bytes;   // Of kBytes: into the message.
};

// Not thread-safe; the message must outlive it and the fields.
class WireReader {
 public:
  explicit WireReader(std::string_view message)
      : at_(message.data()), end_(message.data() + message.size()) {}

  // Takes the next field.  False at the end, and at what is no field: complete() tells them apart.
  // What `field` has of another type stays as it was.
  bool Next(WireField& field) {
    std::uint64_t tag = 0;
    if (failed_ || at_ == end_) return false;
    if (!Length(tag) || tag > UINT32_MAX) return Fail();
    field.number = static_cast<std::uint32_t>(tag >> kTypeBits);
    if (field.number == 0) return Fail();
    field.type = static_cast<WireType>(tag & ((1u << kTypeBits) - 1));
    switch (field.type) {
      case WireType::kVarint:
        return Varint(field.value);
      case WireType::kFixed64:
        return Fixed<std::uint64_t>(field.value);
      case WireType::kFixed32:
        return Fixed<std::uint32_t>(field.value);
      case WireType::kBytes: {
        std::uint64_t size = 0;
        if (!Length(size) || size > left()) return Fail();
        field.bytes = {at_, size};
        at_ += size;
        return true;
      }
    }
    return Fail();
  }

  // Whether all was read, and all of it fields.
  bool complete() const { return !failed_ && at_ == end_; }

  // Whether a tag or a size was longer than protobuf takes it.
  bool padded() const { return padded_; }

 private:
  static constexpr std::uint32_t kTypeBits = 3;

  bool Fail() {
    failed_ = true;
    return false;
  }

  template <typename T>
  bool Fixed(std::uint64_t& value) {
    T number = 0;
    if (left() < sizeof(number)) return Fail();
    std::memcpy(&number, at_, sizeof(number));  // Little endian, as we are.
    at_ += sizeof(number);
    value = number;
    return true;
  }

  // A tag or a size: those have 32 bits.
  bool Length(std::uint64_t& value) {
    constexpr std::ptrdiff_t kBytesMax = 5;
    const char* const begin = at_;
    if (!Varint(value)) return false;
    if (at_ - begin > kBytesMax) padded_ = true;
    return true;
  }

  bool Varint(std::uint64_t& value) {
    // Most have one byte.
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    return LongVarint(value);
  }

  bool LongVarint(std::uint64_t& value) {
    constexpr std::size_t kVarintBytesMax = 10;
    const std::size_t most = left() < kVarintBytesMax ? left() : kVarintBytesMax;
    value = 0;
    for (std::size_t i = 0; i < most; ++i) {
      const auto byte = static_cast<unsigned char>(at_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        at_ += i + 1;
        return true;
      }
    }
    return Fail();
  }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  const char* at_;
  const char* end_;
  bool failed_ = false;
  bool padded_ = false;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_WIRE_READER_H_
