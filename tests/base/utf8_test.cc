#include "base/utf8.h"

#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(Utf8Test, KnowsWellFormedSequences) {
  EXPECT_EQ(Utf8SequenceLength("a"), 1u);
  EXPECT_EQ(Utf8SequenceLength("\xC3\xA4x"), 2u);
  EXPECT_EQ(Utf8SequenceLength("\xE2\x82\xAC"), 3u);
  EXPECT_EQ(Utf8SequenceLength("\xF0\x9F\x98\x80"), 4u);
}

TEST(Utf8Test, RefusesOverlongSurrogatesTruncatedAndStray) {
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3",
        "\xE2\x82z", "\xF0\x9F\x98z"}) {
    EXPECT_EQ(Utf8SequenceLength(text), 0u);
  }
}

TEST(Utf8Test, RepairsAndCutsAtACharacter) {
  EXPECT_EQ(RepairUtf8("ok \xC3\xA4"), "ok \xC3\xA4");
  EXPECT_EQ(RepairUtf8("a\xFF"
                       "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(RepairUtf8("\xE2\x82\xAC\xE2\x82\xAC", 5), "\xE2\x82\xAC");
  EXPECT_EQ(RepairUtf8("\xFF", 2), "");
  EXPECT_EQ(RepairUtf8("abc", 2), "ab");
}

}  // namespace
}  // namespace tollgate
