#include "dataplane/json/cursor.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

bool Valid(std::string_view text) {
  JsonCursor json(text);
  return json.Skip() && json.AtEnd();
}

TEST(JsonCursorTest, TakesJsonOnly) {
  for (const char* text :
       {"{}", "[]", " [ ] ", "null", "true", "false", "0", "-0", "1.5e+10", "1E5", "\"\"",
        R"({"a":[1,{"b":null}],"c":"\u00e9\n\"\\\/"})", "[[],[],{}]", "\"\x7f\xc3\xa9\""}) {
    EXPECT_TRUE(Valid(text)) << text;
  }
  for (const char* text :
       {"",           " ",        "{",       "[",         "}",           "]",         "{]",
        "[}",         "[1,]",     "[,1]",    "{,}",       R"({"a"})",    R"({"a":})", R"({"a":1,})",
        R"({"a" 1})", R"({a:1})", "[1 2]",   "01",        "1.",          ".5",        "+1",
        "-",          "1e",       "1e+",     "nul",       "truex",       "NaN",       "Infinity",
        "\"",         "\"\\\"",   R"("\x")", R"("\u12")", R"("\u12g4")", "\"\n\"",    "\"\t\"",
        "{}{}",       "1 2",      "// x\n1", "'a'",       "[1]]"}) {
    EXPECT_FALSE(Valid(text)) << text;
  }
  EXPECT_FALSE(Valid(std::string_view("\"\0\"", 3)));
}

TEST(JsonCursorTest, DepthIsBounded) {
  EXPECT_TRUE(Valid(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(Valid(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(Valid(std::string(100'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(Valid(objects));
}

TEST(JsonCursorTest, EveryPrefixOfJsonIsRefused) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u0041y",true,null,{"b":[]}],"c":{}})";
  ASSERT_TRUE(Valid(text));
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(Valid(text.substr(0, i))) << i;
}

TEST(JsonCursorTest, WalksMembersWithTheirPlaces) {
  const std::string text = R"({ "a" : 12 , "b\u0063":"x\ty","d":[true,-9223372036854775808]})";
  JsonCursor json(text);
  std::string_view key;
  std::string_view raw;
  std::int64_t number = 0;
  bool fits = false;
  bool flag = false;
  ASSERT_TRUE(json.EnterObject());
  ASSERT_TRUE(json.NextMember(key));
  EXPECT_EQ(key, "a");
  const std::size_t at = json.ValueOffset();
  ASSERT_TRUE(json.ReadInt64(number, fits));
  EXPECT_EQ(text.substr(at, json.offset() - at), "12");
  EXPECT_TRUE(fits);
  ASSERT_TRUE(json.NextMember(key));
  EXPECT_TRUE(JsonEquals(key, "bc"));
  EXPECT_FALSE(JsonEquals(key, "bd"));
  ASSERT_TRUE(json.ReadString(raw));
  std::string unescaped;
  ASSERT_TRUE(UnescapeJson(raw, unescaped));
  EXPECT_EQ(unescaped, "x\ty");
  ASSERT_TRUE(json.NextMember(key));
  ASSERT_TRUE(json.EnterArray());
  ASSERT_TRUE(json.NextElement());
  ASSERT_TRUE(json.ReadBool(flag));
  EXPECT_TRUE(flag);
  ASSERT_TRUE(json.NextElement());
  ASSERT_TRUE(json.ReadInt64(number, fits));
  EXPECT_TRUE(fits);
  EXPECT_FALSE(json.NextElement());
  EXPECT_FALSE(json.NextMember(key));
  EXPECT_TRUE(json.AtEnd());
}

TEST(JsonCursorTest, NumbersThatAreNoIntegers) {
  for (const char* text : {"1.0", "1e3", "9223372036854775808", "-9223372036854775809"}) {
    JsonCursor json(text);
    std::int64_t value = 0;
    bool fits = true;
    EXPECT_TRUE(json.ReadInt64(value, fits)) << text;
    EXPECT_FALSE(fits) << text;
  }
}

TEST(JsonCursorTest, Surrogates) {
  std::string out;
  EXPECT_TRUE(UnescapeJson(R"(\ud83d\ude00)", out));
  EXPECT_EQ(out, "\xf0\x9f\x98\x80");
  for (const char* raw :
       {R"(\ud83d)", R"(\ude00)", R"(\ud83dx)", R"(\ud83d\u0041)", R"(\ud83d\n)"}) {
    std::string ignored;
    EXPECT_FALSE(UnescapeJson(raw, ignored)) << raw;
  }
}

TEST(JsonCursorTest, LongStringsAcrossVectorWidths) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string text = "\"" + std::string(size, 'a') + "\"";
    EXPECT_TRUE(Valid(text)) << size;
    std::string bad = text;
    if (size > 0) {
      bad[size] = '\x01';
      EXPECT_FALSE(Valid(bad)) << size;
    }
  }
}

}  // namespace
}  // namespace tollgate::dataplane
