#include "controlplane/service/quota_api.h"

#include <string>

#include "base/scope_ids.h"
#include "base/status_reason.h"
#include "controlplane/store/schema.h"
#include "gtest/gtest.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"
#include "tollgate/admin/v1/audit_service.pb.h"

namespace tollgate::controlplane {
namespace {

using admin::v1::CreateQuotaRequest;
using admin::v1::GetQuotaRequest;
using admin::v1::Quota;
using admin::v1::UpdateQuotaRequest;

const Principal kNode{"node-1", Role::kNode};
constexpr char kMethod[] = "tollgate.admin.v1.QuotaService/Test";

class QuotaApiTest : public testing::Test {
 protected:
  QuotaApiTest() : quotas_(world_.writer(), world_.clock) {
    world_.CreateBasics();
    admin::v1::Key manager = WriterWorld::MakeKey("key_manager");
    manager.set_manages_quotas(true);
    CHECK(world_.Create(KindId::kKey, manager).ok());
    admin::v1::Workspace other;
    other.set_id("ws_2");
    other.set_organization_id("org_1");
    CHECK(world_.Create(KindId::kWorkspace, other).ok());
    admin::v1::Key stranger = WriterWorld::MakeKey("key_stranger");
    stranger.set_workspace_id("ws_2");
    stranger.set_manages_quotas(true);
    CHECK(world_.Create(KindId::kKey, stranger).ok());
  }

  static CreateQuotaRequest Create(const std::string& acting) {
    CreateQuotaRequest request;
    request.set_acting_key_id(acting);
    request.set_limit_nano_usd(10);
    request.set_period(config::v1::PERIOD_MONTHLY);
    return request;
  }

  absl::StatusOr<Quota> CreateForKey(const std::string& acting = "key_manager",
                                     const std::string& key_id = "key_1") {
    CreateQuotaRequest request = Create(acting);
    request.set_key_id(key_id);
    return quotas_.Create(kNode, kMethod, request);
  }

  absl::StatusOr<Quota> CreateForEntity(const std::string& name) {
    CreateQuotaRequest request = Create("key_manager");
    request.set_quota_entity(name);
    return quotas_.Create(kNode, kMethod, request);
  }

  absl::StatusOr<Quota> Get(const std::string& acting, const std::string& key_id) {
    GetQuotaRequest request;
    request.set_acting_key_id(acting);
    request.set_key_id(key_id);
    return quotas_.Get(request);
  }

  static UpdateQuotaRequest Change() {
    UpdateQuotaRequest request;
    request.set_acting_key_id("key_manager");
    request.set_key_id("key_1");
    return request;
  }

  admin::v1::Budget BudgetOf(const Quota& quota) {
    return (*world_.writer().Get(KindOf(KindId::kBudget), quota.budget_id()))->budget();
  }

