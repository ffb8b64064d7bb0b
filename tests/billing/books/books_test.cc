#include "billing/books/books.h"

#include "absl/strings/str_cat.h"
#include "base/status_reason.h"
#include "tests/billing/ingest/kept_text.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

class BooksTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(books_.OpenStream(1, {"n", 1, "s"}));
    ASSERT_OK(TopUp("r1", 1000).status());
    Lease("wallet/ws_1", 500);
  }
  absl::StatusOr<std::uint64_t> TopUp(const std::string& id, std::int64_t amount) {
    return books_.Post({EntryKind::kTopUp, "ws_1", Nano(amount), id, "text"}, now_);
  }
  void Lease(const std::string& account, std::int64_t amount) {
    WantRequest want;
    want.account = account;
    want.need = want.want = Nano(amount);
    ASSERT_OK(books_.Want(1, want, now_));
  }
  static UsageRecordItem Record(std::int64_t charge, std::vector<UsageHold> holds,
                                const std::string& bytes = "bytes") {
    UsageRecordItem record;
    record.bytes = Keep(bytes);
    record.digest = Sha256(bytes);
    record.generation_id = "gen_1";
    record.attempt = 1;
    record.workspace_id = "ws_1";
    record.key_id = "key_1";
    record.model_id = "m";
    record.provider_id = "p";
    record.charge = Nano(charge);
    record.cost = Nano(charge / 2);
    record.holds = std::move(holds);
    return record;
  }
  absl::StatusOr<UsageReceipt> Apply(std::uint64_t first, std::vector<UsageRecordItem> records) {
    return books_.Apply({{"n", 1, 0}, first, std::move(records), 1}, now_);
  }
  std::vector<UsageHold> WalletHold() const { return {{"wallet/ws_1", true, 1}}; }
  Money Balance(const std::string& account) const { return books_.ledger().Balance(account); }

  Books books_{LeaseBookOptions{},
               StoredState{},
               {{"hard", {Nano(100), BudgetPeriod::kNone, true}},
                {"soft", {Nano(10), BudgetPeriod::kNone, false}}}};
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
};

TEST_F(BooksTest, AGrantMovesMoneyFromTheWalletToItsHolds) {
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(500));
  EXPECT_EQ(Balance("holds/ws_1"), Nano(500));
  const Commit commit = books_.TakeCommit();
  EXPECT_EQ(commit.entries.size(), 2u);
  EXPECT_EQ(commit.entries[1].transfer.kind, EntryKind::kLeaseGrant);
  EXPECT_EQ(commit.leases.size(), 1u);
  EXPECT_EQ(commit.nodes.size(), 1u);
  EXPECT_EQ(books_.TakeMessages().size(), 1u);
  EXPECT_TRUE(books_.TakeCommit().empty());
}

TEST_F(BooksTest, UsageSettlesTheLeaseAndIsPostedWithItsCost) {
  ASSERT_OK_AND_ASSIGN(const UsageReceipt receipt, Apply(1, {Record(60, WalletHold())}));
  EXPECT_EQ(receipt.watermark, 1u);
  EXPECT_EQ(Balance("holds/ws_1"), Nano(440));
  EXPECT_EQ(Balance("revenue/m"), Nano(60));
  EXPECT_EQ(Balance("cost/p"), Nano(-30));
  EXPECT_EQ(Balance("payable/p"), Nano(30));
  EXPECT_EQ(books_.leases().FindAccount("wallet/ws_1")->row.settled, Nano(60));
  const Commit commit = books_.TakeCommit();
  ASSERT_EQ(commit.runs.size(), 1u);
  EXPECT_EQ(commit.runs[0].lines.size(), 1u);
}

