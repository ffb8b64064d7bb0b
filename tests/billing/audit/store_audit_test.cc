// A store with each kind of defect, and the check that must find it; a good store has none.
#include "billing/audit/store_audit.h"

#include <rocksdb/write_batch.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "billing/books/books.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/rocksdb_ledger_store.h"
#include "billing/store/row_codec.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/config/v1/config.pb.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

using testing::HasSubstr;
using usage::v1::UsageRecord;

constexpr std::int64_t kInputPico = 2'000'000;
constexpr std::int64_t kOutputPico = 10'000'000;
const RecordKey kFirstRecord{{"n", 1, 0}, 1};

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

std::string Prices() {
  pricing::v1::PriceVersion version;
  version.set_id("pv_1");
  for (const auto& [direction, price] : std::map<pricing::v1::Direction, std::int64_t>{
           {pricing::v1::DIRECTION_INPUT, kInputPico},
           {pricing::v1::DIRECTION_OUTPUT, kOutputPico}}) {
    pricing::v1::PriceComponent* component = version.add_components();
    component->set_unit(pricing::v1::UNIT_TOKEN);
    component->set_direction(direction);
    component->set_modality(pricing::v1::MODALITY_TEXT);
    component->set_cache(pricing::v1::CACHE_CLASS_NONE);
    component->set_tier(pricing::v1::SERVICE_TIER_STANDARD);
    component->set_price_pico_usd_per_unit(price);
  }
  return version.SerializeAsString();
}

UsageRecord Record(int number, std::int64_t input, std::int64_t output) {
  UsageRecord record;
  record.set_generation_id(absl::StrCat("gen_", number));
  record.set_attempt(1);
  record.set_workspace_id("ws_1");
  record.set_key_id("key_1");
  record.set_model_id("m");
  record.set_provider_id("p");
  record.set_price_version_id("pv_1");
  record.set_service_tier(pricing::v1::SERVICE_TIER_STANDARD);
  record.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  for (const auto& [direction, count] : std::map<pricing::v1::Direction, std::int64_t>{
           {pricing::v1::DIRECTION_INPUT, input}, {pricing::v1::DIRECTION_OUTPUT, output}}) {
    pricing::v1::Quantity* quantity = record.add_quantities();
    quantity->set_unit(pricing::v1::UNIT_TOKEN);
    quantity->set_direction(direction);
    quantity->set_modality(pricing::v1::MODALITY_TEXT);
    quantity->set_cache(pricing::v1::CACHE_CLASS_NONE);
    quantity->set_count(count);
  }
  const std::int64_t cost = (input * kInputPico + output * kOutputPico) / 1000;
  record.set_charge_nano_usd(cost);
  record.set_cost_nano_usd(cost);
  for (const char* account : {"wallet/ws_1", "budget/b/all"}) {
    usage::v1::Hold* hold = record.add_holds();
    hold->set_account(account);
    hold->set_amount_nano_usd(1'000'000);
    hold->set_leased(true);
    hold->set_lease_incarnation(1);
  }
  return record;
}

UsageRecordItem ItemOf(const UsageRecord& record) {
  UsageRecordItem item;
  item.bytes = record.SerializeAsString();
  item.digest = Sha256(item.bytes);
  item.generation_id = record.generation_id();
  item.attempt = record.attempt();
  item.workspace_id = record.workspace_id();
  item.key_id = record.key_id();
  item.model_id = record.model_id();
  item.provider_id = record.provider_id();
  item.charge = Nano(record.charge_nano_usd());
  item.cost = Nano(record.cost_nano_usd());
  for (const usage::v1::Hold& hold : record.holds()) {
    item.holds.push_back({hold.account(), hold.leased(), hold.lease_incarnation()});
  }
  return item;
}

class StoreAuditTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { good_ = new TempDir(); }
  static void TearDownTestSuite() {
    delete good_;
    good_ = nullptr;
  }
  void SetUp() override {
    const std::string made = good_->File("ledger");
    if (!std::filesystem::exists(made)) Make(made);
    std::filesystem::copy(made, folder_, std::filesystem::copy_options::recursive);
  }
  // A store with a bit of everything: money in and corrected, leases that were granted, given back,
  // closed and lost, usage that was reported, interrupted and for nothing.
  void Make(const std::string& folder) {
    books_ = std::make_unique<Books>(LeaseBookOptions{}, StoredState{}, BudgetTermsById{
        {"b", {Nano(50'000'000), BudgetPeriod::kNone, true}}});
    ConfigChange config;
    config.revision = std::string(16, '\0');
    config.price_versions["pv_1"] = Prices();
    books_->Configure(config, {{"b", {Nano(50'000'000), BudgetPeriod::kNone, true}}}, now_);
    ASSERT_OK(books_->Post({EntryKind::kTopUp, "ws_1", Nano(100'000'000), "r1", "in"}, now_));
    ASSERT_OK(books_->Post({EntryKind::kAdjustment, "ws_1", Nano(-5), "r2", "out"}, now_));
    ASSERT_OK(books_->OpenStream(1, {"n", 1, "s"}));
    Want(1, "wallet/ws_1", 10'000'000);
    Want(1, "budget/b/all", 10'000'000);
    UsageRecord interrupted = Record(2, 0, 0);
    interrupted.clear_quantities();
    interrupted.set_usage_source(usage::v1::USAGE_SOURCE_INTERRUPTED);
    interrupted.set_charge_nano_usd(1'000'000);
    interrupted.set_cost_nano_usd(0);
    UsageRecord none = Record(3, 0, 0);
    none.clear_quantities();
    none.set_usage_source(usage::v1::USAGE_SOURCE_NONE);
    none.set_outcome(usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR);
    ASSERT_OK(books_->Apply({{"n", 1, 0},
                             1,
                             {ItemOf(Record(1, 100, 20)), ItemOf(interrupted), ItemOf(none)},
                             1},
                            now_));
    ASSERT_OK(books_->OpenStream(2, {"n", 2, "t"}));
    ASSERT_OK(books_->CloseIncarnation("n", 2, 1, {{{"n", 1, 0}, 3}}, now_));
    ASSERT_OK(books_->OpenStream(3, {"lost", 1, "u"}));
    Want(3, "wallet/ws_1", 7'000'000);
    books_->CloseStream(3);
    ASSERT_OK(books_->Resolve({"wallet/ws_1", "lost", 1}, now_));
    Want(2, "wallet/ws_1", 3'000'000);
    ASSERT_OK(books_->Apply({{"n", 2, 0}, 1, {Second()}, 2}, now_));
    ASSERT_OK_AND_ASSIGN(const auto store, RocksdbLedgerStore::Open(folder));
    ASSERT_OK(store->Write(books_->TakeCommit()));
  }
  static UsageRecordItem Second() {
    UsageRecord record = Record(4, 7, 3);
    record.mutable_holds()->DeleteSubrange(1, 1);
    record.mutable_holds(0)->set_lease_incarnation(2);
    return ItemOf(record);
  }
  void Want(StreamId stream, const std::string& account, std::int64_t amount) {
    WantRequest want;
    want.account = account;
    want.need = want.want = Nano(amount);
    ASSERT_OK(books_->Want(stream, want, now_));
    books_->TakeMessages();
  }

  // Changes rows behind the store's back.
  void Break(const std::function<void(RocksdbDatabase&, rocksdb::WriteBatch&)>& change) {
    ASSERT_OK_AND_ASSIGN(const auto database, RocksdbDatabase::Open(folder_));
    rocksdb::WriteBatch batch;
    change(*database, batch);
    ASSERT_OK(database->Write(batch));
  }
  void Put(Family family, std::string key, std::string value) {
    Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
      batch.Put(database.family(family), key, value);
    });
  }
  void Delete(Family family, std::string key) {
    Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
      batch.Delete(database.family(family), key);
    });
  }
  // Replaces an entry and chains everything after it anew, as a forger would.
  void Rewrite(std::uint64_t sequence, const std::function<void(Entry&)>& change) {
    Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
      Sha256Digest former{};
      ASSERT_OK(database.Scan(
          Family::kJournal, "",
          [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
            Entry entry = *DecodeEntry(value);
            if (entry.sequence == sequence) change(entry);
            entry.hash = ChainHash(former, EncodeEntryContents(entry));
            former = entry.hash;
            batch.Put(database.family(Family::kJournal), std::string(key), EncodeEntry(entry));
            return true;
          }));
    });
  }
  std::uint64_t FirstOf(EntryKind kind) {
    std::uint64_t found = 0;
    Break([&](RocksdbDatabase& database, rocksdb::WriteBatch&) {
      ASSERT_OK(database.Scan(Family::kJournal, "",
                              [&](std::string_view, std::string_view value) -> absl::StatusOr<bool> {
                                const Entry entry = *DecodeEntry(value);
                                found = entry.transfer.kind == kind ? entry.sequence : 0;
                                return found == 0;
                              }));
    });
    return found;
  }

  AuditReport Audit() {
    absl::StatusOr<AuditReport> report = AuditStore(folder_, nullptr);
    EXPECT_OK(report);
    return report.ok() ? *report : AuditReport();
  }
  // The check finds it, and says so of a place with these words.
  void ExpectFound(AuditCheck check, const std::string& where) {
    const AuditReport report = Audit();
    EXPECT_FALSE(report.clean());
    const AuditReport::Tally& tally = report.tally(check);
    ASSERT_TRUE(tally.first.has_value()) << AuditCheckId(check) << " found nothing";
    EXPECT_THAT(tally.first->where, HasSubstr(where));
    EXPECT_FALSE(tally.first->expected.empty() || tally.first->found.empty());
    EXPECT_NE(tally.first->expected, tally.first->found);
  }

  static TempDir* good_;
  TempDir dir_;
  const std::string folder_ = dir_.File("ledger");
  std::unique_ptr<Books> books_;
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
};

