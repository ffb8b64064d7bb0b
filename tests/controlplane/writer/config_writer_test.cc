#include "controlplane/writer/config_writer.h"

#include <optional>
#include <string>

#include "base/digest.h"
#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"
#include "tollgate/admin/v1/audit_service.pb.h"

namespace tollgate::controlplane {
namespace {

using config::v1::AUDIENCE_BILLING;
using config::v1::AUDIENCE_DATAPLANE;

class ConfigWriterTest : public testing::Test {
 protected:
  ConfigWriterTest() { world_.CreateBasics(); }

  ResourcePtr Published(const std::string& key,
                        config::v1::Audience audience = AUDIENCE_DATAPLANE) {
    return world_.writer().publisher().published(audience).Find(key);
  }
  std::uint64_t Number() { return world_.writer().publisher().revision().number(); }
  std::string AllRows() {
    std::string all;
    for (int table = 0; table < kTables; ++table) {
      const absl::StatusOr<std::vector<StoreEntry>> rows =
          world_.store.Scan(static_cast<Table>(table), {});
      for (const StoreEntry& entry : *rows) {
        all += entry.key + "=" + entry.value + "\n";
      }
    }
    return all;
  }

  WriterWorld world_;
};

TEST_F(ConfigWriterTest, AKeysSecretIsShownOnceAndStoredAsADigest) {
  ASSERT_OK_AND_ASSIGN(const Answer answer,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey("key_2")));
  EXPECT_TRUE(LooksLikeApiKey(answer.key_secret.Reveal()));
  const ResourcePtr published = Published("key/key_2");
  ASSERT_NE(published, nullptr);
  EXPECT_EQ(published->api_key().digest(),
            DigestView(*world_.peppers().Digest(1, answer.key_secret.Reveal())));
  EXPECT_EQ(published->api_key().pepper_id(), 1);
  EXPECT_EQ(AllRows().find(answer.key_secret.Reveal()), std::string::npos);
  // Billing sees the key without its digest.
  EXPECT_EQ(Published("key/key_2", AUDIENCE_BILLING)->api_key().digest(), "");
}

TEST_F(ConfigWriterTest, ACredentialIsSealedAndNeverComesBack) {
  ASSERT_OK_AND_ASSIGN(
      const Answer answer,
      world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "openai"),
                    WriterWorld::By("r1")));
  EXPECT_EQ(answer.record->credential().secret(), "");
  EXPECT_EQ(AllRows().find("sk-provider-secret"), std::string::npos);
  ASSERT_OK_AND_ASSIGN(const Secret opened,
                       world_.sealer().Open(answer.record->sealed_secret(), "credential/cred_1"));
  EXPECT_EQ(opened.Reveal(), "sk-provider-secret");
  EXPECT_FALSE(world_.sealer().Open(answer.record->sealed_secret(), "credential/cred_2").ok());

  // An update without a secret keeps it; one with a secret replaces it.
  admin::v1::Credential patch;
  patch.set_id("cred_1");
  patch.set_priority(5);
  ASSERT_OK_AND_ASSIGN(const Answer kept, world_.Update(KindId::kCredential, patch));
  EXPECT_EQ(kept.record->sealed_secret(), answer.record->sealed_secret());
  patch.set_secret("sk-second");
  ASSERT_OK_AND_ASSIGN(const Answer replaced, world_.Update(KindId::kCredential, patch));
  EXPECT_EQ(world_.sealer().Open(replaced.record->sealed_secret(), "credential/cred_1")->Reveal(),
            "sk-second");
  EXPECT_EQ(AllRows().find("sk-second"), std::string::npos);
}

TEST_F(ConfigWriterTest, ARepetitionAnswersAsTheFirstTime) {
  const Caller caller = WriterWorld::By("r1", "contents");
  ASSERT_OK_AND_ASSIGN(const Answer first,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey(""), caller));
  const std::uint64_t number = Number();
  ASSERT_OK_AND_ASSIGN(const Answer again,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey(""), caller));
  EXPECT_EQ(Number(), number);
  EXPECT_EQ(again.record->SerializeAsString(), first.record->SerializeAsString());
  EXPECT_EQ(again.key_secret.Reveal(), first.key_secret.Reveal());

  EXPECT_EQ(ReasonOf(world_
                         .Create(KindId::kKey, WriterWorld::MakeKey(""),
                                 WriterWorld::By("r1", "other contents"))
                         .status()),
            "REQUEST_ID_REUSED");
  // Request ids of one caller do not concern another.
  Caller bob = caller;
  bob.actor = "bob";
  ASSERT_OK_AND_ASSIGN(const Answer bobs,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey(""), bob));
  EXPECT_NE(bobs.record->key().id(), first.record->key().id());

  // After a restart the key is still answered; its secret is gone for good.
  world_.Reopen();
  ASSERT_OK_AND_ASSIGN(const Answer later,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey(""), caller));
  EXPECT_EQ(later.record->key().id(), first.record->key().id());
  EXPECT_TRUE(later.key_secret.empty());
}

