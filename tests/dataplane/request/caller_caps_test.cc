#include "dataplane/request/caller_caps.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

std::string Joined(const std::vector<std::string_view>& tags) {
  std::string out;
  for (const std::string_view tag : tags) out += std::string(tag) + ";";
  return out;
}

TEST(TakeReportingTest, HeadAndBodyArePutTogether) {
  CallerCaps caps;
  ASSERT_FALSE(Read("AI-Reporting-Tags: beta, search\r\nai-reporting-tags: beta,x\r\n"
                    "ai-reporting-user: u2\r\n",
                    caps)
                   .has_value());
  ScannedRequest scan;
  scan.user = "u0";
  scan.reporting_user = "u1";
  scan.tags = {"x", "body"};
  ASSERT_FALSE(TakeReporting(caps, scan).has_value());
  EXPECT_EQ(Joined(scan.tags), "x;body;beta;search;") << "each once";
  EXPECT_EQ(scan.user, "u2") << "the head goes before";
  caps.Reset();
  ScannedRequest without_head;
  without_head.user = "u0";
  without_head.reporting_user = "u1";
  ASSERT_FALSE(TakeReporting(caps, without_head).has_value());
  EXPECT_EQ(without_head.user, "u1");
  EXPECT_TRUE(without_head.tags.empty());
}

TEST(TakeReportingTest, TagsAreBounded) {
  const std::string longest = "\u00e9" + std::string(kTagCharactersMax - 1, 'x');
  const auto refused = [](const std::string& head, std::vector<std::string_view> body) {
    CallerCaps caps;
    EXPECT_FALSE(Read(head, caps).has_value());
    ScannedRequest scan;
    scan.tags = std::move(body);
    const auto error = TakeReporting(caps, scan);
    if (error.has_value()) EXPECT_EQ(error->param, "tags");
    return error.has_value();
  };
  EXPECT_FALSE(refused("host: x\r\n", {longest})) << "characters count, not bytes";
  EXPECT_TRUE(refused("host: x\r\n", {longest + "x"}));
  EXPECT_TRUE(refused("host: x\r\n", {""}));
  EXPECT_TRUE(refused("ai-reporting-tags: a,,b\r\n", {}));
  EXPECT_FALSE(refused("ai-reporting-tags: 1,2,3,4,5,6,7,8,9\r\n", {"10", "9"}));
  EXPECT_TRUE(refused("ai-reporting-tags: 1,2,3,4,5,6,7,8,9,0\r\n", {"10"}));
}

}  // namespace
}  // namespace tollgate::dataplane