TempDir* StoreAuditTest::good_ = nullptr;

TEST_F(StoreAuditTest, AGoodStoreHasNoDifference) {
  const AuditReport report = Audit();
  EXPECT_TRUE(report.clean()) << report.first()->where << ": expected "
                              << report.first()->expected << ", found " << report.first()->found;
  for (std::size_t i = 0; i < kAuditChecks; ++i) {
    EXPECT_GT(report.tally(static_cast<AuditCheck>(i)).examined, 0u)
        << AuditCheckId(static_cast<AuditCheck>(i)) << " examined nothing";
  }
  EXPECT_TRUE(report.notes().empty());
}

TEST_F(StoreAuditTest, AnEmptyStoreHasNoDifference) {
  ASSERT_OK(RocksdbLedgerStore::Open(dir_.File("empty")).status());
  ASSERT_OK_AND_ASSIGN(const AuditReport report, AuditStore(dir_.File("empty"), nullptr));
  EXPECT_TRUE(report.clean());
}

TEST_F(StoreAuditTest, J1FindsAnEntryThatDoesNotBalance) {
  Rewrite(1, [](Entry& entry) { entry.transfer.postings[1].amount -= Nano(1); });
  ExpectFound(AuditCheck::kJ1, "entry 1");
}

TEST_F(StoreAuditTest, J2FindsAMissingEntry) {
  Delete(Family::kJournal, SequenceKey(2));
  ExpectFound(AuditCheck::kJ2, "entry 3");
}

TEST_F(StoreAuditTest, J2FindsAnEntryThatIsNotListed) {
  Delete(Family::kJournalByWorkspace, WorkspaceEntryKey("ws_1", EntryKind::kTopUp, 1));
  ExpectFound(AuditCheck::kJ2, "entry 1");
}

TEST_F(StoreAuditTest, J3FindsABalanceThatIsNotTheFold) {
  Put(Family::kBalances, "revenue/m", EncodeMoney(Nano(1)));
  ExpectFound(AuditCheck::kJ3, "revenue/m");
}

