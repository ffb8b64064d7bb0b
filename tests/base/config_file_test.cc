#include "base/config_file.h"

#include "base/config_tree.h"
#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

ConfigNode Parse(std::string_view text) {
  absl::StatusOr<ConfigNode> node = ConfigNode::Parse(text, "config.yaml");
  EXPECT_OK(node);
  return *std::move(node);
}

TEST(ConfigFileTest, ReadsEveryType) {
  const ConfigNode root = Parse(R"(
name: billing
workers: 4
big: 5000000000
port: 65535
enabled: true
timeout: 250ms
long: 1h30m
buffer: 64KiB
plain_bytes: 512
listen: 127.0.0.1:8080
models: [a, b]
quoted: "007"
empty: ""
)");
  EXPECT_EQ(root.Get<std::string>("name", ""), "billing");
  EXPECT_EQ(root.Get<int>("workers", 0), 4);
  EXPECT_EQ(root.Get<std::int64_t>("big", 0), 5'000'000'000);
  EXPECT_EQ(root.Get<std::uint16_t>("port", 0), 65535);
  EXPECT_EQ(root.Get<bool>("enabled", false), true);
  EXPECT_EQ(root.Get<absl::Duration>("timeout", absl::ZeroDuration()), absl::Milliseconds(250));
  EXPECT_EQ(root.Get<absl::Duration>("long", absl::ZeroDuration()), absl::Minutes(90));
  EXPECT_EQ(root.Get<ByteSize>("buffer", {}).bytes, 65'536u);
  EXPECT_EQ(root.Get<ByteSize>("plain_bytes", {}).bytes, 512u);
  EXPECT_EQ(root.Require<HostPort>("listen"), (HostPort{"127.0.0.1", 8080}));
  EXPECT_THAT(root.Get<std::vector<std::string>>("models", {}), ElementsAre("a", "b"));
  EXPECT_EQ(root.Get<std::string>("quoted", ""), "007");
  EXPECT_EQ(root.GetOptional<std::string>("empty"), "");
  EXPECT_OK(root.Finish());
}

TEST(ConfigFileTest, AbsentAndNullGiveTheDefault) {
  const ConfigNode root = Parse("a:\nb: ~\nc: null\n");
  EXPECT_EQ(root.Get<int>("a", 1), 1);
  EXPECT_EQ(root.Get<std::string>("b", "x"), "x");
  EXPECT_EQ(root.GetOptional<bool>("c"), std::nullopt);
  EXPECT_EQ(root.Get<int>("d", 4), 4);
  EXPECT_FALSE(root.Has("a"));
  EXPECT_OK(root.Finish());
  EXPECT_OK(Parse("").Finish());
  EXPECT_OK(Parse("# only a comment\n").Finish());
}

TEST(ConfigFileTest, AnUnknownKeyIsNamedWithItsPlaceAndTheKnownOnes) {
  const ConfigNode root = Parse("http:\n  listen: 127.0.0.1:1\n  lisen: x\n");
  const ConfigNode http = root.Child("http");
  http.Get<HostPort>("listen", {});
  http.Child("tls").Get<std::string>("certificate", "");
  EXPECT_THAT(root.Finish(),
              StatusIs(StatusCode::kInvalidArgument,
                       "config.yaml:3: unknown key 'lisen' in 'http' (known: listen, tls)"));
}

TEST(ConfigFileTest, AWholeMapNobodyAskedForIsUnknown) {
  const ConfigNode root = Parse("name: x\nhtpp:\n  listen: y\n");
  root.Get<std::string>("name", "");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument,
                                      "config.yaml:2: unknown key 'htpp' (known: name)"));
}

TEST(ConfigFileTest, TheFirstUnknownKeyInTheFileIsReported) {
  const ConfigNode root = Parse("a:\n  x: 1\nb:\n  y: 1\n");
  root.Child("b");
  root.Child("a");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument,
                                      "config.yaml:2: unknown key 'x' in 'a' (known: none)"));
}

