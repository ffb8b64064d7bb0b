#include "base/access_log.h"

#include <string>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

TEST(AccessLogTest, WritesEveryLineWholeFromManyThreads) {
  TempDir dir;
  const std::string path = dir.File("access.log");
  constexpr int kThreads = 4;
  constexpr int kLines = 5'000;
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<BufferedAccessLog> log,
                         BufferedAccessLog::Open({.path = path, .flush_bytes = 1'000}));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log] {
        for (int i = 0; i < kLines; ++i) log->Write("{\"status\":200}");
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->lines_dropped(), 0u);
  }
  ASSERT_OK_AND_ASSIGN(const std::string text, RealFileSystem().ReadFile(path));
  std::string expected;
  for (int i = 0; i < kThreads * kLines; ++i) expected += "{\"status\":200}\n";
  EXPECT_EQ(text, expected);
}

TEST(AccessLogTest, AppendsToWhatIsThere) {
  TempDir dir;
  const std::string path = dir.File("access.log");
  for (const char* line : {"one", "two"}) {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<BufferedAccessLog> log,
                         BufferedAccessLog::Open({.path = path}));
    log->Write(line);
  }
  EXPECT_THAT(RealFileSystem().ReadFile(path), IsOkAndHolds("one\ntwo\n"));
}

TEST(AccessLogTest, ATimerWritesWhatIsTooLittleToFlush) {
  TempDir dir;
  const std::string path = dir.File("access.log");
  ASSERT_OK_AND_ASSIGN(
      std::unique_ptr<BufferedAccessLog> log,
      BufferedAccessLog::Open({.path = path, .flush_interval = absl::Milliseconds(1)}));
  log->Write("one");
  // Bounded by ctest's own timeout; there is nothing else to wait on.
  while (RealFileSystem().ReadFile(path).value_or("") != "one\n") std::this_thread::yield();
}

TEST(AccessLogTest, DropsAndCountsWhatDoesNotFit) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<BufferedAccessLog> log,
                       BufferedAccessLog::Open({.path = dir.File("access.log"),
                                                .flush_interval = absl::Hours(1),
                                                .buffer_bytes_max = 10}));
  log->Write("12345");
  log->Write("12345");
  EXPECT_EQ(log->lines_dropped(), 1u);
  log->Write("123");
  EXPECT_EQ(log->lines_dropped(), 1u);
}

TEST(AccessLogTest, CountsWhatTheDiskDidNotTake) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<BufferedAccessLog> log,
                       BufferedAccessLog::Open({.path = "/dev/full", .flush_bytes = 1}));
  log->Write("lost");
  while (log->lines_dropped() == 0) std::this_thread::yield();
  EXPECT_EQ(log->lines_dropped(), 1u);
}

TEST(AccessLogTest, AMissingFolderIsNotFound) {
  TempDir dir;
  EXPECT_THAT(BufferedAccessLog::Open({.path = dir.File("none/access.log")}),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tollgate
