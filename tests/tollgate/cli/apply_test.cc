#include "tollgate/cli/apply.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/tollgate/cli/in_process_control_plane.h"

namespace tollgate::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// Every kind, children before their parents.
constexpr char kWorld[] = R"(
kind: route
id: cheap
spec:
  workspace_id: shop
  model_pattern: "acme/*"
  order: [acme]
  sort: price
  attempts_max: 3
---
kind: alias
id: smart
spec:
  model_ids: [acme/large, acme/small]
---
kind: budget
id: app-daily
spec:
  scope_kind: key
  scope_id: app
  limit_usd: 2.5
  period: daily
  hard: true
---
kind: budget
id: each-customer
spec:
  scope_kind: workspace
  scope_id: shop
  each_kind: quota_entity
  limit_usd: 1
  period: daily
  hard: true
  raises:
    - amount_usd: "0.5"
      until: 2030-01-01T00:00:00Z
  alert_percents: [80, 100]
  alert_webhook_ids: [finance]
---
kind: budget
id: big-customer
spec:
  scope_kind: quota_entity
  scope_id: qe_mqyd6nvn8n525m5gqcc9cv1n7n
  limit_usd: 50
  period: monthly
---
kind: QuotaEntity
spec:
  workspace_id: shop
  name: "Zoë & Sons"
---
kind: price_rule
id: resale
spec:
  workspace_id: shop
  provider_ids: [acme]
  adjust_ppm: -150000
---
kind: webhook
id: finance
spec:
  url: https://finance.example.com/alerts
  secret: a-secret-of-finance
---
kind: key
id: app
spec:
  display_name: The app
  workspace_id: shop
  project_id: website
  member_id: ann
  limits:
    requests_per_minute: 60
  expire_time: 2030-01-01T00:00:00Z
  allowed_models: ["acme/*", smart]
---
kind: credential
id: acme-key
spec:
  provider_id: acme
  secret: sk-secret-of-acme
  priority: 1
---
kind: provider
id: acme
spec:
  base_url: https://api.acme.example/v1
  format: openai_chat
  limits:
    connect_timeout: 2s
    cooldown: 0s
---
kind: project
id: website
spec:
  workspace_id: shop
---
kind: member
id: ann
spec:
  workspace_id: shop
  email: ann@example.com
---
kind: workspace
id: shop
spec:
  organization_id: acme-inc
---
kind: organization
id: acme-inc
spec:
  display_name: ACME Inc.
)";

class ApplyTest : public testing::Test {
 protected:
  absl::StatusOr<ApplyPlan> Plan(const std::string& yaml) {
    TG_ASSIGN_OR_RETURN(auto documents, ReadResources(yaml, "test"));
    return PlanApply(std::move(documents), server_.client());
  }

  absl::StatusOr<std::string> Apply(const std::string& yaml) {
    TG_ASSIGN_OR_RETURN(const ApplyPlan plan, Plan(yaml));
    std::ostringstream out;
    TG_RETURN_IF_ERROR(ExecuteApply(plan, server_.client(), out));
    return out.str();
  }

  std::string DryRun(const std::string& yaml) {
    const absl::StatusOr<ApplyPlan> plan = Plan(yaml);
    if (!plan.ok()) return plan.status().ToString();
    std::ostringstream out;
    plan->Print(out);
    return out.str();
  }

  // All that there is, as `get all -o yaml` prints it.
  std::string Everything() {
    std::string yaml;
    for (const ResourceKind& kind : ResourceKinds()) {
      const auto resources = server_.client().List(kind);
      EXPECT_OK(resources.status());
      for (const MessagePtr& resource : *resources) {
        yaml += "---\n" + ToYaml(ResourceToValue(kind, *resource));
      }
    }
    return yaml;
  }

  InProcessControlPlane server_;
};

TEST_F(ApplyTest, MakesAWorldInAnyOrderOfTheFile) {
  EXPECT_THAT(DryRun(kWorld), EndsWith("15 to create, 0 to update, 0 unchanged\n"));
  EXPECT_EQ(Everything(), "") << "a dry run changes nothing";
  ASSERT_OK_AND_ASSIGN(const std::string out, Apply(kWorld));
  EXPECT_THAT(out, AllOf(HasSubstr("workspace/shop created\n"),
                         HasSubstr("its secret, shown only now: tg_live_"),
                         EndsWith("15 created, 0 updated, 0 unchanged\n")));
  EXPECT_THAT(out, Not(HasSubstr("sk-secret-of-acme")));
  EXPECT_THAT(out, Not(HasSubstr("a-secret-of-finance")));
}