  WriterWorld world_;
  QuotaApi quotas_;
};

TEST_F(QuotaApiTest, AQuotaOfAKeyIsAHardBudget) {
  const absl::StatusOr<Quota> quota = CreateForKey();
  ASSERT_OK(quota);
  EXPECT_EQ(quota->key_id(), "key_1");
  EXPECT_TRUE(quota->active());
  const admin::v1::Budget budget = BudgetOf(*quota);
  EXPECT_EQ(budget.id(), QuotaBudgetId("key_1"));
  EXPECT_EQ(budget.scope_kind(), config::v1::SCOPE_KIND_KEY);
  EXPECT_EQ(budget.scope_id(), "key_1");
  EXPECT_EQ(budget.limit_nano_usd(), 10);
  EXPECT_EQ(budget.period(), config::v1::PERIOD_MONTHLY);
  EXPECT_TRUE(budget.hard());
  EXPECT_EQ(Get("key_manager", "key_1")->budget_id(), budget.id());
}

TEST_F(QuotaApiTest, AQuotaOfAnEntityMakesTheEntity) {
  const absl::StatusOr<Quota> quota = CreateForEntity("user-9");
  ASSERT_OK(quota);
  EXPECT_EQ(quota->quota_entity(), "user-9");
  const std::string id = QuotaEntityId("ws_1", "user-9");
  EXPECT_EQ(BudgetOf(*quota).scope_id(), id);
  EXPECT_OK(world_.writer().Get(KindOf(KindId::kQuotaEntity), id));
  EXPECT_EQ(ReasonOf(CreateForEntity("user-9").status()), "QUOTA_EXISTS");
  ASSERT_OK(CreateForEntity("user-10"));
  EXPECT_EQ(ReasonOf(CreateForEntity(std::string("\x01", 1)).status()), "INVALID_FIELD");
}

TEST_F(QuotaApiTest, OneThatIsPutAwayIsStillThere) {
  const absl::StatusOr<Quota> quota = CreateForKey();
  ASSERT_OK(quota);
  UpdateQuotaRequest change = Change();
  change.set_archived(true);
  const absl::StatusOr<Quota> archived = quotas_.Update(kNode, kMethod, change);
  ASSERT_OK(archived);
  EXPECT_TRUE(archived->archived());
  EXPECT_FALSE(archived->active());
  const absl::Status again = CreateForKey().status();
  EXPECT_THAT(again, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(ReasonOf(again), "QUOTA_EXISTS");
  EXPECT_TRUE(Get("key_manager", "key_1")->archived());
  change.set_archived(false);
  EXPECT_TRUE(quotas_.Update(kNode, kMethod, change)->active());
}

TEST_F(QuotaApiTest, ChangesWhatIsStated) {
  ASSERT_OK(CreateForKey());
  UpdateQuotaRequest change = Change();
  change.set_limit_nano_usd(0);
  EXPECT_EQ(quotas_.Update(kNode, kMethod, change)->limit_nano_usd(), 0);
  change = Change();
  change.set_period(config::v1::PERIOD_DAILY);
  change.set_active(false);
  const absl::StatusOr<Quota> quota = quotas_.Update(kNode, kMethod, change);
  ASSERT_OK(quota);
  EXPECT_EQ(quota->limit_nano_usd(), 0);
  EXPECT_EQ(quota->period(), config::v1::PERIOD_DAILY);
  EXPECT_FALSE(quota->active());
  EXPECT_TRUE(BudgetOf(*quota).disabled());
  change.set_limit_nano_usd(-1);
  EXPECT_EQ(ReasonOf(quotas_.Update(kNode, kMethod, change).status()), "INVALID_FIELD");
}

TEST_F(QuotaApiTest, WhatIsMissingIsNamed) {
  CreateQuotaRequest request = Create("key_manager");
  EXPECT_EQ(FieldOf(quotas_.Create(kNode, kMethod, request).status()), "key_id");
  request.set_key_id("key_1");
  request.clear_limit_nano_usd();
  EXPECT_EQ(FieldOf(quotas_.Create(kNode, kMethod, request).status()), "limit_nano_usd");
  request.set_limit_nano_usd(1);
  request.clear_period();
  EXPECT_EQ(FieldOf(quotas_.Create(kNode, kMethod, request).status()), "period");
}

TEST_F(QuotaApiTest, TheActingKeyDecidesWhatIsSeenAndChanged) {
  ASSERT_OK(CreateForKey());
  EXPECT_OK(Get("key_1", "key_1")) << "its own";
  EXPECT_THAT(Get("key_1", "key_manager").status(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Get("key_stranger", "key_1").status(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(CreateForKey("key_1").status(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CreateForKey("key_nobody").status(), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CreateForKey("key_stranger").status(), StatusIs(absl::StatusCode::kNotFound));
  UpdateQuotaRequest change = Change();
  change.set_acting_key_id("key_1");
  change.set_limit_nano_usd(1'000'000);
  EXPECT_THAT(quotas_.Update(kNode, kMethod, change).status(),
              StatusIs(absl::StatusCode::kPermissionDenied))
      << "a key does not raise its own limit";
}

TEST_F(QuotaApiTest, ARevokedOrExpiredKeyMayNothing) {
  admin::v1::Key patch = WriterWorld::MakeKey("key_manager");
  patch.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(world_.clock.Wall()) + 60);
  ASSERT_OK(world_.Update(KindId::kKey, patch, {"expire_time"}));
  EXPECT_OK(CreateForKey());
  world_.clock.Advance(absl::Seconds(61));
  EXPECT_THAT(Get("key_manager", "key_1").status(), StatusIs(absl::StatusCode::kPermissionDenied));
  patch.set_revoked(true);
  patch.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(world_.clock.Wall()) + 60);
  ASSERT_OK(world_.Update(KindId::kKey, patch, {"expire_time", "revoked"}));
  EXPECT_THAT(Get("key_manager", "key_1").status(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(QuotaApiTest, AnAdministratorsBudgetIsTheQuota) {
  admin::v1::Budget soft;
  soft.set_id("bud_a");
  soft.set_scope_kind(config::v1::SCOPE_KIND_KEY);
  soft.set_scope_id("key_1");
  soft.set_limit_nano_usd(5);
  soft.set_period(config::v1::PERIOD_NONE);
  ASSERT_OK(world_.Create(KindId::kBudget, soft));
  EXPECT_THAT(Get("key_1", "key_1").status(), StatusIs(absl::StatusCode::kNotFound))
      << "a soft budget refuses nothing";
  admin::v1::Budget hard = soft;
  hard.set_id("bud_b");
  hard.set_hard(true);
  ASSERT_OK(world_.Create(KindId::kBudget, hard));
  EXPECT_EQ(Get("key_1", "key_1")->budget_id(), "bud_b");
  EXPECT_EQ(ReasonOf(CreateForKey().status()), "QUOTA_EXISTS");
}

TEST_F(QuotaApiTest, TheAuditNamesTheActingKey) {
  ASSERT_OK(CreateForKey());
  absl::StatusOr<std::vector<StoreEntry>> rows =
      world_.store.Scan(Table::kAudit, {.after = "", .reverse = true, .limit = 1});
  ASSERT_OK(rows);
  admin::v1::AuditEntry entry;
  ASSERT_TRUE(entry.ParseFromString(rows->front().value));
  EXPECT_EQ(entry.actor(), "node-1 for key_manager");
  EXPECT_EQ(entry.method(), kMethod);
}

}  // namespace
}  // namespace tollgate::controlplane
