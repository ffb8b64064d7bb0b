#include "dataplane/route/planner.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/random.h"
#include "dataplane/snapshot/config_image.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;

class PlannerTest : public testing::Test {
 protected:
  PlannerTest() : peppers_(*Peppers::Parse("1:" + std::string(64, '1'), "test")) {
    SeededRandom random(5);
    key_ = std::string(GenerateApiKey(random).Reveal());
    resources_ = {WorkspaceResource("ws_1"),
                  ProviderResource("cheap"),
                  ProviderResource("dear"),
                  ProviderResource("other", catalog::v1::FORMAT_ANTHROPIC),
                  ModelResource("a/one"),
                  ModelResource("a/two"),
                  ModelResource("a/embed", "embedding"),
                  ModelResource("a/unsold"),
                  ModelResource("a/foreign"),
                  OfferingResource("cheap", "a/one", 100),
                  OfferingResource("dear", "a/one", 900),
                  OfferingResource("cheap", "a/two", 100),
                  OfferingResource("cheap", "a/embed", 100),
                  OfferingResource("other", "a/foreign", 100),
                  CredentialResource("cred_cheap", "cheap"),
                  CredentialResource("cred_dear", "dear")};
    Key({});
  }

  void Key(const std::vector<std::string>& allowed) {
    Resource resource = KeyResource("key_1", "ws_1", allowed);
    const Sha256Digest digest = *peppers_.Digest(1, key_);
    resource.mutable_api_key()->set_digest(std::string(DigestView(digest)));
    SetIdentity(resource);
    key_resource_ = resource;
  }

  Resource& AddRoute(const std::string& id, const std::string& pattern,
                     const std::string& workspace = "") {
    Resource resource;
    resource.mutable_route()->set_id(id);
    resource.mutable_route()->set_model_pattern(pattern);
    resource.mutable_route()->set_workspace_id(workspace);
    resources_.push_back(resource);
    return resources_.back();
  }

  // "provider/credential" of each attempt, or the name of the rule.
  std::string PlanFor(std::vector<std::string_view> models, std::int64_t now_s = 10) {
    ConfigImage image(TestSealer());
    for (Resource& resource : resources_) {
      SetIdentity(resource);
      absl::Status status = image.Upsert(resource);
      EXPECT_OK(status);
    }
    EXPECT_OK(image.Upsert(key_resource_));
    snapshot_ = *image.Finish({1, 1});
    auto who = Authenticate(key_, *snapshot_, peppers_, absl::FromUnixSeconds(now_s));
    auto result = Plan(*snapshot_, std::get<Principal>(who), models, requirements_, cooldowns_,
                       absl::FromUnixSeconds(now_s), now_);
    if (auto* error = std::get_if<PlanError>(&result)) {
      error_ = *error;
      return std::string(PlanRuleName(error->rule));
    }
    std::vector<std::string> attempts;
    for (const PlannedAttempt& attempt : std::get<AttemptPlan>(result)) {
      attempts.push_back(attempt.offering->id + "/" + attempt.credential->id);
    }
    return absl::StrJoin(attempts, " ");
  }