TEST(ConfigFileTest, AnIllTypedValueIsNamedWithItsPlace) {
  const struct {
    const char* text;
    void (*read)(const ConfigNode&);
    const char* message;
  } kCases[] = {
      {"port: abc", [](const ConfigNode& n) { n.Get<std::uint16_t>("port", 0); },
       "config.yaml:1: 'port' must be an integer 0..65535, got 'abc'"},
      {"port: 65536", [](const ConfigNode& n) { n.Get<std::uint16_t>("port", 0); },
       "must be an integer 0..65535, got '65536'"},
      {"port: \"80\"", [](const ConfigNode& n) { n.Get<std::uint16_t>("port", 0); },
       "must be an integer"},
      {"port: 80.0", [](const ConfigNode& n) { n.Get<std::uint16_t>("port", 0); },
       "must be an integer"},
      {"n: 99999999999999999999", [](const ConfigNode& n) { n.Get<std::int64_t>("n", 0); },
       "'n' must be an integer, got"},
      {"n: 5",
       [](const ConfigNode& n) {
         n.GetInt("n", 1, {1, 4});
       },
       "'n' must be an integer 1..4, got '5'"},
      {"b: yes", [](const ConfigNode& n) { n.Get<bool>("b", false); }, "must be true or false"},
      {"d: 10", [](const ConfigNode& n) { n.Get<absl::Duration>("d", {}); }, "must be a duration"},
      {"d: -1s", [](const ConfigNode& n) { n.Get<absl::Duration>("d", {}); }, "must be a duration"},
      {"s: 1KB", [](const ConfigNode& n) { n.Get<ByteSize>("s", {}); }, "must be a size"},
      {"s: -1", [](const ConfigNode& n) { n.Get<ByteSize>("s", {}); }, "must be a size"},
      {"s: 99999999999GiB", [](const ConfigNode& n) { n.Get<ByteSize>("s", {}); },
       "must be a size"},
      {"a: 8080", [](const ConfigNode& n) { n.Get<HostPort>("a", {}); }, "must be an address"},
      {"t: [a]", [](const ConfigNode& n) { n.Get<std::string>("t", ""); },
       "must be text, got a list"},
      {"l: a", [](const ConfigNode& n) { n.Get<std::vector<std::string>>("l", {}); },
       "must be a list of texts, got 'a'"},
      {"l: [[a]]", [](const ConfigNode& n) { n.Get<std::vector<std::string>>("l", {}); },
       "must be a list of texts"},
      {"m: 1", [](const ConfigNode& n) { n.Child("m"); }, "'m' must be a map, got '1'"},
      {"m: {a: 1}", [](const ConfigNode& n) { n.Children("m"); },
       "must be a list of maps, got a map"},
      {"m: [1]", [](const ConfigNode& n) { n.Children("m"); }, "must be a list of maps, got '1'"},
      {"c: red",
       [](const ConfigNode& n) {
         n.GetChoice("c", "blue", {"blue", "green"});
       },
       "'c' must be one of blue, green, got 'red'"},
      {"\n\nx:\n  p: z", [](const ConfigNode& n) { n.Child("x").Get<int>("p", 0); },
       "config.yaml:4: 'x.p' must be an integer"},
  };
  for (const auto& c : kCases) {
    const ConfigNode root = Parse(c.text);
    c.read(root);
    EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.text;
  }
}

TEST(ConfigFileTest, AMissingKeyIsNamedAndAMisspeltOneShownInstead) {
  ConfigNode root = Parse("http:\n  x: 1\n");
  root.Require<std::string>("data_dir");
  root.Child("http").Get<int>("x", 0);
  EXPECT_THAT(root.Finish(),
              StatusIs(StatusCode::kInvalidArgument, "config.yaml: missing key 'data_dir'"));
  root = Parse("a: 1\nhttp:\n  b: 1\n");
  root.Get<int>("a", 0);
  root.Child("http").Get<int>("b", 0);
  root.Child("http").Require<std::string>("listen");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument,
                                      "config.yaml:2: missing key 'listen' in 'http'"));
  root = Parse("datadir: x\n");
  root.Require<std::string>("data_dir");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument,
                                      HasSubstr("unknown key 'datadir' (known: data_dir)")));
}

TEST(ConfigFileTest, OnlyTheFirstRefusedValueIsReported) {
  const ConfigNode root = Parse("a: x\nb: y\n");
  root.Get<int>("b", 0);
  root.Get<int>("a", 0);
  root.Fail("a", "must not be read");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("'b' must be")));
}

TEST(ConfigFileTest, CallersObjectWithAPlace) {
  const ConfigNode root = Parse("http:\n  idle: 5s\n");
  const ConfigNode http = root.Child("http");
  http.Get<absl::Duration>("idle", {});
  http.Fail("idle", "must be above 10s");
  EXPECT_THAT(root.Finish(), StatusIs(StatusCode::kInvalidArgument,
                                      "config.yaml:2: 'http.idle' must be above 10s"));
}

