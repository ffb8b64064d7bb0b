#include "tollgate/cli/app.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"
#include "tests/tollgate/cli/in_process_control_plane.h"

namespace tollgate::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome RunLine(std::vector<std::string> arguments, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunApp(arguments, in, out, err);
  return {status, out.str(), err.str()};
}

TEST(App, ExplainsItself) {
  const Outcome help = RunLine({"--help"});
  EXPECT_EQ(help.status, kExitOk);
  for (const char* verb :
       {"apply", "get", "delete", "keys", "topup", "adjust", "wallet", "statement", "generation",
        "generations", "leases", "audit", "catalog", "demo-provider", "standalone", "version"}) {
    EXPECT_THAT(help.out, HasSubstr(std::string("\n  ") + verb));
    EXPECT_EQ(RunLine({verb, "--help"}).status, kExitOk) << verb;
  }
  EXPECT_THAT(RunLine({"version"}).out,
              testing::MatchesRegex("tollgate [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(App, RefusesACommandLineThatMakesNoSense) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"fly"},
           {"get"},
           {"get", "planets"},
           {"delete", "key"},
           {"apply"},
           {"keys"},
           {"keys", "create"},
           {"get", "keys", "-o", "xml"},
           {"catalog", "import", "--from", "nowhere", "file"},
           {"standalone", "--threads", "-1"},
           {"statement", "demo", "--limit", "0"},
           {"leases", "resolve", "account"},
           {"get", "keys", "--wings"},
       }) {
    const Outcome outcome = RunLine(arguments);
    EXPECT_EQ(outcome.status, kExitUsage) << testing::PrintToString(arguments);
    EXPECT_FALSE(outcome.err.empty()) << testing::PrintToString(arguments);
    EXPECT_EQ(outcome.out, "") << testing::PrintToString(arguments);
  }
}

TEST(App, SaysWhatToDoWhenNobodyAnswers) {
  const Outcome outcome = RunLine({"get", "keys", "--server", "127.0.0.1:1"});
  EXPECT_EQ(outcome.status, kExitFailed);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("tollgate: "), HasSubstr("--server")));
}

TEST(App, RefusesAmountsThatAreNone) {
  for (const char* amount : {"ten", "1e3", "0.0000000001", "1,5"}) {
    const Outcome outcome = RunLine({"topup", "demo", amount, "--billing", "127.0.0.1:1"});
    EXPECT_EQ(outcome.status, kExitFailed) << amount;
    EXPECT_THAT(outcome.err, Not(HasSubstr("127.0.0.1:1"))) << "it never got to the network";
  }
}

TEST(App, NamesTheRequestIdThatMakesATopUpSafeToRepeat) {
  const Outcome outcome = RunLine({"topup", "demo", "5", "--billing", "127.0.0.1:1"});
  EXPECT_EQ(outcome.status, kExitFailed);
  EXPECT_THAT(outcome.err, HasSubstr("add --request-id cli-"));
}

class AppOnAServerTest : public testing::Test {
 protected:
  Outcome Tollgate(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(),
                     {"--server", server_.address(), "--token", InProcessControlPlane::kToken});
    return RunLine(std::move(arguments), input);
  }

  InProcessControlPlane server_;
};

constexpr char kWorkspace[] =
    "kind: organization\nid: org\n---\nkind: workspace\nid: shop\nspec: {organization_id: org}\n";

TEST_F(AppOnAServerTest, AppliesGetsAndDeletes) {
  TempDir folder;
  std::ofstream(folder.File("world.yaml")) << kWorkspace;
  const Outcome applied = Tollgate({"apply", "-f", folder.File("world.yaml")});
  EXPECT_EQ(applied.status, kExitOk) << applied.err;
  EXPECT_THAT(applied.out, HasSubstr("2 created, 0 updated, 0 unchanged"));

  EXPECT_EQ(Tollgate({"get", "workspaces"}).out,
            "ID    ORGANIZATION_ID  DISPLAY_NAME\nshop  org\n");
  EXPECT_EQ(Tollgate({"get", "workspace", "shop", "-o", "yaml"}).out,
            "kind: workspace\nid: shop\nspec:\n  organization_id: org\n");
  EXPECT_THAT(Tollgate({"get", "workspace", "shop", "-o", "json"}).out,
              AllOf(HasSubstr("\"create_time\": \""), HasSubstr("\"etag\": \"")));
  EXPECT_THAT(Tollgate({"apply", "-f", "-"}, Tollgate({"get", "all", "-o", "yaml"}).out).out,
              "0 created, 0 updated, 2 unchanged\n");

  EXPECT_EQ(Tollgate({"delete", "workspace", "shop"}).out, "workspace/shop deleted\n");
  const Outcome gone = Tollgate({"get", "workspace", "shop"});
  EXPECT_EQ(gone.status, kExitFailed);
  EXPECT_THAT(gone.err, HasSubstr("shop"));
}

TEST_F(AppOnAServerTest, NamesFileAndLine) {
  const Outcome outcome = Tollgate({"apply", "-f", "-"}, "kind: workspace\nid: shop\nspce: {}\n");
  EXPECT_EQ(outcome.status, kExitFailed);
  EXPECT_THAT(outcome.err, HasSubstr("<stdin>:3: unknown key 'spce'"));
}

TEST_F(AppOnAServerTest, HandlesKeys) {
  ASSERT_EQ(Tollgate({"apply", "-f", "-"}, kWorkspace).status, kExitOk);
  const Outcome created = Tollgate(
      {"keys", "create", "-w", "shop", "--id", "app", "--models", "a/*,b/c", "--expires", "720h"});
  EXPECT_EQ(created.status, kExitOk) << created.err;
  EXPECT_THAT(created.out, AllOf(HasSubstr("key/app created"), HasSubstr("tg_live_")));
  const Outcome secret = Tollgate({"keys", "create", "-w", "shop", "--secret-only"});
  EXPECT_THAT(secret.out, testing::MatchesRegex("tg_live_[0-9A-Za-z]+\n"));
  EXPECT_THAT(Tollgate({"keys", "list"}).out, AllOf(HasSubstr("a/*,b/c"), HasSubstr("active")));
  EXPECT_EQ(Tollgate({"keys", "revoke", "app"}).out, "key/app revoked\n");
  EXPECT_THAT(Tollgate({"keys", "list", "-w", "shop"}).out, HasSubstr("revoked"));
  EXPECT_THAT(Tollgate({"audit", "--kind", "key", "--limit", "1"}).out, HasSubstr("key/app"));
}

TEST_F(AppOnAServerTest, TakesAddressAndTokenFromAReadyFile) {
  TempDir folder;
  std::ofstream(folder.File("ready.json"))
      << "{\"admin_grpc\": \"" << server_.address() << "\", \"admin_token\": \""
      << InProcessControlPlane::kToken << "\", \"http_url\": \"http://127.0.0.1:1\"}";
  EXPECT_EQ(RunLine({"get", "organizations", "--ready-file", folder.File("ready.json")}).status,
            kExitOk);
  const Outcome wrong = RunLine(
      {"get", "organizations", "--ready-file", folder.File("ready.json"), "--token", "another"});
  EXPECT_EQ(wrong.status, kExitFailed);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("UNAUTHENTICATED"), HasSubstr("--token-file")));
}

}  // namespace
}  // namespace tollgate::cli