TEST_F(StoreAuditTest, J3FindsABalanceInAnEntryThatIsNotTheFold) {
  Rewrite(2, [](Entry& entry) { entry.balance += Nano(1); });
  ExpectFound(AuditCheck::kJ3, "entry 2");
}

TEST_F(StoreAuditTest, J4FindsAccountsThatDoNotSumToZero) {
  Put(Family::kBalances, "cash", EncodeMoney(Nano(-1)));
  ExpectFound(AuditCheck::kJ4, "all accounts");
}

TEST_F(StoreAuditTest, J5FindsAWalletBelowZero) {
  Rewrite(1, [](Entry& entry) {
    entry.transfer.postings[0].amount = Nano(4);
    entry.transfer.postings[1].amount = Nano(-4);
  });
  ExpectFound(AuditCheck::kJ5, "entry 2, account wallet/ws_1");
}

TEST_F(StoreAuditTest, J5FindsMoreSpentAndHeldThanPaidIn) {
  Put(Family::kAccounts, "wallet/ws_1",
      EncodeAccount({"wallet/ws_1", Nano(99'999'995), Nano(99'999'995), Nano(1)}));
  ExpectFound(AuditCheck::kJ5, "wallet/ws_1");
}

TEST_F(StoreAuditTest, J5FindsABudgetThatSpentMoreThanItsRecords) {
  Put(Family::kAccounts, "budget/b/all",
      EncodeAccount({"budget/b/all", Nano(0), Nano(2'000'000), Nano(0)}));
  ExpectFound(AuditCheck::kJ5, "budget/b/all");
}

TEST_F(StoreAuditTest, J6FindsAKeyThatWasAppliedTwice) {
  Rewrite(2, [](Entry& entry) { entry.transfer.idempotency_key = "request/r1"; });
  ExpectFound(AuditCheck::kJ6, "entry 2");
}

TEST_F(StoreAuditTest, J6FindsAKeyWithOtherContents) {
  Put(Family::kIdempotency, "request/r1", EncodeAppliedKey({"request/r1", 1, Sha256("others")}));
  ExpectFound(AuditCheck::kJ6, "request/r1");
}

TEST_F(StoreAuditTest, J6FindsAForgottenKey) {
  Delete(Family::kIdempotency, "request/r1");
  ExpectFound(AuditCheck::kJ6, "idempotency keys");
}

