// Places within text that comes in pieces: formats count them in bytes of UTF-8 or in characters.
#ifndef TOLLGATE_DATAPLANE_IR_TEXT_PLACES_H_
#define TOLLGATE_DATAPLANE_IR_TEXT_PLACES_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace tollgate::dataplane::ir {

// How many characters (code points) the UTF-8 has.
std::int64_t CountCharacters(std::string_view text);

// Knows where the characters of a text begin, at a bit for each byte, and nothing for a text that
// is all ASCII; the text itself is not kept.  Not for several threads at once.
class TextPlaces {
 public:
  // More of the text; UTF-8, cut between characters only.
  void Append(std::string_view text);
  void Clear();

  std::int64_t bytes() const { return bytes_; }
  std::int64_t characters() const { return characters_; }

  // The index of the character that has this byte; -1 when no byte of the text is there, but
  // characters() at its end.
  std::int64_t CharacterAt(std::int64_t byte) const;
  // How many characters begin before this byte: where a range of bytes that ends here ends.  -1
  // outside of the text.
  std::int64_t CharactersBefore(std::int64_t byte) const;
  // Where this character begins; bytes() for characters(), -1 for what is not there.
  std::int64_t ByteOf(std::int64_t character) const;

 private:
  bool ascii() const { return bytes_ == characters_; }
  bool BeginsAt(std::int64_t byte) const;

  std::int64_t bytes_ = 0;
  std::int64_t characters_ = 0;
  std::vector<std::uint64_t> begins_;  // A bit for each byte; not kept up while ascii().
};

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_TEXT_PLACES_H_
