#include "tests/billing/audit/audited_store.h"

#include <filesystem>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_ledger_store.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"
#include "proto/validate/resource.h"
#include "tests/billing/ingest/kept_text.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::billing {
namespace {

using testing::HasSubstr;
using usage::v1::UsageRecord;

void AddHold(UsageRecord& record, const std::string& account, bool leased = true) {
  usage::v1::Hold* hold = record.add_holds();
  hold->set_account(account);
  hold->set_amount_nano_usd(kHeld);
  hold->set_leased(leased);
  hold->set_lease_incarnation(1);
}

// The node died: its hold is charged.
UsageRecord Interrupted(int number) {
  UsageRecord record = Record(number, 0, 0);
  record.clear_quantities();
  record.set_usage_source(usage::v1::USAGE_SOURCE_INTERRUPTED);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_INTERRUPTED);
  record.set_charge_nano_usd(kHeld);
  return record;
}

UsageRecord WithoutUsage(int number) {
  UsageRecord record = Record(number, 0, 0);
  record.clear_quantities();
  record.set_usage_source(usage::v1::USAGE_SOURCE_NONE);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR);
  return record;
}

// 7 and 1 tokens are 24,000 nano-USD; with the mark-up 31,200.
UsageRecord MarkedUp(int number) {
  UsageRecord record = Record(number, 7, 1);
  record.set_price_rule_id("rule_1");
  record.set_price_rule_version(Rule(kMarkUpPpm).version());
  record.set_price_adjust_ppm(kMarkUpPpm);
  record.set_charge_nano_usd(31'200);
  AddHold(record, kTemplateAccount);
  AddHold(record, kRunAccount);
  return record;
}

// The customer's own credential: a soft budget counts it at market cost.
UsageRecord OwnCredential(int number) {
  UsageRecord record = Record(number, 5, 0);
  record.clear_holds();
  AddHold(record, "budget/s/all", /*leased=*/false);
  record.mutable_holds(0)->set_drawn_nano_usd(record.charge_nano_usd());
  record.set_byok(true);
  record.set_charge_nano_usd(0);
  record.set_cost_nano_usd(0);
  return record;
}

// The provider reports more than was held.
UsageRecord Overrun(int number) {
  UsageRecord record = Record(number, 200, 100);
  for (usage::v1::Hold& hold : *record.mutable_holds()) hold.set_drawn_nano_usd(kHeld);
  return record;
}

UsageRecordItem ItemOf(const UsageRecord& record) {
  UsageRecordItem item;
  item.bytes = Keep(record.SerializeAsString());
  item.digest = Sha256(item.bytes);
  item.generation_id = Keep(record.generation_id());
  item.attempt = record.attempt();
  item.workspace_id = Keep(record.workspace_id());
  item.key_id = Keep(record.key_id());
  item.model_id = Keep(record.model_id());
  item.provider_id = Keep(record.provider_id());
  item.charge = Nano(record.charge_nano_usd());
  item.cost = Nano(record.cost_nano_usd());
  item.market_cost = Nano(record.market_cost_nano_usd());
  item.byok = record.byok();
  item.request_time = absl::FromUnixSeconds(record.request_time().seconds());
  for (const usage::v1::Hold& hold : record.holds()) {
    UsageHold out{Keep(hold.account()), hold.leased(), hold.lease_incarnation()};
    if (hold.has_drawn_nano_usd()) out.drawn = Nano(hold.drawn_nano_usd());
    item.holds.push_back(out);
  }
  return item;
}

UsageRecordItem Unreadable() {
  UsageRecordItem item;
  item.readable = false;
  item.bytes = "no record";
  item.digest = Sha256(item.bytes);
  return item;
}

}  // namespace

config::v1::PriceRule Rule(std::int64_t adjust_ppm) {
  config::v1::PriceRule rule;
  rule.set_id("rule_1");
  rule.set_workspace_id("ws_1");
  rule.add_provider_ids("p");
  rule.add_provider_ids("q");
  rule.set_adjust_ppm(adjust_ppm);
  rule.set_version(PriceRuleVersion(rule));
  return rule;
}

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
  record.set_market_cost_nano_usd(cost);
  AddHold(record, "wallet/ws_1");
  AddHold(record, "budget/b/all");
  return record;
}

TempDir* StoreAuditTest::good_ = nullptr;

void StoreAuditTest::SetUpTestSuite() { good_ = new TempDir(); }

void StoreAuditTest::TearDownTestSuite() {
  delete good_;
  good_ = nullptr;
}

void StoreAuditTest::SetUp() {
  const std::string made = good_->File("ledger");
  if (!std::filesystem::exists(made)) Make(made);
  std::filesystem::copy(made, folder_, std::filesystem::copy_options::recursive);
}