TEST_F(StoreAuditTest, J7FindsALeaseThatTheJournalDoesNotHave) {
  const LeaseKey key{"wallet/ws_1", "n", 2};
  Put(Family::kLeases, EncodeLeaseKey(key),
      EncodeLease({key, {Nano(3'000'001), Nano(1), Nano(44'000)}, false}));
  ExpectFound(AuditCheck::kJ7, "node n/2 on wallet/ws_1, granted");
}

TEST_F(StoreAuditTest, J7FindsAClosedLeaseThatHoldsMoney) {
  const LeaseKey key{"budget/b/all", "n", 1};
  Put(Family::kLeases, EncodeLeaseKey(key),
      EncodeLease({key, {Nano(10'000'000), Nano(0), Nano(0)}, true}));
  ExpectFound(AuditCheck::kJ7, "node n/1 on budget/b/all");
}

TEST_F(StoreAuditTest, J8FindsAnEntryWithoutItsRecord) {
  Delete(Family::kUsage, EncodeRecordKey(kFirstRecord));
  ExpectFound(AuditCheck::kJ8, absl::StrCat("entry ", FirstOf(EntryKind::kUsage)));
}

TEST_F(StoreAuditTest, J8FindsARecordWithoutItsEntry) {
  Put(Family::kUsage, EncodeRecordKey({{"n", 2, 0}, 2}), Record(9, 1, 1).SerializeAsString());
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/2");
}

TEST_F(StoreAuditTest, J8FindsAnEntryThatSaysOtherwiseThanItsRecord) {
  Rewrite(FirstOf(EntryKind::kUsage), [](Entry& entry) {
    entry.transfer.postings[0].amount -= Nano(1);
    entry.transfer.postings[1].amount += Nano(1);
  });
  ExpectFound(AuditCheck::kJ8, "account revenue/m");
}

TEST_F(StoreAuditTest, J8FindsAWatermarkBeyondItsRecords) {
  Put(Family::kWatermarks, EncodeLaneKey({"n", 2, 0}), SequenceKey(2));
  ExpectFound(AuditCheck::kJ8, "node n, incarnation 2, lane 0");
}

TEST_F(StoreAuditTest, J8FindsContentsThatWereNotAcknowledged) {
  Put(Family::kDigests, DigestKey({{"n", 2, 0}, 1}),
      EncodeDigest({{{"n", 2, 0}, 1}, Shorten(Sha256("others"))}));
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/1");
}

TEST_F(StoreAuditTest, J9FindsAnEntryThatWasChanged) {
  Break([](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
    Entry entry = *DecodeEntry(*database.Get(Family::kJournal, SequenceKey(2)));
    entry.transfer.description = "something else";
    batch.Put(database.family(Family::kJournal), SequenceKey(2), EncodeEntry(entry));
  });
  ExpectFound(AuditCheck::kJ9, "entry 2");
}

TEST_F(StoreAuditTest, J10FindsATimeThatDoesNotIncrease) {
  Rewrite(2, [](Entry& entry) { entry.time = absl::FromUnixSeconds(1'767'225'600); });
  ExpectFound(AuditCheck::kJ10, "entry 2");
}

TEST_F(StoreAuditTest, PricesFindsAChargeThatIsNotUsageTimesPrice) {
  pricing::v1::PriceVersion dearer;
  ASSERT_TRUE(dearer.ParseFromString(Prices()));
  dearer.mutable_components(0)->set_price_pico_usd_per_unit(kInputPico + 1000);
  Put(Family::kPriceVersions, "pv_1", dearer.SerializeAsString());
  ExpectFound(AuditCheck::kPrices, "generation gen_1 attempt 1, cost by price version pv_1");
}

TEST_F(StoreAuditTest, PricesFindsAPriceVersionThatIsNotThere) {
  Delete(Family::kPriceVersions, "pv_1");
  ExpectFound(AuditCheck::kPrices, "price version pv_1");
}

TEST_F(StoreAuditTest, ABudgetAboveItsLimitIsNoted) {
  config::v1::Resource budget;
  budget.mutable_budget()->set_id("b");
  budget.mutable_budget()->set_hard(true);
  budget.mutable_budget()->set_limit_nano_usd(1);
  Put(Family::kConfig, "resource/budget/b", budget.SerializeAsString());
  const AuditReport report = Audit();
  EXPECT_TRUE(report.clean()) << "it may have been lowered";
  EXPECT_THAT(report.notes(), testing::ElementsAre(HasSubstr("budget/b/all")));
}

TEST_F(StoreAuditTest, RefusesAStoreThatIsInUse) {
  ASSERT_OK_AND_ASSIGN(const auto running, RocksdbLedgerStore::Open(folder_));
  EXPECT_THAT(AuditStore(folder_, nullptr), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                     HasSubstr("in use by a running program")));
}

TEST_F(StoreAuditTest, NobodyOpensTheStoreMeanwhile) {
  ASSERT_OK_AND_ASSIGN(const auto reading, RocksdbDatabase::OpenReadOnly(folder_));
  EXPECT_THAT(RocksdbLedgerStore::Open(folder_), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(StoreAuditTest, FindsTheStoreBelowADataFolder) {
  ASSERT_OK_AND_ASSIGN(const AuditReport report, AuditStore(dir_.path(), nullptr));
  EXPECT_TRUE(report.clean());
  EXPECT_THAT(AuditStore(dir_.File("nowhere"), nullptr), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tollgate::billing
