// Records that differ from their entries, or charges from their prices: J8 and PRICES.
#include <string>

#include "absl/strings/str_cat.h"
#include "billing/store/generation_index.h"
#include "billing/store/row_codec.h"
#include "proto/validate/resource.h"
#include "tests/billing/audit/audited_store.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

TEST_F(StoreAuditTest, J8FindsAnEntryWithoutItsRecord) {
  const std::uint64_t sequence = EntryOf(EntryKind::kUsage);
  Rewrite(sequence, [](Entry& entry) { entry.usage.reset(); });
  ExpectFound(AuditCheck::kJ8, absl::StrCat("entry ", sequence));
}

TEST_F(StoreAuditTest, J8FindsARecordBeyondTheWatermark) {
  Put(Family::kWatermarks, EncodeLaneKey(kLastRecord.lane), SequenceKey(0));
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/1");
}

TEST_F(StoreAuditTest, J8FindsAGapThatNoQuarantineExplains) {
  Delete(Family::kQuarantine, EncodeRecordKey({kFirstRecord.lane, 4}));
  ExpectFound(AuditCheck::kJ8, "node n, incarnation 1, lane 0");
}

TEST_F(StoreAuditTest, J8FindsAnEntryThatSaysOtherwiseThanItsRecord) {
  Rewrite(EntryOf(EntryKind::kUsage), [](Entry& entry) {
    entry.usage->charge += Nano(1);
    entry.usage->leased += Nano(1);
  });
  ExpectFound(AuditCheck::kJ8, "account ");
}

TEST_F(StoreAuditTest, J8FindsMoneyThatWentToAnotherAccount) {
  Rewrite(EntryOf(EntryKind::kUsage), [](Entry& entry) { entry.usage->model_id = "n"; });
  ExpectFound(AuditCheck::kJ8, "account revenue/m");
}

TEST_F(StoreAuditTest, J8FindsAnEntryOfAnotherKeyThanItsRecords) {
  const std::uint64_t sequence = EntryOf(EntryKind::kUsage);
  Rewrite(sequence, [](Entry& entry) { entry.usage->attempt = 2; });
  ExpectFound(AuditCheck::kJ8, "usage/n/1/0/1");  // Nor is it listed so.
}

TEST_F(StoreAuditTest, J8FindsARecordThatItsEntryDoesNotMean) {
  RewriteRecord(kFirstRecord, [](UsageRecord& record) { record.set_user("somebody"); });
  ExpectFound(AuditCheck::kJ8, "usage/n/1/0/1");
}

TEST_F(StoreAuditTest, J8FindsAWatermarkBeyondItsRecords) {
  Put(Family::kWatermarks, EncodeLaneKey(kLastRecord.lane), SequenceKey(2));
  ExpectFound(AuditCheck::kJ8, "node n, incarnation 2, lane 0");
}

TEST_F(StoreAuditTest, J8FindsContentsThatWereNotAcknowledged) {
  RewriteRecord(kLastRecord, [](UsageRecord& record) { record.set_user("somebody"); });
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/1");
}

TEST_F(StoreAuditTest, J8FindsARecordThatIsNotListed) {
  for (const std::string key_id : {"", "key_1"}) {
    const std::string key =
        GenerationBucketPrefix("ws_1", key_id, "gen_1") + SequenceKey(EntryOf(EntryKind::kUsage));
    const std::string value = Get(Family::kGenerations, key);
    Delete(Family::kGenerations, key);
    ExpectFound(AuditCheck::kJ8, "usage/n/1/0/1");
    Put(Family::kGenerations, key, value);
  }
}

TEST_F(StoreAuditTest, J8FindsAListedGenerationThatIsNotThere) {
  UsageRun run;
  run.first_sequence = 9'999;
  run.rows = "ws_1key_1gen_0";
  run.lines.push_back({{0, 14}, {0, 4}, {4, 5}, {9, 5}, 1});
  GenerationIndex index;
  index.Add(run);
  const std::vector<GenerationIndex::Row> rows = index.TakeRows();
  ASSERT_EQ(rows.size(), 2u);
  for (const GenerationIndex::Row& row : rows) {
    Put(Family::kGenerations, row.Key(), row.value);
    ExpectFound(AuditCheck::kJ8,
                row.place.key_id.empty() ? "generations of workspaces" : "generations of keys");
    Delete(Family::kGenerations, row.Key());
  }
}

TEST_F(StoreAuditTest, PricesFindsAChargeThatIsNotUsageTimesPrice) {
  pricing::v1::PriceVersion dearer;
  ASSERT_TRUE(dearer.ParseFromString(Prices()));
  dearer.mutable_components(0)->set_price_pico_usd_per_unit(kInputPico + 1000);
  Put(Family::kPriceVersions, "pv_1", dearer.SerializeAsString());
  ExpectFound(AuditCheck::kPrices, "generation gen_1 attempt 1, market cost by price version pv_1");
}

TEST_F(StoreAuditTest, PricesFindsAPriceVersionThatIsNotThere) {
  Delete(Family::kPriceVersions, "pv_1");
  ExpectFound(AuditCheck::kPrices, "price version pv_1");
}

TEST_F(StoreAuditTest, PricesFindsAMarkUpThatIsNotTheRules) {
  RewriteRecord({kFirstRecord.lane, 5},
                [](UsageRecord& record) { record.set_price_adjust_ppm(kMarkUpPpm + 1); });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1");
}