TEST_F(ApplyTest, ChangesNothingTheSecondTime) {
  ASSERT_OK(Apply(kWorld).status());
  const std::string before = Everything();
  // What is printed has no secret; the first file has.
  EXPECT_THAT(Apply(before), IsOkAndHolds("0 created, 0 updated, 15 unchanged\n"));
  EXPECT_THAT(DryRun(before), "0 to create, 0 to update, 15 unchanged\n");
  EXPECT_THAT(Apply(kWorld), IsOkAndHolds("0 created, 0 updated, 15 unchanged\n"));
  EXPECT_EQ(Everything(), before);
}

TEST_F(ApplyTest, UpdatesOnlyWhatDiffers) {
  ASSERT_OK(Apply(kWorld).status());
  constexpr char kBudget[] = R"(
kind: budget
id: app-daily
spec:
  scope_kind: key
  scope_id: app
  limit_usd: 10
  period: daily
---
kind: organization
id: acme-inc
spec:
  display_name: ACME Inc.
)";
  EXPECT_EQ(DryRun(kBudget),
            "budget/app-daily would be updated: limit_usd 2.5 -> 10, hard true -> (none)\n"
            "0 to create, 1 to update, 1 unchanged\n");
  EXPECT_THAT(Apply(kBudget),
              IsOkAndHolds("budget/app-daily updated: limit_usd 2.5 -> 10, hard true -> (none)\n"
                           "0 created, 1 updated, 1 unchanged\n"));
  const std::string all = Everything();
  const std::size_t at = all.find("id: app-daily\n");
  ASSERT_NE(at, std::string::npos);
  EXPECT_THAT(all.substr(at, all.find("---\n", at) - at),
              AllOf(HasSubstr("limit_usd: \"10\""), Not(HasSubstr("hard:"))));
}

TEST_F(ApplyTest, ReplacesASecretThatDiffers) {
  ASSERT_OK(Apply(kWorld).status());
  const std::string other = R"(
kind: credential
id: acme-key
spec: {provider_id: acme, secret: sk-another, priority: 1}
)";
  EXPECT_THAT(DryRun(other), HasSubstr("secret (cannot be compared)"));
  EXPECT_THAT(Apply(other), IsOkAndHolds("credential/acme-key updated: secret\n"
                                         "0 created, 1 updated, 0 unchanged\n"));
}

TEST_F(ApplyTest, RevokesAKey) {
  ASSERT_OK(Apply(kWorld).status());
  EXPECT_THAT(Apply(R"(
kind: key
id: app
spec:
  display_name: The app
  workspace_id: shop
  project_id: website
  member_id: ann
  revoked: true
)"),
              IsOkAndHolds(HasSubstr("revoked (none) -> true")));
}

TEST_F(ApplyTest, ChecksEverythingBeforeItChangesAnything) {
  const std::string good = "kind: organization\nid: one\n---\n";
  const struct {
    const char* bad;
    const char* objection;
  } kCases[] = {
      {"kind: workspace\nid: w\nspec:\n  organization_id: nobody\n",
       "test:5: 'id' (workspace/w): organization_id names organization/nobody, which does not"},
      {"kind: budget\nid: b\nspec: {scope_kind: workspace, scope_id: gone, limit_usd: 1, "
       "period: none}\n",
       "scope_id names workspace/gone"},
      {"kind: workspace\nid: w\nspec:\n  organization: one\n", "test:7: unknown key"},
  };
  for (const auto& test_case : kCases) {
    const auto result = Apply(good + test_case.bad);
    EXPECT_FALSE(result.ok());
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(test_case.objection));
    EXPECT_EQ(Everything(), "");
  }
}

TEST_F(ApplyTest, SaysWhatTheServerObjectsTo) {
  const auto result = Apply(
      "kind: organization\nid: one\n---\n"
      "kind: budget\nid: b\nspec: {scope_kind: organization, scope_id: one, period: none}\n");
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("test:5"), HasSubstr("(budget/b)"),
                                     HasSubstr("limit_nano_usd"))));
}

TEST_F(ApplyTest, FailsWithoutAToken) {
  ASSERT_OK_AND_ASSIGN(auto channel, Connect(server_.address(), TlsFiles()));
  const RpcClient stranger(channel, Secret());
  ASSERT_OK_AND_ASSIGN(auto documents, ReadResources(kWorld, "test"));
  EXPECT_THAT(PlanApply(std::move(documents), ResourceClient(stranger)),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace tollgate::cli
