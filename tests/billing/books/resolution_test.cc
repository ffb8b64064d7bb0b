// Lost leases that an operator gives up: the journal says who, which and how much.
#include <algorithm>
#include <vector>

#include "billing/books/books.h"
#include "billing/ledger/entry_codec.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

class ResolutionTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(books_.OpenStream(1, {"n", 1, "s"}));
    ASSERT_OK(books_.Post({EntryKind::kTopUp, "ws_1", Nano(1000), "r1", "", "finance"}, now_));
    Lease("wallet/ws_1", 500);
    Lease("budget/hard/all", 70);
    books_.CloseStream(1);
    books_.TakeCommit();
  }
  void Lease(const std::string& account, std::int64_t amount) {
    WantRequest want;
    want.account = account;
    want.need = want.want = Nano(amount);
    ASSERT_OK(books_.Want(1, want, now_));
  }
  absl::Status Resolve(const std::string& account) {
    return books_
        .Resolve({.lease = {account, "n", 1}, .request_id = "case-7", .actor = "ops"}, now_)
        .status();
  }
  static std::vector<Entry> Of(const Commit& commit, EntryKind kind) {
    std::vector<Entry> entries;
    std::copy_if(commit.entries.begin(), commit.entries.end(), std::back_inserter(entries),
                 [kind](const Entry& entry) { return entry.transfer.kind == kind; });
    return entries;
  }

  Books books_{
      LeaseBookOptions{}, StoredState{}, {{"hard", {Nano(100), BudgetPeriod::kNone, true}}}};
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
};

TEST_F(ResolutionTest, ThatOfABudgetIsInTheJournalWithItsEnd) {
  ASSERT_OK(Resolve("budget/hard/all"));
  const Commit commit = books_.TakeCommit();
  const std::vector<Entry> entries = Of(commit, EntryKind::kResolution);
  ASSERT_EQ(commit.entries.size(), 1u);
  ASSERT_EQ(entries.size(), 1u);
  const Transfer& transfer = entries[0].transfer;
  EXPECT_EQ(transfer.actor, "ops");
  EXPECT_EQ(transfer.workspace_id, "");
  EXPECT_EQ(transfer.idempotency_key, "resolve/n/1/budget/hard/all/3");
  EXPECT_EQ(transfer.description,
            "lease of node n/1 on budget/hard/all resolved, 0.00000007 USD freed; request case-7");
  EXPECT_EQ(transfer.postings, (std::vector<Posting>{{"resolved/budget/hard/all", Nano(70)},
                                                     {"resolutions", Nano(-70)}}));
  const LeaseRow& row = commit.leases.at({"budget/hard/all", "n", 1});
  EXPECT_TRUE(row.closed && row.resolved);
  EXPECT_EQ(row.totals.outstanding(), Nano(0));
}

TEST_F(ResolutionTest, ThatOfAWalletHasItsLossBesides) {
  ASSERT_OK(Resolve("wallet/ws_1"));
  const Commit commit = books_.TakeCommit();
  ASSERT_EQ(commit.entries.size(), 2u);
  EXPECT_EQ(commit.entries[0].transfer.kind, EntryKind::kLoss);
  EXPECT_EQ(commit.entries[0].transfer.workspace_id, "ws_1");
  EXPECT_EQ(commit.entries[0].transfer.actor, "ops");
  EXPECT_EQ(commit.entries[1].transfer.kind, EntryKind::kResolution);
  EXPECT_EQ(commit.entries[1].transfer.postings[0], (Posting{"resolved/wallet/ws_1", Nano(500)}));
  EXPECT_EQ(books_.ledger().WorkspaceBalance("ws_1"), Nano(1000));
}

TEST_F(ResolutionTest, WhatHeldNothingIsSaidAllTheSame) {
  ASSERT_OK(books_.OpenStream(2, {"n", 1, "s"}));
  WantRequest back;
  back.account = "budget/hard/all";
  back.granted = back.released = Nano(70);
  ASSERT_OK(books_.Want(2, back, now_));
  books_.CloseStream(2);
  ASSERT_OK(Resolve("budget/hard/all"));
  const std::vector<Entry> entries = Of(books_.TakeCommit(), EntryKind::kResolution);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].transfer.postings[0].amount, Nano(0));
}

TEST_F(ResolutionTest, ARepetitionAndARefusalSayNothing) {
  EXPECT_FALSE(Resolve("budget/soft/all").ok());
  ASSERT_OK(books_.OpenStream(2, {"n", 1, "s"}));
  EXPECT_FALSE(Resolve("budget/hard/all").ok()) << "its node lives";
  EXPECT_TRUE(Of(books_.TakeCommit(), EntryKind::kResolution).empty());
  books_.CloseStream(2);
  ASSERT_OK(Resolve("budget/hard/all"));
  ASSERT_OK(Resolve("budget/hard/all"));
  EXPECT_EQ(Of(books_.TakeCommit(), EntryKind::kResolution).size(), 1u);
  EXPECT_THAT(books_.Resolve({.lease = {"wallet/ws_1", "n", 1},
                              .request_id = std::string(kRequestIdBytesMax + 1, 'r')},
                             now_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// Caps of budgets are no money: they may add up to more than can be counted, and nothing breaks.
TEST_F(ResolutionTest, MoreThanCanBeCountedIsSaidInWords) {
  books_.Configure({},
                   {{"huge", {Money::Max(), BudgetPeriod::kNone, true}},
                    {"vast", {Money::Max(), BudgetPeriod::kNone, true}}},
                   now_);
  ASSERT_OK(books_.OpenStream(2, {"n", 1, "s"}));
  for (const char* account : {"budget/huge/all", "budget/vast/all"}) {
    WantRequest want;
    want.account = account;
    want.need = want.want = Money::Max();
    ASSERT_OK(books_.Want(2, want, now_));
  }
  books_.CloseStream(2);
  ASSERT_OK(Resolve("budget/huge/all"));
  ASSERT_OK(Resolve("budget/vast/all"));
  const std::vector<Entry> entries = Of(books_.TakeCommit(), EntryKind::kResolution);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1].transfer.postings[0].amount, Nano(0));
  EXPECT_THAT(entries[1].transfer.description, testing::HasSubstr("9223372036.854775807 USD"));
}

TEST_F(ResolutionTest, WhoMovedMoneyByHandIsInTheJournal) {
  ASSERT_OK(books_.Post({EntryKind::kAdjustment, "ws_1", Nano(-1), "r2", "why", "ann"}, now_));
  ASSERT_OK(books_.Grant({"ws_1", Nano(5), now_.wall + absl::Hours(1), "r3", "", "ben"}, now_));
  ASSERT_OK(books_.Refund({"ws_1", "gen_1", Nano(2), Nano(9), "r4", "why", "cem"}, now_));
  const Commit commit = books_.TakeCommit();
  ASSERT_EQ(commit.entries.size(), 3u);
  EXPECT_EQ(commit.entries[0].transfer.actor, "ann");
  EXPECT_EQ(commit.entries[1].transfer.actor, "ben");
  EXPECT_EQ(commit.entries[2].transfer.actor, "cem");
  // Somebody else's repetition is a repetition.
  EXPECT_OK(books_.Post({EntryKind::kTopUp, "ws_1", Nano(1000), "r1", "", "another"}, now_));
  EXPECT_TRUE(books_.TakeCommit().entries.empty());
}

}  // namespace
}  // namespace tollgate::billing