// The rule says something else by now, so that the record would have been taken at its word.
TEST_F(StoreAuditTest, PricesFindsAMarkUpThatFitsItsChargeAndNotItsVersion) {
  RewriteRecord({kFirstRecord.lane, 5}, [](UsageRecord& record) {
    record.set_price_adjust_ppm(kLaterMarkUpPpm);
    record.set_charge_nano_usd(33'600);
  });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1, version rv_");
}

TEST_F(StoreAuditTest, PricesFindsAVersionThatIsNotAsItWas) {
  config::v1::PriceRule rule = Rule(kMarkUpPpm);
  rule.set_adjust_ppm(kMarkUpPpm + 1);
  Put(Family::kPriceRules, rule.version(), rule.SerializeAsString());
  RewriteRecord({kFirstRecord.lane, 5},
                [](UsageRecord& record) { record.set_price_adjust_ppm(kMarkUpPpm + 1); });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1, version rv_");
}

TEST_F(StoreAuditTest, PricesFindsARuleOfAnotherWorkspaceOrProvider) {
  for (const bool workspace : {true, false}) {
    config::v1::PriceRule rule = Rule(kMarkUpPpm);
    if (workspace) rule.set_workspace_id("ws_2");
    if (!workspace) *rule.mutable_provider_ids(0) = "r";
    rule.set_version(PriceRuleVersion(rule));
    Put(Family::kPriceRules, rule.version(), rule.SerializeAsString());
    RewriteRecord({kFirstRecord.lane, 5},
                  [&](UsageRecord& record) { record.set_price_rule_version(rule.version()); });
    ExpectFound(AuditCheck::kPrices, rule.version());
  }
}

TEST_F(StoreAuditTest, AVersionThatIsNotThereIsCheckedByItsName) {
  Delete(Family::kPriceRules, Rule(kMarkUpPpm).version());
  const AuditReport report = Audit();
  EXPECT_EQ(report.tally(AuditCheck::kPrices).differences, 0u) << "its providers are known";
  RewriteRecord({kFirstRecord.lane, 5}, [](UsageRecord& record) {
    record.set_price_adjust_ppm(kMarkUpPpm + 1);
    record.set_charge_nano_usd(31'200);  // Rounded, it is the same.
  });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1, version rv_");
}

TEST_F(StoreAuditTest, PricesFindsAVersionOfWhichNothingIsKnown) {
  Delete(Family::kPriceRules, Rule(kMarkUpPpm).version());
  Delete(Family::kPriceRules, Rule(kLaterMarkUpPpm).version());
  Delete(Family::kConfig, "resource/price_rule/rule_1");
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1, version rv_");
  RewriteRecord({kFirstRecord.lane, 5},
                [](UsageRecord& record) { record.clear_price_rule_version(); });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, price rule rule_1");
}

// As in a store of before versions of rules were kept.
TEST_F(StoreAuditTest, ARuleThatIsInForceIsKnownWithoutItsVersionBeingKept) {
  const config::v1::PriceRule rule = Rule(kMarkUpPpm);
  config::v1::Resource resource;
  resource.set_key("price_rule/rule_1");
  *resource.mutable_price_rule() = rule;
  Put(Family::kConfig, "resource/price_rule/rule_1", resource.SerializeAsString());
  Delete(Family::kPriceRules, rule.version());
  Delete(Family::kPriceRules, Rule(kLaterMarkUpPpm).version());
  EXPECT_EQ(Audit().tally(AuditCheck::kPrices).differences, 0u);
}

TEST_F(StoreAuditTest, PricesFindsAMarkUpWithoutARule) {
  RewriteRecord(kFirstRecord, [](UsageRecord& record) { record.set_price_adjust_ppm(1); });
  ExpectFound(AuditCheck::kPrices, "generation gen_1 attempt 1, price rule (none)");
}

TEST_F(StoreAuditTest, PricesFindsAChargeThatIsNotMarkedUpAsItSays) {
  RewriteRecord({kFirstRecord.lane, 5},
                [](UsageRecord& record) { record.set_charge_nano_usd(31'201); });
  ExpectFound(AuditCheck::kPrices, "generation gen_5 attempt 1, charge");
}

TEST_F(StoreAuditTest, PricesFindsAnAccountThatWasDrawnOnBeyondItsHold) {
  RewriteRecord({kFirstRecord.lane, 7}, [](UsageRecord& record) {
    record.mutable_holds(1)->set_drawn_nano_usd(kHeld + 1);
  });
  ExpectFound(AuditCheck::kPrices, "generation gen_7 attempt 1, drawn on account budget/b/all");
}

TEST_F(StoreAuditTest, PricesFindsThatTheCustomersOwnCredentialWasCharged) {
  RewriteRecord({kFirstRecord.lane, 6},
                [](UsageRecord& record) { record.set_charge_nano_usd(10'000); });
  ExpectFound(AuditCheck::kPrices, "generation gen_6 attempt 1, charge");
}

TEST_F(StoreAuditTest, PricesFindsAnInterruptedAttemptThatIsNotChargedItsHold) {
  RewriteRecord({kFirstRecord.lane, 2},
                [](UsageRecord& record) { record.set_charge_nano_usd(kHeld - 1); });
  ExpectFound(AuditCheck::kPrices, "generation gen_2 attempt 1, charge of what was interrupted");
}

TEST_F(StoreAuditTest, PricesFindsAChargeForNothing) {
  RewriteRecord({kFirstRecord.lane, 3}, [](UsageRecord& record) { record.set_charge_nano_usd(1); });
  ExpectFound(AuditCheck::kPrices, "generation gen_3 attempt 1, charge of no usage");
}

}  // namespace
}  // namespace tollgate::billing