TEST(ConfigFileTest, ListsAndNamesOfMaps) {
  const ConfigNode root = Parse(
      "routes:\n  - model: a\n  - model: b\n    order: price\n"
      "providers:\n  zeta: {url: u1}\n  alpha: {url: u2}\n"
      "labels: {k1: v1, k2: v2}\n");
  std::vector<std::string> models;
  for (const ConfigNode& route : root.Children("routes")) {
    models.push_back(route.Get<std::string>("model", ""));
    route.Get<std::string>("order", "");
  }
  EXPECT_THAT(models, ElementsAre("a", "b"));
  std::vector<std::string> names;
  for (const auto& [name, provider] : root.NamedChildren("providers")) {
    names.push_back(name + "=" + provider.Get<std::string>("url", ""));
  }
  EXPECT_THAT(names, ElementsAre("zeta=u1", "alpha=u2"));
  EXPECT_THAT(root.StringMap("labels"), ElementsAre(Pair("k1", "v1"), Pair("k2", "v2")));
  EXPECT_TRUE(root.Children("absent").empty());
  EXPECT_FALSE(root.Child("absent_map").present());
  EXPECT_OK(root.Finish());
}

TEST(ConfigFileTest, AnUnknownKeyWithinAListIsFound) {
  const ConfigNode root = Parse("routes:\n  - model: a\n  - modle: b\n");
  for (const ConfigNode& route : root.Children("routes")) route.Get<std::string>("model", "");
  EXPECT_THAT(root.Finish(),
              StatusIs(StatusCode::kInvalidArgument,
                       "config.yaml:3: unknown key 'modle' in 'routes[1]' (known: model)"));
}

TEST(ConfigFileTest, RefusesWhatIsNotOneMap) {
  const auto error = [](std::string_view text) {
    return ConfigNode::Parse(text, "config.yaml").status();
  };
  EXPECT_THAT(error("- a\n"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("must be a map")));
  EXPECT_THAT(error("just text"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(error("a: 1\n---\nb: 2\n"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(error("a: 1\nb: 2\na: 3\n"),
              StatusIs(StatusCode::kInvalidArgument, "config.yaml:3: key 'a' is given twice"));
  EXPECT_THAT(error("a: [1\nb: 2"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("config.yaml:")));
  EXPECT_THAT(error("? [a, b]\n: 1\n"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ConfigFileTest, SeveralDocumentsAreApart) {
  ASSERT_OK_AND_ASSIGN(const std::vector<ConfigNode> documents,
                       ConfigNode::ParseDocuments("a: 1\n---\n---\nb: 2\n", "f"));
  ASSERT_EQ(documents.size(), 2u);
  documents[0].Get<int>("a", 0);
  EXPECT_OK(documents[0].Finish());
  EXPECT_THAT(documents[1].Finish(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("f:4: unknown key 'b'")));
}

TEST(ConfigFileTest, LoadsAFile) {
  TempDir dir;
  ASSERT_OK(RealFileSystem().WriteFileAtomically(dir.File("c.yaml"), "a: x", kModePrivate));
  ASSERT_OK_AND_ASSIGN(const ConfigNode root, ConfigNode::Load(dir.File("c.yaml")));
  EXPECT_EQ(root.Get<std::string>("a", ""), "x");
  EXPECT_THAT(ConfigNode::Load(dir.File("none.yaml")), StatusIs(StatusCode::kNotFound));
}

TEST(ConfigTreeTest, LimitsSizeDepthAndExpandedAliases) {
  EXPECT_FALSE(ParseYaml(std::string(kConfigBytesMax + 1, ' '), "f").ok());
  std::string deep;
  for (int i = 0; i < kConfigDepthMax; ++i) deep += "[";
  deep += "x";
  for (int i = 0; i < kConfigDepthMax; ++i) deep += "]";
  EXPECT_OK(ParseYaml(deep, "f"));
  EXPECT_THAT(ParseYaml("[" + deep + "]", "f"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("nested deeper")));
  EXPECT_FALSE(ParseYaml(std::string(100'000, '['), "f").ok());
  // The "billion laughs": nine values, each naming the one before ten times.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  EXPECT_THAT(ParseYaml(bomb, "f"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("more than")));
}

}  // namespace
}  // namespace tollgate
