#include "billing/config/binding_revisions.h"

#include <functional>
#include <vector>

#include "billing/config/config_cache.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using config::v1::Resource;
using config::v1::SubscribeResponse;

TEST(BindingRevisionsTest, EachWorkspaceIsBoundByWhatTookSomethingFromIt) {
  BindingRevisions binding({1, 5});
  EXPECT_EQ(binding.Of("ws_1"), (ConfigRevision{1, 5})) << "what came before is not known";
  binding.Note({.workspaces = {"ws_1"}}, {1, 6});
  binding.Note({}, {1, 7});
  EXPECT_EQ(binding.Of("ws_1"), (ConfigRevision{1, 6}));
  EXPECT_EQ(binding.Of("ws_2"), (ConfigRevision{1, 5}));
  binding.Note({.all = true}, {2, 1});
  EXPECT_EQ(binding.Of("ws_1"), (ConfigRevision{2, 1}));
  EXPECT_EQ(binding.Of("ws_3"), (ConfigRevision{2, 1}));
}

// Two workspaces of one organization and one of another, each with a key and a member.
class BindingChangeTest : public testing::Test {
 protected:
  BindingChangeTest() {
    for (const char* id : {"1", "2", "3"}) {
      const std::string n = id;
      Resource workspace;
      workspace.mutable_workspace()->set_id("ws_" + n);
      workspace.mutable_workspace()->set_organization_id(n == "3" ? "org_b" : "org_a");
      Add("workspace/ws_" + n, workspace);
      Resource key;
      key.mutable_api_key()->set_id("key_" + n);
      key.mutable_api_key()->set_workspace_id("ws_" + n);
      Add("key/key_" + n, key);
      Resource member;
      member.mutable_member()->set_id("mem_" + n);
      member.mutable_member()->set_workspace_id("ws_" + n);
      Add("member/mem_" + n, member);
    }
    EXPECT_TRUE(Send().all) << "a node may know an earlier configuration than billing's first";
  }

  void Add(const std::string& key, Resource resource) {
    resource.set_key(key);
    resource.set_hash(++last_hash_);
    resources_[key] = resource;
  }

  void AddBudget(const std::string& id, config::v1::ScopeKind kind, const std::string& scope,
                 bool hard, std::int64_t limit) {
    Resource resource;
    config::v1::Budget& budget = *resource.mutable_budget();
    budget.set_id(id);
    budget.set_scope_kind(kind);
    budget.set_scope_id(scope);
    budget.set_period(config::v1::PERIOD_NONE);
    budget.set_hard(hard);
    budget.set_limit_nano_usd(limit);
    Add("budget/" + id, resource);
  }

  // Sends all that is there, as a snapshot or as a change; what it takes from whom.
  BindingChange Send(bool delta = false) {
    const std::uint64_t number = cache_.revision().number + 1;
    std::uint64_t digest = 0;
    for (const auto& [key, resource] : resources_) digest += resource.hash();
    absl::StatusOr<ConfigUpdate> update = absl::UnknownError("incomplete");
    if (delta) {
      SubscribeResponse::Delta message;
      message.mutable_from()->set_epoch(1);
      message.mutable_from()->set_number(number - 1);
      message.mutable_to()->set_epoch(1);
      message.mutable_to()->set_number(number);
      message.set_digest(digest);
      for (const auto& [key, resource] : resources_) {
        const auto former = sent_.find(key);
        const bool same = former != sent_.end() && former->second.hash() == resource.hash();
        if (!same || touched_ == key) *message.add_upserts() = resource;
      }
      for (const auto& [key, resource] : sent_) {
        if (!resources_.contains(key)) message.add_removed(key);
      }
      update = cache_.PrepareDelta(message);
    } else {
      SubscribeResponse::SnapshotChunk chunk;
      chunk.mutable_revision()->set_epoch(1);
      chunk.mutable_revision()->set_number(number);
      chunk.set_count(1);
      chunk.set_digest(digest);
      for (const auto& [key, resource] : resources_) {
        *chunk.add_resources() = resource.SerializeAsString();
      }
      bool complete = false;
      EXPECT_OK(cache_.AddChunk(chunk, &complete));
      update = cache_.PrepareSnapshot();
    }
    EXPECT_OK(update);
    if (!update.ok()) return {.all = true};
    cache_.Adopt();
    sent_ = resources_;
    return update->binding;
  }

  void ExpectBinds(const std::function<void()>& change, const std::set<std::string>& workspaces,
                   bool all = false) {
    const auto before = resources_;
    change();
    const BindingChange binding = Send(/*delta=*/true);
    EXPECT_EQ(binding.all, all);
    EXPECT_EQ(binding.workspaces, workspaces);
    resources_ = before;
    EXPECT_TRUE(Send().all) << "of a snapshot nobody can tell";
  }

  ConfigCache cache_;
  std::map<std::string, Resource> resources_;
  std::map<std::string, Resource> sent_;
  std::string touched_;  // Sent though it is as it was.
  std::uint64_t last_hash_ = 0;
};

TEST_F(BindingChangeTest, WhatIsNewTakesNothing) {
  ExpectBinds([] {}, {});
  ExpectBinds(
      [&] {
        Resource key;
        key.mutable_api_key()->set_id("key_9");
        key.mutable_api_key()->set_workspace_id("ws_1");
        Add("key/key_9", key);
        Resource offering;
        offering.mutable_offering()->set_id("o");
        Add("offering/o", offering);
      },
      {});
}

TEST_F(BindingChangeTest, AChangedOrRemovedKeyMemberOrWorkspaceBindsItsWorkspace) {
  ExpectBinds(
      [&] {
        Resource key = resources_["key/key_1"];
        key.mutable_api_key()->set_revoked(true);
        Add("key/key_1", key);
      },
      {"ws_1"});
  ExpectBinds([&] { resources_.erase("key/key_2"); }, {"ws_2"});
  ExpectBinds([&] { resources_.erase("member/mem_3"); }, {"ws_3"});
  ExpectBinds([&] { Add("workspace/ws_2", resources_["workspace/ws_2"]); }, {"ws_2"});
}

// Revoked, allowed and revoked again: a node may have what was in between.
TEST_F(BindingChangeTest, WhatIsAsItWasBindsTooWhenItWasChangedInBetween) {
  ExpectBinds([&] { touched_ = "key/key_1"; }, {"ws_1"});
}

TEST_F(BindingChangeTest, ANewCapBindsWhomItReaches) {
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_1", true, 10); }, {"ws_1"});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_MEMBER, "mem_2", true, 10); }, {"ws_2"});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_WORKSPACE, "ws_3", true, 10); },
              {"ws_3"});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_ORGANIZATION, "org_a", true, 10); },
              {"ws_1", "ws_2"});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_PROJECT, "proj_1", true, 10); }, {},
              /*all=*/true);
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_1", false, 10); }, {});
}

TEST_F(BindingChangeTest, HowMuchAKnownCapAllowsIsBillingsOwnToSay) {
  AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_1", true, 10);
  Send();
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_1", true, 5); }, {});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_1", false, 10); }, {});
  ExpectBinds([&] { AddBudget("b", config::v1::SCOPE_KIND_KEY, "key_2", true, 10); }, {"ws_2"});
  ExpectBinds([&] { resources_.erase("budget/b"); }, {});
}

}  // namespace
}  // namespace tollgate::billing