void StoreAuditTest::Make(const std::string& folder) {
  const BudgetTermsById budgets = {
      {"b", {.limit = Nano(50'000'000), .alert_percents = {1}, .alert_webhook_ids = {"hook"}}},
      {"s", {.limit = Nano(1), .hard = false}},
      {"t", {.limit = Nano(5'000'000), .each = true}}};
  books_ = std::make_unique<Books>(LeaseBookOptions{}, StoredState{}, budgets);
  ASSERT_OK_AND_ASSIGN(const auto store, RocksdbLedgerStore::Open(folder));
  ConfigChange config;
  config.revision = std::string(16, '\0');
  config.price_versions["pv_1"] = Prices();
  const config::v1::PriceRule rule = Rule(kMarkUpPpm);
  config.price_rules[rule.version()] = rule.SerializeAsString();
  books_->Configure(config, budgets, now_);
  ASSERT_OK(books_->Post({EntryKind::kTopUp, "ws_1", Nano(100'000'000), "r1", "in"}, now_));
  ASSERT_OK(books_->Post({EntryKind::kAdjustment, "ws_1", Nano(-5), "r2", "out"}, now_));
  ASSERT_OK(books_->Grant({"ws_1", Nano(20'000'000), now_.wall + absl::Hours(1), "r3", ""}, now_));
  ASSERT_OK(books_->Grant({"ws_1", Nano(30'000), now_.wall + absl::Hours(99), "r7", ""}, now_));
  EXPECT_FALSE(
      books_->Post({EntryKind::kAdjustment, "ws_1", Nano(-900'000'000), "r4", ""}, now_).ok());
  ASSERT_OK(store->Write(books_->TakeCommit()));
  FirstNode();
  ASSERT_OK(store->Write(books_->TakeCommit()));
  ASSERT_OK(books_->Refund({"ws_1", "gen_1", Nano(100), Nano(400'000), "r5", "part"}, now_));
  ASSERT_OK(books_->Refund({"ws_1", "gen_5", Nano(0), Nano(31'200), "r6", "all"}, now_));
  LostNode();
  ASSERT_OK(store->Write(books_->TakeCommit()));
  SecondNode();
  ASSERT_OK(store->Write(books_->TakeCommit()));
}

void StoreAuditTest::FirstNode() {
  ASSERT_OK(books_->OpenStream(1, {"n", 1, "s"}));
  Want(1, "wallet/ws_1", 10'000'000);
  Want(1, "budget/b/all", 10'000'000);
  Want(1, kTemplateAccount, 2'000'000);
  Want(1, kRunAccount, 2'000'000, 4'000'000);
  ASSERT_OK(books_->Apply(
      {{"n", 1, 0},
       1,
       {ItemOf(Record(1, 100, 20)), ItemOf(Interrupted(2)), ItemOf(WithoutUsage(3)), Unreadable(),
        ItemOf(MarkedUp(5)), ItemOf(OwnCredential(6)), ItemOf(Overrun(7))},
       1},
      now_));
  ASSERT_OK(books_->OpenStream(2, {"n", 2, "t"}));
  ASSERT_OK(books_->CloseIncarnation("n", 2, 1, {{{"n", 1, 0}, 7}}, now_));
}

void StoreAuditTest::LostNode() {
  ASSERT_OK(books_->OpenStream(3, {"lost", 1, "u"}));
  Want(3, "wallet/ws_1", 7'000'000);
  Want(3, "budget/b/all", 1'000'000);
  Want(3, kTemplateAccount, 1'000'000);
  books_->CloseStream(3);
  ASSERT_OK(books_->Resolve({.lease = {"wallet/ws_1", "lost", 1}, .actor = "ops"}, now_));
  ASSERT_OK(books_->Resolve({.lease = {kTemplateAccount, "lost", 1}, .actor = "ops"}, now_));
}

void StoreAuditTest::SecondNode() {
  Want(2, "wallet/ws_1", 3'000'000);
  UsageRecord record = Record(8, 7, 3);
  record.mutable_holds()->DeleteSubrange(1, 1);
  record.mutable_holds(0)->set_lease_incarnation(2);
  ASSERT_OK(books_->Apply({kLastRecord.lane, 1, {ItemOf(record)}, 2}, now_));
  // The rule is another one by now.
  ConfigChange config;
  config.revision = std::string(16, '\0');
  config::v1::Resource rule;
  *rule.mutable_price_rule() = Rule(kLaterMarkUpPpm);
  rule.set_key("price_rule/rule_1");
  config.upserts[rule.key()] = rule.SerializeAsString();
  config.price_rules[rule.price_rule().version()] = rule.price_rule().SerializeAsString();
  books_->Configure(config, books_->leases().budgets(), now_);
  // The first credit is over; the second one is not.
  now_.wall += absl::Hours(2);
  now_.monotonic = now_.monotonic + absl::Hours(2);
  books_->Expire(now_);
}

void StoreAuditTest::Want(StreamId stream, const std::string& account, std::int64_t amount,
                          std::int64_t cap) {
  WantRequest want;
  want.account = account;
  want.need = want.want = Nano(amount);
  want.cap = Nano(cap);
  ASSERT_OK(books_->Want(stream, want, now_));
  books_->TakeMessages();
}

void StoreAuditTest::Break(
    const std::function<void(RocksdbDatabase&, rocksdb::WriteBatch&)>& change) {
  ASSERT_OK_AND_ASSIGN(const auto database, RocksdbDatabase::Open(folder_));
  rocksdb::WriteBatch batch;
  change(*database, batch);
  ASSERT_OK(database->Write(batch));
}

void StoreAuditTest::Put(Family family, const std::string& key, const std::string& value) {
  Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
    batch.Put(database.family(family), key, value);
  });
}

void StoreAuditTest::Delete(Family family, const std::string& key) {
  Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
    batch.Delete(database.family(family), key);
  });
}

std::string StoreAuditTest::Get(Family family, const std::string& key) {
  std::string value;
  Break([&](RocksdbDatabase& database, rocksdb::WriteBatch&) {
    ASSERT_OK_AND_ASSIGN(value, database.Get(family, key));
  });
  return value;
}

AccountRow StoreAuditTest::Account(const std::string& name) {
  return *DecodeAccount(name, Get(Family::kAccounts, name));
}

void StoreAuditTest::RewriteRows(
    Family family, const std::function<bool(const std::string& key, std::string& row)>& change) {
  Break([&](RocksdbDatabase& database, rocksdb::WriteBatch& batch) {
    ASSERT_OK(database.Scan(
        family, "", [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
          const ChunkRows read = *ReadRows(value);
          const std::vector<std::string_view>& rows = read.rows;
          const std::uint64_t last = *SequenceAtEnd(key);
          const std::string prefix(key.substr(0, key.size() - SequenceKey(last).size()));
          batch.Delete(database.family(family), std::string(key));
          for (std::size_t i = 0; i < rows.size(); ++i) {
            std::string row(rows[i]);
            const std::string one = prefix + SequenceKey(last - rows.size() + 1 + i);
            if (!change(one, row)) continue;
            RowChunk chunk;
            chunk.Add(row);
            batch.Put(database.family(family), one, chunk.Take());
          }
          return true;
        }));
  });
}

void StoreAuditTest::Rewrite(std::uint64_t sequence, const std::function<void(Entry&)>& change,
                             bool plainly) {
  Sha256Digest former{};
  RewriteRows(Family::kJournal, [&](const std::string&, std::string& row) {
    Entry entry = *DecodeEntry(row);
    if (entry.sequence == sequence) change(entry);
    if (!plainly) entry.hash = ChainHash(former, EncodeEntryContents(entry));
    former = entry.hash;
    row = EncodeEntry(entry);
    return true;
  });
}

void StoreAuditTest::RewriteRecord(const RecordKey& key,
                                   const std::function<void(UsageRecord&)>& change) {
  RewriteRows(Family::kJournal, [&](const std::string&, std::string& row) {
    Entry entry = *DecodeEntry(row);
    if (!entry.usage.has_value() || entry.usage->key != key) return true;
    UsageRecord record;
    EXPECT_TRUE(record.ParseFromString(entry.usage->record));
    change(record);
    entry.usage->record = record.SerializeAsString();
    row = EncodeEntry(entry);
    return true;
  });
}

void StoreAuditTest::RemoveRow(Family family, const std::string& key) {
  RewriteRows(family, [&](const std::string& at, std::string&) { return at != key; });
}

std::uint64_t StoreAuditTest::EntryOf(EntryKind kind, int skip) {
  std::uint64_t found = 0;
  RewriteRows(Family::kJournal, [&](const std::string&, std::string& row) {
    const Entry entry = *DecodeEntry(row);
    if (found == 0 && entry.transfer.kind == kind && skip-- == 0) found = entry.sequence;
    return true;
  });
  EXPECT_NE(found, 0u) << EntryKindName(kind);
  return found;
}

AuditReport StoreAuditTest::Audit(const AuditOptions& options) {
  absl::StatusOr<AuditReport> report = AuditStore(folder_, options);
  EXPECT_OK(report);
  return report.ok() ? *report : AuditReport();
}

void StoreAuditTest::ExpectFound(AuditCheck check, const std::string& where,
                                 const AuditOptions& options) {
  const AuditReport report = Audit(options);
  EXPECT_FALSE(report.clean());
  const AuditReport::Tally& tally = report.tally(check);
  ASSERT_TRUE(tally.first.has_value()) << AuditCheckId(check) << " found nothing";
  EXPECT_THAT(tally.first->where, HasSubstr(where));
  EXPECT_FALSE(tally.first->expected.empty() || tally.first->found.empty());
  EXPECT_NE(tally.first->expected, tally.first->found);
}

void StoreAuditTest::ExpectClean(const AuditReport& report) {
  for (std::size_t i = 0; i < kAuditChecks; ++i) {
    const auto& first = report.tally(static_cast<AuditCheck>(i)).first;
    if (!first.has_value()) continue;
    ADD_FAILURE() << AuditCheckId(first->check) << " " << first->where << ": expected "
                  << first->expected << ", found " << first->found;
  }
}

}  // namespace tollgate::billing