TEST_F(ConfigWriterTest, ASecretCanBeAskedForAgainForTenMinutesOnly) {
  const Caller caller = WriterWorld::By("r1");
  ASSERT_OK(world_.Create(KindId::kKey, WriterWorld::MakeKey("key_2"), caller));
  world_.clock.Advance(kSecretAgeMax);
  ASSERT_OK_AND_ASSIGN(const Answer later,
                       world_.Create(KindId::kKey, WriterWorld::MakeKey("key_2"), caller));
  EXPECT_TRUE(later.key_secret.empty());
}

TEST_F(ConfigWriterTest, MemosAreKeptADayAndThenRemoved) {
  ASSERT_OK(world_.Create(KindId::kKey, WriterWorld::MakeKey("key_2"), WriterWorld::By("r1")));
  world_.clock.Advance(kMemoAgeMin);
  ASSERT_OK(world_.Create(KindId::kKey, WriterWorld::MakeKey("key_3"), WriterWorld::By("r2")));
  EXPECT_EQ(world_.store.Scan(Table::kMemos, {})->size(), 2);
  world_.clock.Advance(absl::Seconds(1));
  ASSERT_OK(world_.Create(KindId::kKey, WriterWorld::MakeKey("key_4"), WriterWorld::By("r3")));
  EXPECT_EQ(world_.store.Scan(Table::kMemos, {})->size(), 2);
  EXPECT_EQ(
      ReasonOf(world_.Create(KindId::kKey, WriterWorld::MakeKey("key_2"), WriterWorld::By("r1"))
                   .status()),
      "ALREADY_EXISTS");  // Forgotten, so it is a request like any other.
}

TEST_F(ConfigWriterTest, UpdatesByMaskAndEtag) {
  admin::v1::Key patch;
  patch.set_id("key_1");
  patch.set_display_name("first");
  patch.add_allowed_models("openai/*");
  ASSERT_OK_AND_ASSIGN(const Answer first, world_.Update(KindId::kKey, patch));
  EXPECT_EQ(first.record->key().workspace_id(), "ws_1");
  EXPECT_EQ(first.record->key().allowed_models_size(), 1);

  // The mask decides, not what is set.
  patch.set_display_name("second");
  patch.clear_allowed_models();
  patch.set_etag(first.record->key().etag());
  ASSERT_OK_AND_ASSIGN(const Answer second, world_.Update(KindId::kKey, patch, {"allowed_models"}));
  EXPECT_EQ(second.record->key().display_name(), "first");
  EXPECT_EQ(second.record->key().allowed_models_size(), 0);

  EXPECT_THAT(world_.Update(KindId::kKey, patch).status(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(ReasonOf(world_.Update(KindId::kKey, patch).status()), "ETAG_MISMATCH");
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kKey, "key_1", "stale").status()), "ETAG_MISMATCH");

  patch.clear_etag();
  EXPECT_EQ(FieldOf(world_.Update(KindId::kKey, patch, {"no_such_field"}).status()), "update_mask");
  patch.set_workspace_id("ws_2");
  const absl::Status immutable = world_.Update(KindId::kKey, patch).status();
  EXPECT_EQ(ReasonOf(immutable), "IMMUTABLE_FIELD");
  EXPECT_EQ(FieldOf(immutable), "workspace_id");
}

TEST_F(ConfigWriterTest, AChangeThatChangesNothingIsNoRevision) {
  admin::v1::Key patch;
  patch.set_id("key_1");
  const std::uint64_t number = Number();
  ASSERT_OK_AND_ASSIGN(const Answer answer, world_.Update(KindId::kKey, patch));
  EXPECT_EQ(answer.record->key().id(), "key_1");
  EXPECT_EQ(Number(), number);
}

TEST_F(ConfigWriterTest, ARevokedKeyStaysRevoked) {
  admin::v1::Key patch;
  patch.set_id("key_1");
  patch.set_revoked(true);
  ASSERT_OK(world_.Update(KindId::kKey, patch, {"revoked"}));
  EXPECT_TRUE(Published("key/key_1")->api_key().revoked());
  patch.set_revoked(false);
  EXPECT_EQ(ReasonOf(world_.Update(KindId::kKey, patch, {"revoked"}).status()), "KEY_REVOKED");
}

