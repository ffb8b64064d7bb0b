// Records that differ from their entries, or charges from their prices: J8 and PRICES.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"
#include "tests/billing/audit/audited_store.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

TEST_F(StoreAuditTest, J8FindsAnEntryWithoutItsRecord) {
  RemoveRow(Family::kUsage, EncodeRecordKey(kFirstRecord));
  ExpectFound(AuditCheck::kJ8, absl::StrCat("entry ", EntryOf(EntryKind::kUsage)));
}

TEST_F(StoreAuditTest, J8FindsARecordWithoutItsEntry) {
  RowChunk chunk;
  chunk.Add(Record(9, 1, 1).SerializeAsString());
  Put(Family::kUsage, EncodeRecordKey({kLastRecord.lane, 2}), chunk.Take());
  Put(Family::kWatermarks, EncodeLaneKey(kLastRecord.lane), SequenceKey(2));
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/2");
}

TEST_F(StoreAuditTest, J8FindsARecordBeyondTheWatermark) {
  RowChunk chunk;
  chunk.Add(Record(9, 1, 1).SerializeAsString());
  Put(Family::kUsage, EncodeRecordKey({kLastRecord.lane, 2}), chunk.Take());
  ExpectFound(AuditCheck::kJ8, "usage/n/2/0/2");
}

TEST_F(StoreAuditTest, J8FindsAGapThatNoQuarantineExplains) {
  Delete(Family::kQuarantine, EncodeRecordKey({kFirstRecord.lane, 4}));
  ExpectFound(AuditCheck::kJ8, "node n, incarnation 1, lane 0");
}

TEST_F(StoreAuditTest, J8FindsAnEntryThatSaysOtherwiseThanItsRecord) {
  Rewrite(EntryOf(EntryKind::kUsage), [](Entry& entry) {
    for (Posting& posting : entry.transfer.postings) {
      if (posting.account == "revenue/m") posting.amount += Nano(1);
      if (posting.account == "holds/ws_1") posting.amount -= Nano(1);
    }
  });
  ExpectFound(AuditCheck::kJ8, "account ");
}

TEST_F(StoreAuditTest, J8FindsMoneyThatWentToAnotherAccount) {
  Rewrite(EntryOf(EntryKind::kUsage), [](Entry& entry) {
    for (Posting& posting : entry.transfer.postings) {
      if (posting.account == "revenue/m") posting.account = "revenue/n";
    }
  });
  ExpectFound(AuditCheck::kJ8, "account revenue/m");
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
  UsageRow row;
  row.record = kFirstRecord;
  row.generation_id = "gen_1";
  row.attempt = 1;
  const std::pair<Family, std::string> kRows[] = {
      {Family::kGenerations, GenerationKey(row)},
      {Family::kGenerationsByWorkspace, KeyString("ws_1") + "gen_1"},
      {Family::kGenerationsByKey, KeyString("ws_1") + KeyString("key_1") + "gen_1"}};
  for (const auto& [family, key] : kRows) {
    Delete(family, key);
    ExpectFound(AuditCheck::kJ8, "usage/n/1/0/1");
    Put(family, key, "");
  }
}

TEST_F(StoreAuditTest, J8FindsAListedGenerationThatIsNotThere) {
  UsageRow row;
  row.record = {{"n", 1, 0}, 99};
  row.generation_id = "gen_0";
  row.attempt = 1;
  Put(Family::kGenerations, GenerationKey(row), "");
  ExpectFound(AuditCheck::kJ8, "generation gen_0 in the index");
  Delete(Family::kGenerations, GenerationKey(row));
  Put(Family::kGenerationsByWorkspace, KeyString("ws_1") + "gen_0", "");
  ExpectFound(AuditCheck::kJ8, "generation gen_0 in a list");
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
