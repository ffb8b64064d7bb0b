#include "billing/ingest/usage_postings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

Transfer Make(std::int64_t charge, std::int64_t cost, std::int64_t leased) {
  UsageRecordItem record;
  record.workspace_id = "ws_1";
  record.generation_id = "gen_1";
  record.model_id = "m";
  record.provider_id = "p";
  record.charge = Nano(charge);
  record.cost = Nano(cost);
  return UsageTransfer({{"n", 2, 3}, 4}, record, Nano(leased));
}

TEST(UsagePostingsTest, ChargeAndCost) {
  const Transfer transfer = Make(10, 7, 10);
  EXPECT_EQ(transfer.kind, EntryKind::kUsage);
  EXPECT_EQ(transfer.idempotency_key, "usage/n/2/3/4");
  EXPECT_EQ(transfer.generation_id, "gen_1");
  EXPECT_THAT(transfer.postings,
              testing::ElementsAre(Posting{"holds/ws_1", Nano(-10)}, Posting{"revenue/m", Nano(10)},
                                   Posting{"cost/p", Nano(-7)}, Posting{"payable/p", Nano(7)}));
}

TEST(UsagePostingsTest, WhatTheLeaseDoesNotCoverIsTheOperators) {
  EXPECT_THAT(Make(10, 0, 4).postings,
              testing::ElementsAre(Posting{"holds/ws_1", Nano(-4)}, Posting{"revenue/m", Nano(10)},
                                   Posting{"overrun", Nano(-6)}));
}

TEST(UsagePostingsTest, AFreeAttemptIsAnEntryToo) {
  EXPECT_THAT(Make(0, 0, 0).postings,
              testing::ElementsAre(Posting{"holds/ws_1", Nano(0)}, Posting{"revenue/m", Nano(0)}));
}

}  // namespace
}  // namespace tollgate::billing
