#include "catalog/import/json_tree.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

TEST(JsonTreeTest, KeepsTheTextOfNumbers) {
  ASSERT_OK_AND_ASSIGN(const JsonValue root,
                       ParseJson(R"({"a": 1e-07 , "b":[0.10], "c": 12345678901234567890.5})"));
  EXPECT_EQ(root.Find("a")->text, "1e-07");
  EXPECT_EQ(root.Find("b")->items[0].text, "0.10");
  EXPECT_EQ(root.Find("c")->text, "12345678901234567890.5");
}

TEST(JsonTreeTest, ReadsEveryKind) {
  ASSERT_OK_AND_ASSIGN(const JsonValue root,
                       ParseJson(R"({"s":"\u00e9\n","t":true,"f":false,"n":null,"o":{},"l":[]})"));
  EXPECT_EQ(root.Text("s"), "é\n");
  EXPECT_TRUE(root.IsTrue("t"));
  EXPECT_FALSE(root.IsTrue("f"));
  EXPECT_FALSE(root.IsTrue("missing"));
  EXPECT_EQ(root.Find("n")->kind, JsonValue::Kind::kNull);
  EXPECT_TRUE(root.Find("o")->is_object());
  EXPECT_EQ(root.Find("missing"), nullptr);
  EXPECT_EQ(root.Find("l")->Find("x"), nullptr);
}

TEST(JsonTreeTest, RefusesWhatIsNotOneDocument) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1}{}", "{\"a\":01}", "{\"a\":nul}", "[1] x",
                           "{\"a\":\"\xff\"}", "{\"a\":1,\"a\":2}", "{'a':1}", "{\"a\":-}"}) {
    EXPECT_THAT(ParseJson(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(JsonTreeTest, RefusesDeepNesting) {
  const std::string open(kJsonDepthMax + 2, '[');
  const std::string close(kJsonDepthMax + 2, ']');
  EXPECT_THAT(ParseJson(open + close), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate::catalog
