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
  explicit WireReader(std::string_view message) : rest_(message) {}

  // Takes the next field.  False at the end, and at what is no field: complete() tells them apart.
  // What `field` has of another type stays as it was.
  bool Next(WireField& field) {
    std::uint64_t tag = 0;
    if (failed_ || rest_.empty()) return false;
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
        if (!Length(size) || size > rest_.size()) return Fail();
        field.bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
      }
    }
    return Fail();
  }

  // Whether all was read, and all of it fields.
  bool complete() const { return !failed_ && rest_.empty(); }

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
    if (rest_.size() < sizeof(number)) return Fail();
    std::memcpy(&number, rest_.data(), sizeof(number));  // Little endian, as we are.
    rest_.remove_prefix(sizeof(number));
    value = number;
    return true;
  }

  // A tag or a size: those have 32 bits.
  bool Length(std::uint64_t& value) {
    constexpr std::size_t kBytesMax = 5;
    const std::size_t before = rest_.size();
    if (!Varint(value)) return false;
    if (before - rest_.size() > kBytesMax) padded_ = true;
    return true;
  }

  bool Varint(std::uint64_t& value) {
    constexpr std::size_t kVarintBytesMax = 10;
    value = 0;
    for (std::size_t i = 0; i < rest_.size() && i < kVarintBytesMax; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    return Fail();
  }

  std::string_view rest_;
  bool failed_ = false;
  bool padded_ = false;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_WIRE_READER_H_
