#include "tollgate/cli/value.h"

#include "base/config_file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::cli {
namespace {

Value Sample() {
  Value list = Value::List();
  list.items = {Value::Text("a"), Value::Text("b c")};
  Value inner = Value::Map();
  inner.Add("n", Value::Number("7"));
  Value map = Value::Map();
  map.Add("name", Value::Text("demo"));
  map.Add("on", Value::Bool(true));
  map.Add("none", Value());
  map.Add("list", list);
  map.Add("empty", Value::List());
  map.Add("inner", inner);
  return map;
}

TEST(ToYaml, WritesBlocks) {
  EXPECT_EQ(ToYaml(Sample()),
            "name: demo\n"
            "on: true\n"
            "none: null\n"
            "list:\n"
            "  - a\n"
            "  - \"b c\"\n"
            "empty: []\n"
            "inner:\n"
            "  n: 7\n");
  EXPECT_EQ(ToYaml(Value::Map()), "{}\n");
}

TEST(ToJson, Indents) {
  EXPECT_EQ(ToJson(Sample()),
            "{\n"
            "  \"name\": \"demo\",\n"
            "  \"on\": true,\n"
            "  \"none\": null,\n"
            "  \"list\": [\n"
            "    \"a\",\n"
            "    \"b c\"\n"
            "  ],\n"
            "  \"empty\": [],\n"
            "  \"inner\": {\n"
            "    \"n\": 7\n"
            "  }\n"
            "}\n");
}

TEST(ToCell, IsOneLine) {
  EXPECT_EQ(ToCell(Value::Text("x")), "x");
  EXPECT_EQ(ToCell(Value()), "");
  EXPECT_EQ(ToCell(*Sample().Find("list")), "a,b c");
  EXPECT_EQ(ToCell(*Sample().Find("inner")), "{\"n\":7}");
}

// Whatever a text is, YAML reads it as that text.
TEST(ToYaml, QuotesWhatYamlWouldReadOtherwise) {
  for (const std::string text :
       {"",       "true",   "No",   "null", "~",   "1",          "1.5",        "0x10",
        "-",      "- a",    "a: b", "a:",   "#x",  "a #b",       " a",         "a ",
        "*",      "&x",     "!y",   "@z",   "'q'", "\"q\"",      "line\nline", "tab\t",
        "\x01",   "ümläut", "{a}",  "[a]",  "a,b", "2026-01-31", "gpt-4o",     "openai/gpt-4o:free",
        "demo-*", "y",      "%"}) {
    Value map = Value::Map();
    map.Add("key", Value::Text(text));
    ASSERT_OK_AND_ASSIGN(const ConfigNode node, ConfigNode::Parse(ToYaml(map), "test"));
    EXPECT_EQ(node.Get<std::string>("key", "(none)"), text) << ToYaml(map);
    EXPECT_OK(node.Finish());
  }
}

}  // namespace
}  // namespace tollgate::cli
