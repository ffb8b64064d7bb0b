#include "dataplane/request/caller_caps.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/string_views.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

std::optional<GatewayError> Read(const std::string& lines, CallerCaps& caps) {
  HeadFields fields;
  EXPECT_TRUE(fields.Parse(lines));
  return ReadCallerCaps(fields, caps);
}

TEST(CallerCapsTest, ReadsWhatIsThereAndForgetsTheFormerRequest) {
  CallerCaps caps;
  EXPECT_FALSE(Read("X-Tollgate-Max-Cost: 0.05\r\nx-tollgate-run: nightly 7\r\n"
                    "x-tollgate-run-max-cost: 2.5\r\nx-tollgate-quota-entity: user-9\r\n"
                    "x-tollgate-unknown: 1\r\n",
                    caps)
                   .has_value());
  EXPECT_EQ(caps.max_cost, Money::FromNanoUsd(50'000'000));
  EXPECT_EQ(caps.run, "nightly 7");
  EXPECT_EQ(caps.run_max_cost, Money::FromNanoUsd(2'500'000'000));
  EXPECT_EQ(caps.quota_entity, "user-9");
  EXPECT_FALSE(Read("host: x\r\n", caps).has_value());
  EXPECT_FALSE(caps.max_cost.has_value() || caps.run_max_cost.has_value());
  EXPECT_TRUE(caps.run.empty() && caps.quota_entity.empty());
}

TEST(CallerCapsTest, RefusesWhatCannotBeMeant) {
  const std::string long_name(kScopeNameBytesMax + 1, 'x');
  for (const auto& [lines, param] : std::initializer_list<std::pair<std::string, std::string>>{
           {"x-tollgate-max-cost: 5 cents\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost: 0\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost: -1\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost: 1e-3\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost: 0.0000000001\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost:\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-max-cost: 1\r\nx-tollgate-max-cost: 2\r\n", "x-tollgate-max-cost"},
           {"x-tollgate-run:\r\n", "x-tollgate-run"},
           {absl::StrCat("x-tollgate-run: ", long_name, "\r\n"), "x-tollgate-run"},
           {"x-tollgate-run: \xff\r\n", "x-tollgate-run"},
           {"x-tollgate-run: a\r\nx-tollgate-run: b\r\n", "x-tollgate-run"},
           {"x-tollgate-run-max-cost: 1\r\n", "x-tollgate-run-max-cost"},
           {"x-tollgate-quota-entity: a\tb\r\n", "x-tollgate-quota-entity"}}) {
    CallerCaps caps;
    const auto error = Read(lines, caps);
    ASSERT_TRUE(error.has_value()) << lines;
    EXPECT_EQ(error->code, ErrorCode::kInvalidParameter);
    EXPECT_EQ(error->param, param) << lines;
    EXPECT_NE(error->message.find(param), std::string::npos);
  }
}

}  // namespace
}  // namespace tollgate::dataplane