TEST_F(BooksTest, WhatAKeyUsedIsSummedUpOnce) {
  UsageRecordItem charged = Record(60, WalletHold());
  charged.request_time = now_.wall - absl::Seconds(3);
  charged.market_cost = Nano(55);
  UsageRecordItem own = Record(0, {}, "second");
  own.byok = true;
  own.market_cost = Nano(7);
  own.request_time = now_.wall + absl::Hours(48);  // A clock that is ahead.
  UsageRecordItem keyless = Record(5, WalletHold(), "third");
  keyless.key_id = "";
  ASSERT_OK(Apply(1, {charged, own, keyless}).status());
  ASSERT_OK(Apply(1, {charged, own, keyless}).status());  // Sent again.
  const Commit commit = books_.TakeCommit();
  ASSERT_EQ(commit.key_totals.size(), 1u);
  const KeyTotalsRow& row = commit.key_totals[0];
  EXPECT_EQ(row.key_id, "key_1");
  EXPECT_EQ(row.all, (KeyUse{Nano(60), Nano(7)}));
  // The first came in yesterday, and it was last month.
  EXPECT_EQ(row.day.use, (KeyUse{Nano(0), Nano(7)}));
  EXPECT_EQ(row.month.use, (KeyUse{Nano(0), Nano(7)}));
  EXPECT_EQ(row.day.first_day, absl::ToUnixSeconds(now_.wall) / 86'400);
}

TEST_F(BooksTest, ARepeatedRecordIsAcknowledgedAndAppliedNever) {
  ASSERT_OK(Apply(1, {Record(60, WalletHold())}).status());
  ASSERT_OK_AND_ASSIGN(const UsageReceipt receipt,
                       Apply(1, {Record(60, WalletHold()), Record(5, WalletHold(), "second")}));
  EXPECT_EQ(receipt.watermark, 2u);
  EXPECT_EQ(receipt.quarantined, 0u);
  EXPECT_EQ(Balance("revenue/m"), Nano(65));
  EXPECT_EQ(books_.counts().records_repeated, 1u);
}

TEST_F(BooksTest, TheSameIdWithOtherContentsIsQuarantined) {
  ASSERT_OK(Apply(1, {Record(60, WalletHold())}).status());
  ASSERT_OK_AND_ASSIGN(const UsageReceipt receipt, Apply(1, {Record(70, WalletHold(), "other")}));
  EXPECT_EQ(receipt.quarantined, 1u);
  EXPECT_EQ(receipt.watermark, 1u);
  EXPECT_EQ(Balance("revenue/m"), Nano(60));
  const Commit commit = books_.TakeCommit();
  ASSERT_EQ(commit.quarantined.size(), 1u);
  EXPECT_EQ(commit.quarantined[0].bytes, "other");
}

TEST_F(BooksTest, AGapIsRefusedAndNothingOfItApplied) {
  EXPECT_EQ(ReasonOf(Apply(2, {Record(60, WalletHold())}).status()), "SEQUENCE_GAP");
  EXPECT_EQ(Balance("revenue/m"), Nano(0));
}

TEST_F(BooksTest, AChargeBeyondTheLeaseIsTheOperatorsOverrun) {
  ASSERT_OK(Apply(1, {Record(700, WalletHold())}).status());
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(500));  // What was not leased is untouched.
  EXPECT_EQ(Balance("holds/ws_1"), Nano(0));
  EXPECT_EQ(Balance("overrun"), Nano(-200));
  EXPECT_EQ(Balance("revenue/m"), Nano(700));
  EXPECT_EQ(books_.leases().FindAccount("wallet/ws_1")->row.settled, Nano(500));
  EXPECT_EQ(books_.counts().overrun, Nano(200));
}

TEST_F(BooksTest, TheWalletPaysWhatItsHoldSaysAndTheRestIsOverrun) {
  std::vector<UsageHold> holds = WalletHold();
  holds[0].drawn = Nano(300);
  ASSERT_OK(Apply(1, {Record(400, holds)}).status());
  EXPECT_EQ(Balance("holds/ws_1"), Nano(200)) << "the node counts the same";
  EXPECT_EQ(Balance("overrun"), Nano(-100));
  EXPECT_EQ(Balance("revenue/m"), Nano(400));
  EXPECT_EQ(books_.leases().FindAccount("wallet/ws_1")->row.settled, Nano(300));
}

TEST_F(BooksTest, BudgetsSettleTheirLeasesAndSoftOnesCount) {
  Lease("budget/hard/all", 40);
  ASSERT_OK(Apply(1, {Record(60, {{"wallet/ws_1", true, 1},
                                  {"budget/hard/all", true, 1},
                                  {"budget/soft/all", false, 0}})})
                .status());
  EXPECT_EQ(books_.leases().FindAccount("budget/hard/all")->row.settled, Nano(40));
  EXPECT_EQ(books_.leases().FindAccount("budget/soft/all")->row.settled, Nano(60));
  EXPECT_EQ(Balance("overrun"), Nano(0));  // The wallet's lease covered it.
}

TEST_F(BooksTest, NobodyDrawsOnAnothersWallet) {
  ASSERT_OK_AND_ASSIGN(const UsageReceipt receipt,
                       Apply(1, {Record(1, {{"wallet/ws_2", true, 1}})}));
  EXPECT_EQ(receipt.quarantined, 1u);
  EXPECT_EQ(receipt.watermark, 1u);
  EXPECT_EQ(Balance("revenue/m"), Nano(0));
}

