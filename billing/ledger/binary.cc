#include "billing/ledger/binary.h"

namespace tollgate::billing {

void BinaryWriter::U32(std::uint32_t value) {
  char bytes[4];
  for (int i = 3; i >= 0; --i, value >>= 8) bytes[i] = static_cast<char>(value);
  out_.append(bytes, sizeof(bytes));
}

void BinaryWriter::U64(std::uint64_t value) {
  char bytes[8];
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<char>(value);
  out_.append(bytes, sizeof(bytes));
}

void BinaryWriter::String(std::string_view value) {
  U32(static_cast<std::uint32_t>(value.size()));
  Bytes(value);
}

std::uint8_t BinaryReader::U8() {
  const std::string_view byte = Bytes(1);
  return byte.empty() ? 0 : static_cast<std::uint8_t>(byte[0]);
}

std::uint32_t BinaryReader::U32() {
  std::uint32_t value = 0;
  for (const char c : Bytes(4)) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::uint64_t BinaryReader::U64() {
  std::uint64_t value = 0;
  for (const char c : Bytes(8)) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

std::string_view BinaryReader::Bytes(std::size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

}  // namespace tollgate::billing
