#include <set>
#include <string>

#include "dataplane/json/cursor.h"
#include "dataplane/request/errors.h"
#include "dataplane/surface/surface.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(ErrorTableTest, RowsAreInOrderAndSayWhatToDo) {
  std::set<std::string> names;
  std::size_t i = 0;
  for (const ErrorRow& row : ErrorTable()) {
    EXPECT_EQ(static_cast<std::size_t>(row.code), i++);
    EXPECT_EQ(&RowOf(row.code), &row);
    if (row.code == ErrorCode::kOutputLimitReached) {
      EXPECT_EQ(row.status, 200) << "it only ends a stream that has begun";
    } else {
      EXPECT_GE(row.status, 400);
    }
    EXPECT_LE(row.status, 599);
    EXPECT_TRUE(row.message.ends_with(".")) << row.name;
    names.insert(std::string(row.name));
  }
  EXPECT_GE(names.size(), ErrorTable().size() - 1);  // request_timeout has two rows.
}

TEST(ErrorTableTest, TheEnvelopeIsOpenAis) {
  GatewayError error;
  error.code = ErrorCode::kInvalidParameter;
  error.message = "a \"quoted\"\nword";
  error.param = "n";
  std::string out;
  OpenAiChatSurface().AppendError(error, "gen_1", out);
  EXPECT_EQ(
      out, R"({"error":{"message":"a \"quoted\"\nword","type":"invalid_request_error","param":"n",)"
           R"("code":"invalid_value","generation_id":"gen_1"},"generationId":"gen_1"})");
  JsonCursor json(out);
  EXPECT_TRUE(json.Skip() && json.AtEnd());
  out.clear();
  GatewayError stopped;
  stopped.code = ErrorCode::kStopped;
  OpenAiChatSurface().AppendStreamError(stopped, "", out);
  EXPECT_TRUE(out.starts_with("data: {\"error\":{\"message\":\"The gateway is being restarted"));
  EXPECT_TRUE(out.ends_with("\"param\":null,\"code\":\"gateway_stopping\"}}\n\n"));
}

TEST(ErrorTableTest, TheHeadersTellRefusalsApart) {
  GatewayError error;
  error.code = ErrorCode::kInsufficientBalance;
  std::string lines;
  AppendErrorLines(error, lines);
  EXPECT_EQ(lines, "x-tollgate-error: insufficient_balance\r\n");
  lines.clear();
  error.code = ErrorCode::kBudgetExceeded;
  error.budget_id = "bud_1";
  error.budget_scope = "key/key_7";
  AppendErrorLines(error, lines);
  EXPECT_EQ(lines,
            "x-tollgate-error: budget_exceeded\r\nx-tollgate-budget: bud_1\r\n"
            "x-tollgate-budget-scope: key/key_7\r\n")
      << "it never starts anew";
  lines.clear();
  error.resets_at = absl::FromUnixSeconds(1'796'083'200);
  AppendErrorLines(error, lines);
  EXPECT_TRUE(lines.ends_with("x-tollgate-budget-reset: 2026-12-01T00:00:00Z\r\n")) << lines;
}

TEST(ErrorTableTest, RetryAfterIsWrittenAndRead) {
  GatewayError error;
  std::string lines;
  AppendRetryAfter(error, lines);
  EXPECT_EQ(lines, "");
  error.retry_after = absl::Milliseconds(1500);
  AppendRetryAfter(error, lines);
  EXPECT_EQ(lines, "retry-after: 2\r\nretry-after-ms: 1500\r\n");

  const absl::Time now = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("7", "", now), absl::Seconds(7));
  EXPECT_EQ(ParseRetryAfter("7.9", "", now), absl::Seconds(7));
  EXPECT_EQ(ParseRetryAfter("7", "250", now), absl::Milliseconds(250));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:57 GMT", "", now), absl::Seconds(20));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:17 GMT", "", now), absl::ZeroDuration());
  for (const char* bad : {"", "-1", "soon", "1s", "99999999999999999999"}) {
    EXPECT_EQ(ParseRetryAfter(bad, "", now), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
