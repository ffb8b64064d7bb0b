#include "dataplane/json/document.h"

#include <string>
#include <vector>

#include "dataplane/json/writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

using testing::ElementsAre;

TEST(JsonDocumentTest, ValuesKnowTheirKindTextAndMeaning) {
  const std::string text =
      R"( {"s":"a\u00e9\n", "n":-1.50, "i":7, "t":true, "z":null, "a":[1, [2], {}], )"
      R"("o":{"k":"v"}} )";
  JsonDocument document;
  ASSERT_TRUE(document.Parse(text));
  const JsonValue root = document.root();
  EXPECT_EQ(root.size(), 7u);
  EXPECT_EQ(root["s"].string(), "a\xC3\xA9\n");
  EXPECT_EQ(root["s"].escaped(), R"(a\u00e9\n)");
  EXPECT_EQ(root["n"].number(), "-1.50");
  EXPECT_EQ(root["n"].integer(), std::nullopt);
  EXPECT_EQ(root["i"].integer(), 7);
  EXPECT_EQ(root["t"].boolean(), true);
  EXPECT_TRUE(root["z"].is_null());
  EXPECT_FALSE(root["z"].has_value());
  EXPECT_EQ(root["a"].raw(), "[1, [2], {}]");
  EXPECT_EQ(root["o"]["k"].string(), "v");
  std::vector<std::string> elements;
  for (const JsonValue element : root["a"].elements()) elements.emplace_back(element.raw());
  EXPECT_THAT(elements, ElementsAre("1", "[2]", "{}"));
}

TEST(JsonDocumentTest, WhatIsNotThereReadsAsNothing) {
  JsonDocument document;
  ASSERT_TRUE(document.Parse(R"({"a":1})"));
  const JsonValue absent = document.root()["b"]["c"];
  EXPECT_FALSE(absent.exists());
  EXPECT_EQ(absent.kind(), JsonKind::kBad);
  EXPECT_EQ(absent.string(), "");
  EXPECT_EQ(absent.raw(), "");
  EXPECT_EQ(absent.size(), 0u);
  EXPECT_EQ(absent.integer(), std::nullopt);
  for (const JsonMember m : absent.members()) FAIL() << m.key;
  for (const JsonValue element : document.root()["a"].elements()) FAIL() << element.raw();
}

TEST(JsonDocumentTest, TheLastOfTwoMembersCounts) {
  JsonDocument document;
  ASSERT_TRUE(document.Parse(R"({"a":1,"\u0061":2})"));
  EXPECT_EQ(document.root()["a"].integer(), 2);
}

TEST(JsonDocumentTest, IsStrict) {
  JsonDocument document;
  for (const char* text : {"", "{", "{\"a\":1,}", "[1 2]", "{} x", "\"\\x\"", "01", "'a'", "nul"}) {
    EXPECT_FALSE(document.Parse(text)) << text;
    EXPECT_FALSE(document.root().exists()) << text;
  }
  EXPECT_FALSE(document.Parse(std::string(65, '[') + std::string(65, ']')));
  EXPECT_TRUE(document.Parse(std::string(64, '[') + std::string(64, ']')));
}

TEST(JsonDocumentTest, HalfASurrogatePairIsMended) {
  JsonDocument document;
  ASSERT_TRUE(document.Parse(R"(["x\ud83d","\ude00y","\ud83d\u0041","\ud83d\ude00\n\ud83d"])"));
  std::vector<std::string> texts;
  for (const JsonValue text : document.root().elements()) texts.emplace_back(text.string());
  EXPECT_THAT(texts, ElementsAre("x\xEF\xBF\xBD", "\xEF\xBF\xBDy",
                                 "\xEF\xBF\xBD"
                                 "A",
                                 "\xF0\x9F\x98\x80\n\xEF\xBF\xBD"));
}

TEST(JsonDocumentTest, IsUsedAgain) {
  JsonDocument document;
  ASSERT_TRUE(document.Parse(R"(["a\n"])"));
  ASSERT_TRUE(document.Parse(R"({"b":"c"})"));
  EXPECT_EQ(document.root()["b"].string(), "c");
  EXPECT_EQ(document.root().size(), 1u);
}

TEST(JsonWriterTest, PutsCommasAndEscapes) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("a").String("x\"\n");
  json.Member("b").BeginArray().Integer(-5).Bool(true).Null().EndArray();
  json.ForeignMember("q\"").BeginObject().EndObject();
  json.Member("r").Raw("{\"k\":\r\n1}");
  json.EndObject();
  EXPECT_TRUE(json.complete());
  EXPECT_EQ(out, "{\"a\":\"x\\\"\\n\",\"b\":[-5,true,null],\"q\\\"\":{},\"r\":{\"k\":  1}}");
}

TEST(JsonWriterTest, GoesOnInATextThatHasSome) {
  std::string out = "data: ";
  JsonWriter json(out);
  json.BeginArray().BeginArray().EndArray().BeginArray().Integer(1).EndArray().EndArray();
  EXPECT_EQ(out, "data: [[],[1]]");
}

}  // namespace
}  // namespace tollgate::dataplane
