// GoogleTest matchers for absl::Status and absl::StatusOr, with Abseil's later names:
//
//   EXPECT_OK(store.Write(batch));
//   ASSERT_OK_AND_ASSIGN(std::string text, file_system.ReadFile(path));
//   EXPECT_THAT(Parse("x"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 3")));
//   EXPECT_THAT(Parse("7"), IsOkAndHolds(7));
#ifndef TOLLGATE_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define TOLLGATE_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  const absl::Status& status = StatusOf(arg);
  if (!status.ok()) *result_listener << status.ToString();
  return status.ok();
}

MATCHER_P(IsOkAndHolds, value_matcher, "is OK and holds a matching value") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return testing::ExplainMatchResult(testing::MatcherCast<decltype(*arg)>(value_matcher), *arg,
                                     result_listener);
}

namespace status_matchers_internal {

MATCHER_P2(StatusIsMatcher, code, message_matcher, "has the code and a matching message") {
  const absl::Status& status = StatusOf(arg);
  *result_listener << status.ToString();
  return status.code() == code &&
         testing::ExplainMatchResult(testing::SafeMatcherCast<const std::string&>(message_matcher),
                                     std::string(status.message()), result_listener);
}

}  // namespace status_matchers_internal

template <typename MessageMatcher>
auto StatusIs(absl::StatusCode code, MessageMatcher message_matcher) {
  return status_matchers_internal::StatusIsMatcher(code, message_matcher);
}
inline auto StatusIs(absl::StatusCode code) {
  return status_matchers_internal::StatusIsMatcher(code, testing::_);
}

}  // namespace tollgate

#define EXPECT_OK(expression) EXPECT_THAT(expression, ::tollgate::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT(expression, ::tollgate::IsOk())

#define ASSERT_OK_AND_ASSIGN(target, expression) \
  TG_ASSERT_OK_AND_ASSIGN_NAMED_(TG_STATUS_CONCAT_(tg_result_, __COUNTER__), target, expression)
#define TG_ASSERT_OK_AND_ASSIGN_NAMED_(name, target, expression) \
  auto name = (expression);                                      \
  ASSERT_TRUE(name.ok()) << name.status();                       \
  target = *std::move(name)

#endif  // TOLLGATE_TESTS_SUPPORT_STATUS_MATCHERS_H_