TEST_F(ConfigWriterTest, ParentsGoLast) {
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kOrganization, "org_1").status()), "HAS_CHILDREN");
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kWorkspace, "ws_1").status()), "HAS_CHILDREN");
  ASSERT_OK(world_.Delete(KindId::kKey, "key_1"));
  ASSERT_OK(world_.Delete(KindId::kWorkspace, "ws_1"));
  ASSERT_OK(world_.Delete(KindId::kOrganization, "org_1"));
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kOrganization, "org_1").status()), "NOT_FOUND");
  EXPECT_EQ(Published("key/key_1"), nullptr);
}

TEST_F(ConfigWriterTest, EveryMutationIsAuditedWithoutSecrets) {
  ASSERT_OK(world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "openai"),
                          WriterWorld::By("r1")));
  admin::v1::Credential patch;
  patch.set_id("cred_1");
  patch.set_display_name("renamed");
  patch.set_secret("sk-second");
  ASSERT_OK(world_.Update(KindId::kCredential, patch));
  ASSERT_OK(world_.Delete(KindId::kCredential, "cred_1"));
  ASSERT_OK_AND_ASSIGN(const std::vector<StoreEntry> rows,
                       world_.store.Scan(Table::kAudit, {.reverse = true, .limit = 3}));
  ASSERT_EQ(rows.size(), 3);
  std::vector<admin::v1::AuditEntry> entries(3);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(entries[i].ParseFromString(rows[i].value));
    EXPECT_EQ(entries[i].actor(), "alice");
    EXPECT_EQ(entries[i].resource_kind(), "credential");
    EXPECT_EQ(entries[i].resource_id(), "cred_1");
    EXPECT_EQ(entries[i].sequence(), Number() - i);
    EXPECT_EQ(entries[i].DebugString().find("sk-"), std::string::npos);
    EXPECT_EQ(entries[i].DebugString().find("secret"), std::string::npos);
  }
  EXPECT_EQ(entries[0].action(), admin::v1::AuditEntry::ACTION_DELETE);
  EXPECT_FALSE(entries[0].has_after());
  EXPECT_EQ(entries[1].action(), admin::v1::AuditEntry::ACTION_UPDATE);
  EXPECT_EQ(entries[1].after().fields().at("display_name").string_value(), "renamed");
  EXPECT_EQ(entries[2].action(), admin::v1::AuditEntry::ACTION_CREATE);
  EXPECT_FALSE(entries[2].has_before());
  EXPECT_EQ(entries[2].request_id(), "r1");
}

TEST_F(ConfigWriterTest, ARestartChangesNothing) {
  catalog::v1::Facts facts;
  AddFacts(facts, "openai");
  ASSERT_OK(world_.writer().AdoptFacts(facts));
  ASSERT_OK(world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "openai")));
  const config::v1::Revision before = world_.writer().publisher().revision();
  const std::uint64_t digest = world_.writer().publisher().digest(AUDIENCE_DATAPLANE);
  world_.Reopen();
  EXPECT_TRUE(IsSame(world_.writer().publisher().revision(), before));
  EXPECT_EQ(world_.writer().publisher().digest(AUDIENCE_DATAPLANE), digest);
  EXPECT_NE(Published("offering/openai:vendor/openai"), nullptr);
  // The log came back too: a node that is one behind gets a delta.
  config::v1::Revision behind = before;
  behind.set_number(before.number());
  ASSERT_OK(world_.Delete(KindId::kKey, "key_1"));
  const std::optional<Update> update =
      world_.writer().publisher().UpdateSince(AUDIENCE_DATAPLANE, behind, digest, false);
  ASSERT_TRUE(update.has_value());
  EXPECT_TRUE(update->from.has_value());
  EXPECT_EQ(update->removed, std::vector<std::string>{"key/key_1"});
}

TEST_F(ConfigWriterTest, ARestoreBeginsALaterEpoch) {
  const config::v1::Revision before = world_.writer().publisher().revision();
  world_.Reopen({.restore = true});
  const config::v1::Revision restored = world_.writer().publisher().revision();
  EXPECT_TRUE(IsBefore(before, restored));
  EXPECT_GE(restored.epoch(), static_cast<std::uint64_t>(absl::ToUnixSeconds(world_.clock.Wall())));
  world_.Reopen({.restore = true});
  EXPECT_GT(world_.writer().publisher().revision().epoch(), restored.epoch());
}