  Peppers peppers_;
  std::string key_;
  std::vector<Resource> resources_;
  Resource key_resource_;
  PlanRequirements requirements_;
  Cooldowns cooldowns_;
  MonotonicTime now_ = MonotonicTime::FromNanoseconds(1'000'000'000);
  std::shared_ptr<const Snapshot> snapshot_;
  PlanError error_;
};

TEST_F(PlannerTest, CheapestFirstThenTheFallbackModels) {
  EXPECT_EQ(PlanFor({"a/one"}), "cheap:a/one/cred_cheap dear:a/one/cred_dear");
  EXPECT_EQ(PlanFor({"a/two", "a/one"}),
            "cheap:a/two/cred_cheap cheap:a/one/cred_cheap dear:a/one/cred_dear");
  EXPECT_EQ(PlanFor({"a/one", "a/one"}), "cheap:a/one/cred_cheap dear:a/one/cred_dear");
  EXPECT_EQ(PlanFor({"a/none", "a/two"}), "cheap:a/two/cred_cheap");
}

TEST_F(PlannerTest, EachRuleSaysWhenItEmptiedThePlan) {
  EXPECT_EQ(PlanFor({"a/none"}), "unknown_model");
  EXPECT_THAT(error_.message, testing::HasSubstr("\"a/none\""));
  EXPECT_EQ(PlanFor({}), "unknown_model");
  EXPECT_EQ(PlanFor({"a/embed"}), "no_offering");
  EXPECT_EQ(PlanFor({"a/unsold"}), "no_offering");
  EXPECT_EQ(PlanFor({"a/foreign"}), "no_offering");
  EXPECT_EQ(PlanFor({"a/one"}, -5), "unpriced");
  const std::vector<std::string_view> only = {"nobody"};
  requirements_.provider_only = only;
  EXPECT_EQ(PlanFor({"a/one"}), "provider_filter");
  requirements_.provider_only = {};
  Key({"b/*"});
  EXPECT_EQ(PlanFor({"a/one"}), "model_not_allowed");
}

TEST_F(PlannerTest, WithoutACredentialThereIsNoAttempt) {
  std::erase_if(resources_, [](const Resource& r) { return r.has_credential(); });
  EXPECT_EQ(PlanFor({"a/one"}), "no_credential");
}

TEST_F(PlannerTest, AnAliasComesBeforeAModelAndOneMayBeAllowedByItsName) {
  resources_.push_back(AliasResource("fast", {"a/two", "a/none", "a/one"}));
  EXPECT_EQ(PlanFor({"fast"}),
            "cheap:a/two/cred_cheap cheap:a/one/cred_cheap dear:a/one/cred_dear");
  Key({"fast"});
  EXPECT_EQ(PlanFor({"fast"}),
            "cheap:a/two/cred_cheap cheap:a/one/cred_cheap dear:a/one/cred_dear");
  EXPECT_EQ(PlanFor({"a/one"}), "model_not_allowed");
  Key({"a/two"});
  EXPECT_EQ(PlanFor({"fast"}), "cheap:a/two/cred_cheap");
}

TEST_F(PlannerTest, TheLongestRouteOfTheWorkspaceOrdersAndFilters) {
  AddRoute("route_all", "").mutable_route()->add_ignore("cheap");
  EXPECT_EQ(PlanFor({"a/one"}), "dear:a/one/cred_dear");
  AddRoute("route_a", "a/*").mutable_route()->add_order("dear");
  EXPECT_EQ(PlanFor({"a/one"}), "dear:a/one/cred_dear cheap:a/one/cred_cheap");
  AddRoute("route_ws", "a/*", "ws_1").mutable_route()->add_only("cheap");
  EXPECT_EQ(PlanFor({"a/one"}), "cheap:a/one/cred_cheap");
  AddRoute("route_ws_one", "a/one", "ws_1").mutable_route()->set_attempts_max(1);
  EXPECT_EQ(PlanFor({"a/one"}), "cheap:a/one/cred_cheap");
  EXPECT_EQ(PlanFor({"a/two"}), "cheap:a/two/cred_cheap");
}

TEST_F(PlannerTest, TheRequestsWishesComeBeforeTheRoutes) {
  AddRoute("route_all", "").mutable_route()->add_order("cheap");
  const std::vector<std::string_view> order = {"dear"};
  requirements_.provider_order = order;
  EXPECT_EQ(PlanFor({"a/one"}), "dear:a/one/cred_dear cheap:a/one/cred_cheap");
  const std::vector<std::string_view> ignore = {"dear"};
  requirements_.provider_ignore = ignore;
  EXPECT_EQ(PlanFor({"a/one"}), "cheap:a/one/cred_cheap");
}

TEST_F(PlannerTest, TheWorkspacesOwnCredentialComesFirstThenByPriority) {
  resources_.push_back(CredentialResource("cred_0", "cheap", "", 5));
  resources_.push_back(CredentialResource("cred_byok", "cheap", "ws_1", 50));
  EXPECT_EQ(PlanFor({"a/two"}), "cheap:a/two/cred_byok cheap:a/two/cred_cheap cheap:a/two/cred_0");
}

// What a request names is asked of whoever keeps it; providers of other formats keep nothing.
TEST_F(PlannerTest, ABoundFormatIsAskedWithTheWorkspacesOwnCredentials) {
  resources_.push_back(OfferingResource("other", "a/one", 500));
  resources_.push_back(CredentialResource("cred_other", "other"));
  constexpr std::uint32_t kChat = 1u << static_cast<unsigned>(WireFormat::kOpenAiChat);
  requirements_.formats = kChat | 1u << static_cast<unsigned>(WireFormat::kAnthropic);
  requirements_.bound_formats = kChat;
  EXPECT_EQ(PlanFor({"a/one"}), "other:a/one/cred_other");
  EXPECT_EQ(PlanFor({"a/two"}), "no_credential");
  resources_.push_back(CredentialResource("cred_own", "dear", "ws_1"));
  EXPECT_EQ(PlanFor({"a/one"}), "other:a/one/cred_other dear:a/one/cred_own");
}

TEST_F(PlannerTest, RestingCredentialsAreSkippedAndTheSoonestIsNamed) {
  cooldowns_.Rest(CooldownKey("cred_cheap"), now_ + absl::Seconds(9));
  EXPECT_EQ(PlanFor({"a/one"}), "dear:a/one/cred_dear");
  cooldowns_.Rest(CooldownKey("cred_dear"), now_ + absl::Seconds(3));
  EXPECT_EQ(PlanFor({"a/one"}), "all_resting");
  EXPECT_EQ(error_.retry_after, absl::Seconds(3));
  requirements_.skip_resting = false;
  EXPECT_EQ(PlanFor({"a/one"}), "cheap:a/one/cred_cheap dear:a/one/cred_dear");
}

TEST_F(PlannerTest, AttemptsAreBounded) {
  for (int i = 0; i < 30; ++i) {
    resources_.push_back(CredentialResource("cred_x" + std::to_string(i), "cheap"));
  }
  PlanFor({"a/two"});
  auto who = Authenticate(key_, *snapshot_, peppers_, absl::FromUnixSeconds(1));
  const std::vector<std::string_view> models = {"a/two"};
  auto plan = Plan(*snapshot_, std::get<Principal>(who), models, requirements_, cooldowns_,
                   absl::FromUnixSeconds(1), now_);
  EXPECT_EQ(std::get<AttemptPlan>(plan).size(), 5u);
  AddRoute("route_all", "").mutable_route()->set_attempts_max(20);
  PlanFor({"a/two"});
  auto again = Authenticate(key_, *snapshot_, peppers_, absl::FromUnixSeconds(1));
  plan = Plan(*snapshot_, std::get<Principal>(again), models, requirements_, cooldowns_,
              absl::FromUnixSeconds(1), now_);
  EXPECT_EQ(std::get<AttemptPlan>(plan).size(), kAttemptsMax);
}

}  // namespace
}  // namespace tollgate::dataplane
