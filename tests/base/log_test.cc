#include "base/log.h"

#include <limits>

#include "base/file_system.h"
#include "base/secret.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using testing::MatchesRegex;

// A secret cannot become a field by accident.
static_assert(!std::is_constructible_v<LogField, const char*, const Secret&>);

class LogTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(ConfigureLog({.path = path_, .service = "billing"})); }
  void TearDown() override { ASSERT_OK(ConfigureLog({})); }

  std::string Text() { return RealFileSystem().ReadFile(path_).value_or("unreadable"); }

  TempDir dir_;
  const std::string path_ = dir_.File("log");
};

TEST_F(LogTest, WritesOneJsonObjectPerLine) {
  LogEvent(LogLevel::kInfo, "lease_granted",
           {{"lease", std::string("l\"1")},
            {"amount", std::int64_t{-5}},
            {"ratio", 0.25},
            {"first", true},
            {"seen", std::uint64_t{18'446'744'073'709'551'615u}}});
  EXPECT_THAT(Text(),
              MatchesRegex("\\{\"time\":\"20[0-9-]+T[0-9:]+\\.[0-9]{6}Z\",\"level\":\"info\","
                           "\"service\":\"billing\",\"event\":\"lease_granted\","
                           "\"lease\":\"l\\\\\"1\",\"amount\":-5,\"ratio\":0.25,\"first\":true,"
                           "\"seen\":18446744073709551615\\}\n"));
}

TEST_F(LogTest, AHostileValueStaysOnItsLine) {
  LogEvent(LogLevel::kWarning, "refused", {{"name", "a\n{\"event\":\"forged\"}"}});
  const std::string text = Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(LogTest, FormatBracesAreText) {
  LogEvent(LogLevel::kInfo, "braces", {{"text", "{} {0} %v"}});
  EXPECT_THAT(Text(), testing::HasSubstr("\"{} {0} %v\""));
}

TEST_F(LogTest, ANumberJsonLacksIsNull) {
  LogEvent(LogLevel::kInfo, "odd", {{"value", std::numeric_limits<double>::infinity()}});
  EXPECT_THAT(Text(), testing::HasSubstr("\"value\":null"));
}

TEST_F(LogTest, AStatusIsItsCodeAndMessage) {
  LogEvent(LogLevel::kError, "failed", {{"error", absl::NotFoundError("no such key")}});
  EXPECT_THAT(Text(), testing::HasSubstr("\"error\":\"NOT_FOUND: no such key\""));
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  EXPECT_FALSE(LogEnabled(LogLevel::kDebug));
  LogEvent(LogLevel::kDebug, "quiet");
  EXPECT_EQ(Text(), "");
  ASSERT_OK(ConfigureLog({.level = LogLevel::kOff, .path = path_}));
  LogEvent(LogLevel::kError, "quiet");
  EXPECT_FALSE(LogEnabled(LogLevel::kOff));
  EXPECT_EQ(Text(), "");
}

TEST_F(LogTest, AFileThatDoesNotOpenChangesNothing) {
  ASSERT_OK(RealFileSystem().WriteFileAtomically(dir_.File("file"), "", kModePrivate));
  EXPECT_FALSE(ConfigureLog({.path = dir_.File("file/log")}).ok());
  LogEvent(LogLevel::kInfo, "still_here");
  EXPECT_THAT(Text(), testing::HasSubstr("still_here"));
}

TEST(LogLevelTest, NamesRoundTrip) {
  for (LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError, LogLevel::kOff}) {
    EXPECT_EQ(ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_EQ(ParseLogLevel("INFO"), std::nullopt);
}

}  // namespace
}  // namespace tollgate
