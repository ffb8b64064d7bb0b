#include "billing/audit/journal_fold.h"

#include "absl/strings/str_cat.h"
#include "billing/ledger/entry_codec.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

class JournalFoldTest : public testing::Test {
 protected:
  void SetUp() override {
    Add(EntryKind::kTopUp, "request/r1", {{"wallet/ws", Nano(1000)}, {"cash", Nano(-1000)}}, 1000);
  }
  void Add(EntryKind kind, const std::string& key, std::vector<Posting> postings,
           std::int64_t balance, const std::string& actor = "") {
    Entry entry;
    entry.sequence = fold_.last_sequence() + 1;
    entry.time = absl::FromUnixSeconds(static_cast<std::int64_t>(entry.sequence));
    entry.transfer.kind = kind;
    entry.transfer.workspace_id = "ws";
    entry.transfer.idempotency_key = key;
    entry.transfer.postings = std::move(postings);
    entry.transfer.actor = actor;
    entry.balance = Nano(balance);
    entry.hash = hash_ = ChainHash(hash_, EncodeEntryContents(entry));
    fold_.Add(entry);
  }
  void Grant(std::uint64_t incarnation, std::int64_t amount, std::int64_t balance = 1000) {
    Add(EntryKind::kLeaseGrant, absl::StrCat("grant/ws/n/", incarnation, "/", amount),
        {{"wallet/ws", Nano(-amount)}, {"holds/ws", Nano(amount)}}, balance);
  }
  void Release(std::uint64_t incarnation, std::int64_t amount) {
    Add(EntryKind::kLeaseRelease, absl::StrCat("release/ws/n/", incarnation, "/", amount),
        {{"holds/ws", Nano(-amount)}, {"wallet/ws", Nano(amount)}}, 1000);
  }

  AuditReport report_;
  std::map<LeaseKey, LeaseRow> stored_;
  JournalFold fold_{report_, stored_};
  Sha256Digest hash_{};
};

TEST_F(JournalFoldTest, KeepsNothingOfLeasesThatAreOverAndGone) {
  for (std::uint64_t incarnation = 1; incarnation <= 1000; ++incarnation) {
    Grant(incarnation, 50);
    Release(incarnation, 50);
    EXPECT_LE(fold_.leases().size(), 2u);
  }
  EXPECT_TRUE(report_.clean()) << report_.first()->where;
}

TEST_F(JournalFoldTest, KeepsWhatTheStoreStillHasAndWhatHoldsMoney) {
  stored_[{"wallet/ws", "n", 1}] = {};
  Grant(1, 50);
  Release(1, 50);
  Grant(2, 70);  // And never heard of again.
  Grant(3, 50);
  Release(3, 50);
  Grant(4, 50);
  EXPECT_TRUE(fold_.leases().contains({"wallet/ws", "n", 1}));
  EXPECT_EQ(OutstandingOf(fold_.leases().at({"wallet/ws", "n", 2})), Nano(70));
  EXPECT_FALSE(fold_.leases().contains({"wallet/ws", "n", 3}));
  EXPECT_TRUE(report_.clean()) << report_.first()->where;
}

TEST_F(JournalFoldTest, ALeaseThatIsOverAndMovesAgainIsADifference) {
  Grant(1, 50);
  Release(1, 50);
  Grant(2, 50);
  Release(1, 60);
  EXPECT_FALSE(report_.clean());
}

TEST_F(JournalFoldTest, ALossIsSomebodysWordSinceWordsAreKept) {
  const auto lose = [this](const char* key, const std::string& actor) {
    Add(EntryKind::kLoss, key,
        {{"holds/ws", Nano(-50)},
         {"wallet/ws", Nano(50)},
         {"loss", Nano(-50)},
         {"payable/unreported", Nano(50)}},
        1000, actor);
  };
  Grant(1, 50);
  lose("loss/ws/n/1/50", "");
  fold_.CheckLosses();
  EXPECT_TRUE(report_.clean()) << report_.first()->where;
  Grant(2, 50);
  lose("loss/ws/n/2/50", "ops");
  fold_.CheckLosses();
  ASSERT_FALSE(report_.clean());
  EXPECT_EQ(report_.first()->where, "entry 5, lease of node n/2 on wallet/ws");
}

TEST_F(JournalFoldTest, SumsOfAWallet) {
  Add(EntryKind::kRefund, "request/r2", {{"wallet/ws", Nano(7)}, {"refunds", Nano(-7)}}, 1007);
  Grant(1, 50, 1007);
  Add(EntryKind::kUsage, "usage/n/1/0/1", {{"holds/ws", Nano(-30)}, {"revenue/m", Nano(30)}}, 977);
  fold_.Settle({"wallet/ws", "n", 1}, Nano(30));
  EXPECT_EQ(fold_.wallets().at("ws").credited, Nano(1007));
  EXPECT_EQ(fold_.wallets().at("ws").settled, Nano(30));
  EXPECT_EQ(fold_.balances().at("wallet/ws"), Nano(957));
  EXPECT_TRUE(report_.clean()) << report_.first()->where;
}

}  // namespace
}  // namespace tollgate::billing
