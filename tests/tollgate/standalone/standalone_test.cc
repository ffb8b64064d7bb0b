// The real binary: `tollgate standalone --demo` from start to SIGTERM, twice on one folder.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/config_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/cli/app.h"
#include "tollgate/standalone/http_get.h"

extern char** environ;

namespace tollgate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr auto kStartTimeout = std::chrono::seconds(30);
constexpr auto kPoll = std::chrono::milliseconds(5);

// A running `tollgate standalone`.
class Program {
 public:
  explicit Program(const TempDir& folder) : ready_path_(folder.File("ready.json")) {
    std::vector<std::string> arguments = {TOLLGATE_BINARY,     "standalone",   "--demo",   "--data",
                                          folder.File("data"), "--ready-file", ready_path_};
    for (const char* flag :
         {"--http", "--directory", "--admin", "--ops", "--billing-listen", "--catalog-listen"}) {
      arguments.insert(arguments.end(), {flag, "127.0.0.1:0"});
    }
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, TOLLGATE_BINARY, nullptr, nullptr, argv.data(), environ), 0);
  }
  ~Program() {
    if (pid_ != 0) ::kill(pid_, SIGKILL);
    if (pid_ != 0) ::waitpid(pid_, nullptr, 0);
  }

  // Waits until it serves.
  absl::Status WaitReady() const {
    const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
    while (std::chrono::steady_clock::now() < deadline) {
      if (std::ifstream(ready_path_).good()) return absl::OkStatus();
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) return absl::AbortedError("it ended");
      std::this_thread::sleep_for(kPoll);
    }
    return absl::DeadlineExceededError("not ready");
  }

  std::string Ready(const char* key) const {
    const auto node = ConfigNode::Load(ready_path_);
    return node.ok() ? node->Get<std::string>(key, "") : "";
  }

  // SIGTERM; the exit status.
  int Stop() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string& ready_path() const { return ready_path_; }

 private:
  std::string ready_path_;
  pid_t pid_ = 0;
};

std::string Cli(const Program& program, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--ready-file", program.ready_path()});
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(cli::RunApp(arguments, in, out, err), cli::kExitOk) << err.str();
  return out.str();
}

TEST(Standalone, ServesADemoAndStartsAgainWithTheSameKey) {
  TempDir folder;
  std::string api_key;
  {
    Program program(folder);
    ASSERT_OK(program.WaitReady());
    api_key = program.Ready("api_key");
    EXPECT_THAT(api_key, testing::StartsWith("tg_live_"));
    EXPECT_EQ(api_key + "\n", [&] {
      std::ifstream file(folder.File("data/demo/api-key"));
      return std::string(std::istreambuf_iterator<char>(file), {});
    }());
    for (const char* key : {"http_url", "directory_url", "admin_grpc", "billing_grpc",
                            "catalog_grpc", "metrics_url", "admin_token", "demo_provider_url"}) {
      EXPECT_NE(program.Ready(key), "") << key;
    }
    // The first request would succeed as soon as the file is there.
    EXPECT_THAT(
        HttpGet(program.Ready("http_url") + "/v1/models", {{"Authorization", "Bearer " + api_key}}),
        IsOkAndHolds(AllOf(HasSubstr("demo/chat"), HasSubstr("demo/per-request"))));
    EXPECT_THAT(HttpGet(program.Ready("metrics_url"), {}), IsOkAndHolds(HasSubstr("tollgate_")));
    EXPECT_THAT(HttpGet(program.Ready("directory_url") + "/", {}),
                IsOkAndHolds(HasSubstr("<html")));
    EXPECT_THAT(HttpGet(program.Ready("http_url") + "/v1/credits",
                        {{"Authorization", "Bearer " + api_key}}),
                IsOkAndHolds(HasSubstr("\"balance\":\"10\"")));
    EXPECT_THAT(HttpGet(program.Ready("demo_provider_url") + "/books", {}),
                IsOkAndHolds(HasSubstr("\"charge_nano_usd\":0")));
    EXPECT_THAT(Cli(program, {"wallet", "demo", "-o", "yaml"}), HasSubstr("balance_usd: \"10\""));
    EXPECT_THAT(Cli(program, {"get", "budgets"}), HasSubstr("daily   true"));
    const std::string provider = program.Ready("demo_provider_url");
    EXPECT_EQ(program.Stop(), 0);
    EXPECT_FALSE(std::ifstream(folder.File("data/ready.json")).good());
    EXPECT_FALSE(HttpGet(provider + "/books", {}).ok()) << "the demo provider ended with it";
  }
  std::remove(folder.File("ready.json").c_str());
  Program again(folder);
  ASSERT_OK(again.WaitReady());
  EXPECT_EQ(again.Ready("api_key"), api_key);
  EXPECT_THAT(Cli(again, {"wallet", "demo", "-o", "yaml"}), HasSubstr("credited_usd: \"10\""));
  EXPECT_EQ(again.Stop(), 0);
}

}  // namespace
}  // namespace tollgate