TEST_F(ConfigWriterTest, FactsArePublishedForProvidersInUse) {
  std::set<std::string> wanted;
  world_.writer().SetProvidersListener(
      [&wanted](const std::set<std::string>& ids) { wanted = ids; });
  EXPECT_TRUE(wanted.empty());
  ASSERT_OK(world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "openai")));
  EXPECT_EQ(wanted, std::set<std::string>{"openai"});
  EXPECT_EQ(Published("credential/cred_1"), nullptr);  // The provider is not known yet.

  catalog::v1::Facts facts;
  AddFacts(facts, "openai");
  AddFacts(facts, "unused");
  ASSERT_OK(world_.writer().AdoptFacts(facts));
  EXPECT_NE(Published("credential/cred_1"), nullptr);
  EXPECT_NE(Published("offering/openai:vendor/openai"), nullptr);
  EXPECT_NE(Published("model/vendor/openai"), nullptr);
  EXPECT_EQ(Published("offering/unused:vendor/unused"), nullptr);
  EXPECT_EQ(Published("model/vendor/unused"), nullptr);
  const ResourceSet& billing =
      world_.writer().publisher().published(config::v1::AUDIENCE_BILLING);
  EXPECT_NE(billing.Find("offering/openai:vendor/openai"), nullptr) << "for its prices";
  EXPECT_EQ(billing.Find("model/vendor/openai"), nullptr);
  const std::uint64_t number = Number();
  ASSERT_OK(world_.writer().AdoptFacts(facts));  // The same facts change nothing.
  EXPECT_EQ(Number(), number);

  admin::v1::Provider provider;
  provider.set_id("openai");
  provider.set_base_url("https://proxy.example.com/v1");
  ASSERT_OK(world_.Create(KindId::kProvider, provider));
  EXPECT_EQ(Published("provider/openai")->provider().base_url(), "https://proxy.example.com/v1");
  EXPECT_EQ(Published("provider/openai")->provider().display_name(), "From the catalog");
  ASSERT_OK(world_.Delete(KindId::kProvider, "openai"));  // The catalog knows it too.
  EXPECT_EQ(Published("provider/openai")->provider().base_url(), "https://openai.example.com/v1");

  ASSERT_OK(world_.Delete(KindId::kCredential, "cred_1"));
  EXPECT_TRUE(wanted.empty());
  for (const char* key :
       {"provider/openai", "offering/openai:vendor/openai", "model/vendor/openai"}) {
    EXPECT_EQ(Published(key), nullptr) << key;
  }
}

TEST_F(ConfigWriterTest, AProviderThatOnlyAnAdministratorKnowsGoesAfterItsCredentials) {
  admin::v1::Provider provider;
  provider.set_id("local");
  provider.set_base_url("http://127.0.0.1:9000/v1");
  provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  ASSERT_OK(world_.Create(KindId::kProvider, provider));
  ASSERT_OK(world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "local")));
  EXPECT_NE(Published("credential/cred_1"), nullptr);
  EXPECT_EQ(ReasonOf(world_.Delete(KindId::kProvider, "local").status()), "HAS_CHILDREN");
}

TEST_F(ConfigWriterTest, ABadFactIsLeftOut) {
  ASSERT_OK(world_.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_1", "openai")));
  catalog::v1::Facts facts;
  AddFacts(facts, "openai");
  facts.add_offerings()->set_id("openai:unpriced");
  ASSERT_OK(world_.writer().AdoptFacts(facts));
  EXPECT_NE(Published("offering/openai:vendor/openai"), nullptr);
  EXPECT_EQ(Published("offering/openai:unpriced"), nullptr);
}

// Refuses writes on demand.
class FaultyStore final : public ConfigStore {
 public:
  absl::Status Write(const StoreBatch& batch) override {
    return faulty ? absl::UnavailableError("disk") : inner_.Write(batch);
  }
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) override {
    return inner_.Get(table, key);
  }
  absl::StatusOr<std::vector<StoreEntry>> Scan(Table table, const ScanOptions& options) override {
    return inner_.Scan(table, options);
  }
  bool faulty = false;

 private:
  MemoryStore inner_;
};

TEST_F(ConfigWriterTest, WhatIsNotDurableIsNeitherAnsweredNorPublished) {
  FaultyStore store;
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<ConfigWriter> writer,
                       ConfigWriter::Open({.store = store,
                                           .peppers = world_.peppers(),
                                           .sealer = world_.sealer(),
                                           .clock = world_.clock,
                                           .random = SystemRandom()},
                                          {}));
  store.faulty = true;
  const std::uint64_t number = writer->publisher().revision().number();
  admin::v1::Organization organization;
  organization.set_id("org_1");
  const Kind& kind = KindOf(KindId::kOrganization);
  EXPECT_EQ(ReasonOf(writer->Create(WriterWorld::By(""), kind, organization).status()),
            "STORE_FAILED");
  EXPECT_FALSE(writer->healthy());
  EXPECT_EQ(writer->publisher().revision().number(), number);
  EXPECT_EQ(ReasonOf(writer->Get(kind, "org_1").status()), "NOT_FOUND");
}

}  // namespace
}  // namespace tollgate::controlplane
