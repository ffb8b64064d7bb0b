#include "dataplane/http/head_text.h"

#include <cstddef>
#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// Each byte at each place, next to sixteen at a time or alone at the end.
TEST(HeadTextTest, AFieldValueHasNoControlButTheTab) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        ASSERT_EQ(IsFieldValue(text), allowed) << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(HeadTextTest, AFieldEndsAtTheFirstLineEndAndNoOtherControlIsInIt) {
  HeadFields fields;
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string value(size, 'v');
    const std::string block = "a: " + value + " \r\nbee:\t" + value + "\r\n";
    ASSERT_TRUE(fields.Parse(block));
    ASSERT_EQ(fields.size(), 2u);
    EXPECT_EQ(fields.begin()[0].name, "a");
    EXPECT_EQ(fields.begin()[0].value, value);
    EXPECT_EQ(fields.begin()[1].name, "bee");
    EXPECT_EQ(fields.begin()[1].value, value);
    for (const char* end : {"\r", "\n", "\n\r", "\r\r\n", "\x01\r\n", "\x7f\r\n", ""}) {
      EXPECT_FALSE(fields.Parse("a:" + value + end)) << size;
    }
    EXPECT_FALSE(fields.Parse("a:" + value + std::string(1, '\0') + "\r\n")) << size;
  }
}

TEST(HeadTextTest, OnlyLettersMayDifferInCase) {
  const std::string lower = "x-tollgate-quota-entity-[@`{ 0\x7f";
  for (std::size_t begin = 0; begin < lower.size(); ++begin) {
    for (std::size_t size = 0; begin + size <= lower.size(); ++size) {
      const std::string name = lower.substr(begin, size);
      ASSERT_TRUE(EqualsIgnoringCase(name, name));
      for (std::size_t at = 0; at < size; ++at) {
        for (int byte = 0; byte < 256; ++byte) {
          std::string text = name;
          text[at] = static_cast<char>(byte);
          const char was = name[at];
          const bool upper = was >= 'a' && was <= 'z' && byte == was - ('a' - 'A');
          ASSERT_EQ(EqualsIgnoringCase(text, name), text == name || upper) << text;
        }
      }
    }
  }
  EXPECT_FALSE(EqualsIgnoringCase("content-lengt", "content-length"));
  EXPECT_TRUE(EqualsIgnoringCase("CONTENT-LENGTH", "content-length"));
}

}  // namespace
}  // namespace tollgate::dataplane
