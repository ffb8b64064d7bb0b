#include "base/status_reason.h"

#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(StatusReasonTest, KeepsReasonMessageAndCode) {
  const absl::Status status =
      ErrorWithReason(absl::StatusCode::kResourceExhausted, "INSUFFICIENT_BALANCE", "Top up.");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "Top up.");
  EXPECT_EQ(ReasonOf(status), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(RetryAfterOf(status), std::nullopt);
}

TEST(StatusReasonTest, OtherStatusesHaveNone) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::NotFoundError("x")), "");
  EXPECT_TRUE(WithRetryAfter(absl::OkStatus(), absl::Seconds(1)).ok());
}

TEST(StatusReasonTest, RetryAfterIsWholeMillisecondsRoundedUp) {
  const absl::Status status =
      WithRetryAfter(absl::UnavailableError("later"), absl::Microseconds(1'001));
  EXPECT_EQ(RetryAfterOf(status), absl::Milliseconds(2));
}

TEST(StatusReasonTest, KnowsValidReasons) {
  EXPECT_TRUE(IsValidReason("A"));
  EXPECT_TRUE(IsValidReason("UNBOUNDED_COST_2"));
  EXPECT_TRUE(IsValidReason(std::string(63, 'A')));
  for (const char* reason : {"", "lower", "1A", "_A", "A-B", "A B"}) {
    EXPECT_FALSE(IsValidReason(reason)) << reason;
  }
  EXPECT_FALSE(IsValidReason(std::string(64, 'A')));
}

TEST(StatusReasonDeathTest, RefusesMisuse) {
  EXPECT_DEATH((void)ErrorWithReason(absl::StatusCode::kOk, "A", "x"), "OK status");
  EXPECT_DEATH((void)ErrorWithReason(absl::StatusCode::kInternal, "not good", "x"), "not good");
}

}  // namespace
}  // namespace tollgate
