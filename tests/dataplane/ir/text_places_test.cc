#include "dataplane/ir/text_places.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

// One, two, three and four bytes a character.
constexpr std::string_view kMixed = "a\u00e9\u4e16\U0001F600z";

TEST(TextPlacesTest, AsciiCountsAsItIs) {
  TextPlaces places;
  places.Append("hello");
  places.Append(" world");
  EXPECT_EQ(places.bytes(), 11);
  EXPECT_EQ(places.characters(), 11);
  EXPECT_EQ(places.CharacterAt(7), 7);
  EXPECT_EQ(places.CharactersBefore(11), 11);
  EXPECT_EQ(places.ByteOf(11), 11);
  EXPECT_EQ(places.CharacterAt(12), -1);
  EXPECT_EQ(places.CharactersBefore(-1), -1);
  EXPECT_EQ(places.ByteOf(12), -1);
  EXPECT_EQ(places.ByteOf(-1), -1);
}

TEST(TextPlacesTest, CharactersOfManyBytes) {
  TextPlaces places;
  places.Append(kMixed);
  EXPECT_EQ(places.bytes(), 11);
  EXPECT_EQ(places.characters(), 5);
  const std::int64_t begins[] = {0, 1, 3, 6, 10, 11};
  for (int i = 0; i <= 5; ++i) {
    EXPECT_EQ(places.ByteOf(i), begins[i]) << i;
    EXPECT_EQ(places.CharacterAt(begins[i]), i) << i;
    EXPECT_EQ(places.CharactersBefore(begins[i]), i) << i;
  }
  EXPECT_EQ(CountCharacters(kMixed), 5);
}

TEST(TextPlacesTest, APlaceAmidACharacterTakesAllOfIt) {
  TextPlaces places;
  places.Append(kMixed);
  EXPECT_EQ(places.CharacterAt(8), 3);
  EXPECT_EQ(places.CharactersBefore(8), 4);
}

// The bits span words, and begin late: the text so far was ASCII.
TEST(TextPlacesTest, LongTextsInPiecesAreAsTheWhole) {
  std::string whole(100, 'x');
  for (int i = 0; i < 200; ++i) whole += kMixed;
  TextPlaces pieces;
  pieces.Append(std::string_view(whole).substr(0, 100));
  for (std::size_t at = 100; at < whole.size(); at += kMixed.size()) {
    pieces.Append(std::string_view(whole).substr(at, kMixed.size()));
  }
  EXPECT_EQ(pieces.characters(), 100 + 200 * 5);
  std::int64_t character = 0;
  for (std::size_t byte = 0; byte <= whole.size(); ++byte) {
    const bool begins =
        byte == whole.size() || (static_cast<unsigned char>(whole[byte]) & 0xC0U) != 0x80U;
    if (!begins) continue;
    EXPECT_EQ(pieces.CharacterAt(static_cast<std::int64_t>(byte)), character);
    EXPECT_EQ(pieces.ByteOf(character), static_cast<std::int64_t>(byte));
    ++character;
  }
}

TEST(TextPlacesTest, ClearForgets) {
  TextPlaces places;
  places.Append(kMixed);
  places.Clear();
  places.Append("ab");
  EXPECT_EQ(places.ByteOf(2), 2);
  EXPECT_EQ(places.characters(), 2);
}

}  // namespace
}  // namespace tollgate::dataplane::ir
