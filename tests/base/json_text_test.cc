#include "base/json_text.h"

#include "gtest/gtest.h"

namespace tollgate {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(JsonTextTest, EscapesWhatJsonDemands) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\"b\\c/"), "\"a\\\"b\\\\c/\"");
  EXPECT_EQ(Quoted("\n\r\t\x01\x7f"), "\"\\n\\r\\t\\u0001\\u007f\"");
  EXPECT_EQ(Quoted(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(JsonTextTest, KeepsUtf8AndMendsTheRest) {
  EXPECT_EQ(Quoted("\xC3\xA4 \xF0\x9F\x98\x80"), "\"\xC3\xA4 \xF0\x9F\x98\x80\"");
  EXPECT_EQ(Quoted("\xFF\xC3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonTextTest, IsOneLineToEveryReader) {
  EXPECT_EQ(Quoted("\xE2\x80\xA8\xE2\x80\xA9"), "\"\\u2028\\u2029\"");
}

// Wherever it stands, next to sixteen at a time or alone at the end.
TEST(JsonTextTest, FindsTheFirstByteThatIsNotPlain) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string plain(size, 'x');
    EXPECT_EQ(PlainJsonLength(plain), size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char special : {'"', '\\', '\n', '\0', '\x1f', '\x7f', '\x80', '\xff'}) {
        std::string text = plain;
        text[at] = special;
        ASSERT_EQ(PlainJsonLength(text), at);
        text.replace(at, size - at, size - at, special);
        ASSERT_EQ(PlainJsonLength(text), at) << "of several";
      }
    }
    EXPECT_EQ(PlainJsonLength(std::string(size, ' ') + "~"), size + 1);
  }
}

}  // namespace
}  // namespace tollgate
