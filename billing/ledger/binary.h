// The byte encoding of what billing hashes and stores: big-endian integers, length-prefixed
// strings. Big-endian, so that the order of encoded keys is the order of the numbers.
#ifndef TOLLGATE_BILLING_LEDGER_BINARY_H_
#define TOLLGATE_BILLING_LEDGER_BINARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tollgate::billing {

// Appends to a string.
class BinaryWriter {
 public:
  BinaryWriter() = default;
  // Goes on after `prefix`.
  explicit BinaryWriter(std::string prefix) : out_(std::move(prefix)) {}

  void U8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U32(std::uint32_t value);
  void U64(std::uint64_t value);
  void I64(std::int64_t value) { U64(static_cast<std::uint64_t>(value)); }
  void Bytes(std::string_view value) { out_.append(value); }  // Without length.
  void String(std::string_view value);                        // U32 length, then the bytes.

  // So much more is to come.
  void Reserve(std::size_t bytes) { out_.reserve(out_.size() + bytes); }

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

// Reads what BinaryWriter wrote.  After the first read beyond the end every read gives zero or an
// empty string and ok() is false: read everything, then look once.
class BinaryReader {
 public:
  explicit BinaryReader(std::string_view data) : rest_(data) {}

  std::uint8_t U8();
  std::uint32_t U32();
  std::uint64_t U64();
  std::int64_t I64() { return static_cast<std::int64_t>(U64()); }
  std::string_view Bytes(std::size_t size);
  std::string_view String() { return Bytes(U32()); }

  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  // Whether everything was read, and nothing beyond.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_BINARY_H_
