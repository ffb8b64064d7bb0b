#include "dataplane/snapshot/config_image.h"

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status_reason.h"
#include "dataplane/snapshot/holder.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;
using testing::HasSubstr;

absl::StatusOr<std::shared_ptr<const Snapshot>> BuildFrom(const std::vector<Resource>& resources) {
  ConfigImage image(TestSealer());
  for (const Resource& resource : resources) TG_RETURN_IF_ERROR(image.Upsert(resource));
  return image.Finish({1, 1});
}

TEST(ConfigImageTest, BuildsInAnyOrder) {
  ASSERT_OK_AND_ASSIGN(
      auto snapshot,
      BuildFrom({BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1"),
                 KeyResource("key_1", "ws_1"), CredentialResource("cred_1", "openai"),
                 OfferingResource("openai", "openai/gpt"), ModelResource("openai/gpt"),
                 ProviderResource("openai"), WorkspaceResource("ws_1", "org_9")}));
  const auto key = snapshot->FindKey(Sha256("key_1"));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(snapshot->WorkspaceAt(key->workspace()).organization_id, "org_9");
  EXPECT_EQ(snapshot->BudgetsOf(ScopeKind::kKey, "key_1").size(), 1u);
  EXPECT_TRUE(snapshot->BudgetsOf(ScopeKind::kKey, "key_2").empty());
  const Model* model = snapshot->catalog().FindModel("openai/gpt");
  ASSERT_NE(model, nullptr);
  ASSERT_EQ(model->offerings.size(), 1u);
  EXPECT_EQ(model->offerings[0]->provider->origin.host, "api.example.com");
  const auto& credentials = snapshot->catalog().CredentialsOf("openai", "");
  ASSERT_EQ(credentials.size(), 1u);
  EXPECT_EQ(credentials[0]->header_line->Reveal(), "authorization: Bearer sk-secret\r\n");
  EXPECT_EQ(snapshot->resource_count(), 7u);
}

