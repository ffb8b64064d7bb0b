#include "dataplane/ir/text_places.h"

#include <bit>
#include <cstddef>

namespace tollgate::dataplane::ir {
namespace {

constexpr std::int64_t kWordBits = 64;

bool Begins(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

}  // namespace

std::int64_t CountCharacters(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += Begins(c) ? 1 : 0;
  return count;
}

void TextPlaces::Append(std::string_view text) {
  const std::int64_t count = CountCharacters(text);
  const auto size = static_cast<std::int64_t>(text.size());
  if (ascii() && count == size) {
    bytes_ += size;
    characters_ += size;
    return;
  }
  const auto words = static_cast<std::size_t>((bytes_ + size + kWordBits - 1) / kWordBits);
  if (ascii()) {  // What came so far begins a character at every byte.
    begins_.assign(words, 0);
    for (std::int64_t at = 0; at < bytes_; ++at) {
      begins_[static_cast<std::size_t>(at / kWordBits)] |= std::uint64_t{1} << (at % kWordBits);
    }
  }
  begins_.resize(words, 0);
  for (const char c : text) {
    if (Begins(c)) {
      begins_[static_cast<std::size_t>(bytes_ / kWordBits)] |= std::uint64_t{1}
                                                               << (bytes_ % kWordBits);
    }
    ++bytes_;
  }
  characters_ += count;
}

void TextPlaces::Clear() {
  bytes_ = characters_ = 0;
  begins_.clear();
}

bool TextPlaces::BeginsAt(std::int64_t byte) const {
  if (ascii() || byte >= bytes_) return true;
  return ((begins_[static_cast<std::size_t>(byte / kWordBits)] >> (byte % kWordBits)) & 1U) != 0;
}

std::int64_t TextPlaces::CharactersBefore(std::int64_t byte) const {
  if (byte < 0 || byte > bytes_) return -1;
  if (ascii()) return byte;
  std::int64_t count = 0;
  const std::int64_t whole = byte / kWordBits;
  for (std::int64_t word = 0; word < whole; ++word) {
    count += std::popcount(begins_[static_cast<std::size_t>(word)]);
  }
  if (const std::int64_t rest = byte % kWordBits; rest > 0) {
    const std::uint64_t mask = (std::uint64_t{1} << rest) - 1;
    count += std::popcount(begins_[static_cast<std::size_t>(whole)] & mask);
  }
  return count;
}

std::int64_t TextPlaces::CharacterAt(std::int64_t byte) const {
  const std::int64_t before = CharactersBefore(byte);
  return before <= 0 || BeginsAt(byte) ? before : before - 1;
}

std::int64_t TextPlaces::ByteOf(std::int64_t character) const {
  if (character < 0 || character > characters_) return -1;
  if (ascii()) return character;
  if (character == characters_) return bytes_;
  std::int64_t left = character;
  for (std::size_t word = 0; word < begins_.size(); ++word) {
    std::uint64_t bits = begins_[word];
    if (const int count = std::popcount(bits); left >= count) {
      left -= count;
      continue;
    }
    for (; left > 0; --left) bits &= bits - 1;  // Without its lowest.
    return static_cast<std::int64_t>(word) * kWordBits + std::countr_zero(bits);
  }
  return bytes_;
}

}  // namespace tollgate::dataplane::ir