TEST_F(BooksTest, RecordsOfAFormerIncarnationSettleItsLease) {
  ASSERT_OK(books_.OpenStream(2, {"n", 2, "t"}));
  EXPECT_EQ(ReasonOf(Apply(1, {Record(60, WalletHold())}).status()), "STALE_INCARNATION");
  ASSERT_OK(books_.Apply({{"n", 1, 0}, 1, {Record(60, WalletHold())}, 2}, now_).status());
  // The running incarnation may have drawn on the lease that it inherited.
  ASSERT_OK(books_.Apply({{"n", 2, 0}, 1, {Record(40, WalletHold())}, 2}, now_).status());
  EXPECT_EQ(Balance("holds/ws_1"), Nano(400));
  EXPECT_THAT(books_.Apply({{"n", 3, 0}, 1, {Record(1, {})}, 2}, now_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(BooksTest, AnIncarnationClosesOnlyWhenItsLanesEndWhereTheyAre) {
  ASSERT_OK(Apply(1, {Record(60, WalletHold())}).status());
  ASSERT_OK(books_.OpenStream(2, {"n", 2, "t"}));
  const LaneRow right{{"n", 1, 0}, 1};
  const LaneRow wrong{{"n", 1, 0}, 2};
  const LaneRow unheard{{"n", 1, 1}, 1};
  const LaneRow empty{{"n", 1, 1}, 0};
  const auto close = [&](std::vector<LaneRow> ends, std::uint64_t incarnation = 1) {
    return books_.CloseIncarnation("n", 2, incarnation, ends, now_);
  };
  EXPECT_EQ(ReasonOf(close({})), "LANES_DIFFER");
  EXPECT_EQ(ReasonOf(close({wrong})), "LANES_DIFFER");
  EXPECT_EQ(ReasonOf(close({right, unheard})), "LANES_DIFFER");
  EXPECT_THAT(close({right}, 2), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Balance("holds/ws_1"), Nano(440));
  EXPECT_OK(close({right, empty}));
  EXPECT_EQ(Balance("holds/ws_1"), Nano(0));
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(940));
  EXPECT_OK(close({right}));
}

TEST_F(BooksTest, ALossGivesTheCustomerBackAndIsTheOperators) {
  books_.CloseStream(1);
  ASSERT_OK(books_.Resolve({.lease = {"wallet/ws_1", "n", 1}, .actor = "ops"}, now_).status());
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(1000));
  EXPECT_EQ(Balance("loss"), Nano(-500));
}

TEST_F(BooksTest, ManualEntriesAreIdempotentByRequestId) {
  ASSERT_OK_AND_ASSIGN(const std::uint64_t first, TopUp("r2", 5));
  EXPECT_THAT(TopUp("r2", 5), IsOkAndHolds(first));
  EXPECT_EQ(ReasonOf(TopUp("r2", 6).status()), "EXISTS_WITH_DIFFERENT_CONTENTS");
  EXPECT_EQ(
      ReasonOf(books_.Post({EntryKind::kAdjustment, "ws_1", Nano(5), "r2", "text"}, now_).status()),
      "EXISTS_WITH_DIFFERENT_CONTENTS");
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(505));
}

TEST_F(BooksTest, AnAdjustmentTakesWhatIsAvailableAndNoMore) {
  const auto adjust = [&](const std::string& id, std::int64_t amount) {
    return books_.Post({EntryKind::kAdjustment, "ws_1", Nano(amount), id, "why"}, now_).status();
  };
  EXPECT_EQ(ReasonOf(adjust("a1", -501)), "INSUFFICIENT_BALANCE");
  EXPECT_OK(adjust("a2", -500));
  EXPECT_EQ(Balance("wallet/ws_1"), Nano(0));
  EXPECT_EQ(books_.leases().FindAccount("wallet/ws_1")->cap, Nano(500));
}

TEST_F(BooksTest, RefusesManualEntriesThatMakeNoSense) {
  const auto post = [&](ManualEntry entry) { return books_.Post(entry, now_).status().code(); };
  const auto kBad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Nano(0), "r", ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Nano(-1), "r", ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Money::Max(), "r", ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "", Nano(1), "r", ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Nano(1), "", ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Nano(1), std::string(129, 'r'), ""}), kBad);
  EXPECT_EQ(post({EntryKind::kTopUp, "ws_1", Nano(1), "r", std::string(2000, 'd')}), kBad);
  EXPECT_EQ(post({EntryKind::kAdjustment, "ws_1", Nano(0), "r", ""}), kBad);
}

TEST_F(BooksTest, AWalletThatWouldOverflowIsRefused) {
  for (int i = 0; i < 9; ++i) {
    ASSERT_OK(
        books_.Post({EntryKind::kTopUp, "ws_9", kManualAmountMax, absl::StrCat("o", i), ""}, now_)
            .status());
  }
  EXPECT_THAT(books_.Post({EntryKind::kTopUp, "ws_9", kManualAmountMax, "o9", ""}, now_),
              StatusIs(absl::StatusCode::kOutOfRange));
}

}  // namespace
}  // namespace tollgate::billing