TEST(ConfigImageTest, RefusesWhatIsNotThere) {
  EXPECT_THAT(BuildFrom({KeyResource("key_1", "ws_1")}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key/key_1")));
  EXPECT_EQ(ReasonOf(BuildFrom({CredentialResource("cred_1", "openai")}).status()),
            "DANGLING_REFERENCE");
  EXPECT_EQ(
      ReasonOf(BuildFrom({ProviderResource("openai"), OfferingResource("openai", "a/b")}).status()),
      "DANGLING_REFERENCE");
  EXPECT_EQ(ReasonOf(BuildFrom({WorkspaceResource("ws_1"), KeyResource("key_1", "ws_1"),
                                KeyResource("key_2", "ws_1", {}, false, "key_1")})
                         .status()),
            "DUPLICATE_RESOURCE");
}

TEST(ConfigImageTest, RefusesToRemoveWhatIsReferredTo) {
  ConfigImage image(TestSealer());
  ASSERT_OK(image.Upsert(WorkspaceResource("ws_1")));
  ASSERT_OK(image.Upsert(KeyResource("key_1", "ws_1")));
  ASSERT_OK(image.Upsert(BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_1")));
  ASSERT_OK(image.Finish({1, 1}).status());
  for (const std::string key : {"workspace/ws_1", "key/key_1"}) {
    ConfigImage next = image;
    ASSERT_OK(next.Remove(key));
    EXPECT_EQ(ReasonOf(next.Finish({1, 2}).status()), "DANGLING_REFERENCE") << key;
  }
  ConfigImage next = image;
  for (const std::string key : {"workspace/ws_1", "key/key_1", "budget/bud_1"}) {
    ASSERT_OK(next.Remove(key));
  }
  ASSERT_OK_AND_ASSIGN(auto snapshot, next.Finish({1, 2}));
  EXPECT_EQ(snapshot->digest(), 0u);
  EXPECT_EQ(snapshot->resource_count(), 0u);
  // And a key that names the removed workspace is refused from then on.
  ASSERT_OK(next.Upsert(KeyResource("key_2", "ws_1")));
  EXPECT_EQ(ReasonOf(next.Finish({1, 3}).status()), "DANGLING_REFERENCE");
}

TEST(ConfigImageTest, RefusesACredentialOfAnotherSealKey) {
  Resource credential = CredentialResource("cred_1", "openai");
  credential.mutable_credential()->set_sealed_secret(TestSealer().Seal("x", "credential/cred_2"));
  EXPECT_THAT(BuildFrom({ProviderResource("openai"), credential}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("credential/cred_1")));
  EXPECT_THAT(BuildFrom({ProviderResource("openai"),
                         CredentialResource("cred_1", "openai", "", 0, "a\r\nhost: evil")})
                  .status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("credential/cred_1")));
}

TEST(ConfigImageTest, PricesChangeOnSchedule) {
  Resource offering = OfferingResource("openai", "openai/gpt", 100);
  AddPrice(offering, 200, 1000, "pv_later");
  ASSERT_OK_AND_ASSIGN(auto snapshot, BuildFrom({ModelResource("openai/gpt"),
                                                 ProviderResource("openai"), offering}));
  const Offering* found = snapshot->catalog().FindOffering("openai:openai/gpt");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->PriceAt(absl::FromUnixSeconds(999))->rank_pico_usd, 200);
  EXPECT_EQ(found->PriceAt(absl::FromUnixSeconds(1000))->compiled.version_id(), "pv_later");
  EXPECT_EQ(found->PriceAt(absl::FromUnixSeconds(-1)), nullptr);
}

// A whole configuration that is loaded is the one that is put in piece by piece.
TEST(ConfigImageTest, LoadsAWholeConfiguration) {
  std::vector<Resource> all = {KeyResource("key_1", "ws_1"), WorkspaceResource("ws_1"),
                               KeyResource("key_2", "ws_2", {"a/b"}, true),
                               KeyResource("key_3", "ws_1"), WorkspaceResource("ws_2"),
                               BudgetResource("bud_1", config::v1::SCOPE_KIND_KEY, "key_3")};
  // One that is not plain, since a later version writes it.
  all[3].mutable_api_key()->GetReflection()->MutableUnknownFields(all[3].mutable_api_key())
      ->AddVarint(1000, 1);
  SetIdentity(all[3]);
  ConfigImage loaded(TestSealer());
  ConfigImage put(TestSealer());
  loaded.Expect(all.size());
  for (const Resource& resource : all) {
    ASSERT_OK(loaded.Load(resource.SerializeAsString()));
    ASSERT_OK(put.Upsert(resource));
  }
  ASSERT_OK_AND_ASSIGN(const auto one, loaded.Finish({1, 1}));
  ASSERT_OK_AND_ASSIGN(const auto other, put.Finish({1, 1}));
  EXPECT_EQ(one->digest(), other->digest());
  EXPECT_EQ(one->resource_count(), all.size());
  for (const char* id : {"key_1", "key_2", "key_3"}) {
    const auto a = one->FindKey(Sha256(id));
    const auto b = other->FindKey(Sha256(id));
    ASSERT_TRUE(a.has_value() && b.has_value()) << id;
    EXPECT_EQ(a->id(), id);
    EXPECT_EQ(a->revoked(), b->revoked());
    EXPECT_EQ(a->AllowedModels(), b->AllowedModels());
    EXPECT_EQ(one->WorkspaceAt(a->workspace()).id, other->WorkspaceAt(b->workspace()).id);
  }
  // And it can be changed.
  ConfigImage next = loaded;
  ASSERT_OK(next.Remove("key/key_1"));
  ASSERT_OK(next.Upsert(KeyResource("key_2", "ws_1")));
  ASSERT_OK_AND_ASSIGN(const auto changed, next.Finish({1, 2}));
  EXPECT_FALSE(changed->FindKey(Sha256("key_1")).has_value());
  EXPECT_EQ(changed->WorkspaceAt(changed->FindKey(Sha256("key_2"))->workspace()).id, "ws_1");
  EXPECT_TRUE(one->FindKey(Sha256("key_1")).has_value());
}

TEST(ConfigImageTest, RefusesAConfigurationThatIsNotWhole) {
  const std::string workspace = WorkspaceResource("ws_1").SerializeAsString();
  const std::string key = KeyResource("key_1", "ws_1").SerializeAsString();
  const auto finish = [](const std::vector<std::string>& resources) -> absl::Status {
    ConfigImage image(TestSealer());
    for (const std::string& bytes : resources) TG_RETURN_IF_ERROR(image.Load(bytes));
    return image.Finish({1, 1}).status();
  };
  EXPECT_OK(finish({key, workspace}));
  EXPECT_EQ(ReasonOf(finish({key})), "DANGLING_REFERENCE");
  EXPECT_EQ(ReasonOf(finish({key, workspace, key})), "DUPLICATE_RESOURCE");
  const Resource same_digest = KeyResource("key_2", "ws_1", {}, false, "key_1");
  EXPECT_EQ(ReasonOf(finish({key, workspace, same_digest.SerializeAsString()})),
            "DUPLICATE_RESOURCE");
  EXPECT_THAT(finish({key.substr(0, 40)}), StatusIs(absl::StatusCode::kInvalidArgument));
  Resource bad = KeyResource("key_2", "ws_1");
  bad.mutable_api_key()->clear_pepper_id();
  SetIdentity(bad);
  EXPECT_EQ(ReasonOf(finish({workspace, bad.SerializeAsString()})), "INVALID_FIELD");
}

// Any way to a state gives the digest and the contents of building it at once.
TEST(ConfigImageTest, DeltasConverge) {
  SeededRandom random(7);
  ConfigImage image(TestSealer());
  ASSERT_OK(image.Upsert(WorkspaceResource("ws_0")));
  ASSERT_OK(image.Upsert(ProviderResource("openai")));
  std::map<std::string, Resource> model;
  for (const Resource& resource : {WorkspaceResource("ws_0"), ProviderResource("openai")}) {
    model[resource.key()] = resource;
  }
  std::vector<std::pair<std::shared_ptr<const Snapshot>, std::size_t>> kept;
  for (std::uint64_t revision = 1; revision < 300; ++revision) {
    ConfigImage next = image;
    for (int change = 0; change < 5; ++change) {
      const std::string number = std::to_string(random.Below(30));
      Resource resource;
      switch (random.Below(4)) {
        case 0:
          resource = KeyResource("key_" + number, "ws_0", {}, random.Below(2) == 0);
          break;
        case 1:
          resource = BudgetResource("bud_" + number, config::v1::SCOPE_KIND_WORKSPACE, "ws_0",
                                    random.Below(2) == 0);
          break;
        case 2:
          resource = CredentialResource("cred_" + number, "openai");
          break;
        default:
          resource = AliasResource("alias" + number, {"a/b"});
          break;
      }
      if (random.Below(3) == 0) {
        ASSERT_OK(next.Remove(resource.key()));
        model.erase(resource.key());
      } else {
        ASSERT_OK(next.Upsert(resource));
        model[resource.key()] = resource;
      }
    }
    ASSERT_OK_AND_ASSIGN(auto snapshot, next.Finish({1, revision}));
    image = std::move(next);
    std::uint64_t digest = 0;
    std::size_t keys = 0;
    for (const auto& [key, resource] : model) {
      digest += resource.hash();
      keys += resource.has_api_key() ? 1 : 0;
    }
    ASSERT_EQ(snapshot->digest(), digest);
    ASSERT_EQ(snapshot->resource_count(), model.size());
    ASSERT_EQ(snapshot->key_count(), keys);
    kept.emplace_back(std::move(snapshot), keys);
  }
  for (const auto& [snapshot, keys] : kept) EXPECT_EQ(snapshot->key_count(), keys);
  for (const auto& [key, resource] : model) {
    if (!resource.has_api_key()) continue;
    const auto found = kept.back().first->FindKey(Sha256(resource.api_key().id()));
    ASSERT_TRUE(found.has_value()) << key;
    EXPECT_EQ(found->revoked(), resource.api_key().revoked()) << key;
  }
}

TEST(SnapshotHolderTest, AReaderSeesTheNewOneAndKeepsTheOld) {
  SnapshotHolder holder;
  SnapshotReader reader(holder);
  EXPECT_EQ(reader.Get(), nullptr);
  ASSERT_OK_AND_ASSIGN(auto first, BuildFrom({WorkspaceResource("ws_1")}));
  holder.Publish(first);
  const std::shared_ptr<const Snapshot> request = reader.Get();
  EXPECT_EQ(request.get(), first.get());
  std::weak_ptr<const Snapshot> watch = first;
  first.reset();
  ASSERT_OK_AND_ASSIGN(auto second, BuildFrom({WorkspaceResource("ws_2")}));
  holder.Publish(second);
  EXPECT_EQ(reader.Get().get(), second.get());
  EXPECT_NE(request->FindWorkspace("ws_1"), nullptr);
  EXPECT_FALSE(watch.expired());
}

}  // namespace
}  // namespace tollgate::dataplane
