// A random journal against a reference model: as simple as can be, and written without the ledger.
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "billing/ledger/ledger.h"
#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

constexpr int kTransfers = 200'000;
constexpr std::uint64_t kSeed = 20'260'101;

// What a ledger is, in as few words as possible.
class Model {
 public:
  // Whether the transfer is applied.
  bool Apply(const Transfer& transfer) {
    if (const auto it = applied_.find(transfer.idempotency_key); it != applied_.end()) return false;
    std::map<std::string, __int128> next = balances_;
    for (const Posting& posting : transfer.postings) {
      next[posting.account] += posting.amount.nano_usd();
    }
    for (const Posting& posting : transfer.postings) {
      const bool bounded = posting.account[0] == 'w' || posting.account[0] == 'h' ||
                           posting.account.starts_with("credit/");
      if (!bounded || next[posting.account] >= 0) continue;
      // Who was refused by hand stays refused.
      if (RemembersKey(transfer.kind)) applied_.insert(transfer.idempotency_key);
      return false;
    }
    balances_ = std::move(next);
    applied_.insert(transfer.idempotency_key);
    return true;
  }
  const std::map<std::string, __int128>& balances() const { return balances_; }

 private:
  std::map<std::string, __int128> balances_;
  std::set<std::string> applied_;  // Or refused for good.
};

class Traffic {
 public:
  Transfer Next() {
    const std::string workspace = "ws_" + std::to_string(random_.Below(5));
    const Money amount = Money::FromNanoUsd(static_cast<std::int64_t>(random_.Below(1'000) + 1));
    const std::string wallet = WalletAccount(workspace);
    const std::string holds = HoldsAccount(workspace);
    Transfer transfer;
    transfer.workspace_id = workspace;
    const std::string credit = CreditAccount(workspace);
    switch (random_.Below(8)) {
      case 0:
        transfer.kind = EntryKind::kTopUp;
        transfer.postings = {{wallet, amount}, {"cash", -amount}};
        break;
      case 1:
        transfer.kind = EntryKind::kAdjustment;
        transfer.postings = {{wallet, -amount}, {"adjustments", amount}};
        break;
      case 2:
        transfer.kind = EntryKind::kLeaseGrant;
        transfer.postings = {{wallet, -amount}, {holds, amount}};
        break;
      case 3:
        transfer.kind = EntryKind::kLeaseRelease;
        transfer.postings = {{holds, -amount}, {wallet, amount}};
        break;
      case 4:
        transfer.kind = EntryKind::kRefund;
        transfer.postings = {{wallet, amount}, {"refunds", -amount}};
        break;
      case 5:
        transfer.kind = EntryKind::kCredit;
        transfer.postings = {{wallet, amount},
                             {"promotional", -amount},
                             {credit, amount},
                             {"credit_unspent", -amount}};
        break;
      case 6:
        transfer.kind = EntryKind::kCreditExpiry;
        transfer.postings = {{wallet, -amount},
                             {"promotional", amount},
                             {credit, -amount},
                             {"credit_unspent", amount}};
        break;
      default:
        transfer.kind = EntryKind::kUsage;
        transfer.postings = {
            {holds, -amount}, {"revenue/m", amount}, {"cost/p", -amount}, {"payable/p", amount}};
    }
    // Kinds whose keys are remembered repeat one now and then.
    const bool repeat = RemembersKey(transfer.kind) && random_.Below(10) == 0;
    transfer.idempotency_key = std::to_string(static_cast<int>(transfer.kind)) + "/" +
                               std::to_string(repeat ? random_.Below(next_ + 1) : ++next_);
    return transfer;
  }

 private:
  SeededRandom random_{kSeed};
  std::uint64_t next_ = 0;
};

TEST(LedgerModelTest, ARandomJournalGivesTheModelsBalances) {
  Model model;
  Ledger ledger;
  Traffic traffic;
  std::uint64_t applied = 0;
  for (int i = 0; i < kTransfers; ++i) {
    const Transfer transfer = traffic.Next();
    LedgerEffects effects;
    const Outcome outcome =
        ledger.Apply(transfer, absl::UnixEpoch() + absl::Seconds(i), &effects).outcome;
    const bool expected = model.Apply(transfer);
    ASSERT_EQ(outcome == Outcome::kCreated, expected)
        << "transfer " << i << " " << OutcomeName(outcome) << " seed " << kSeed;
    applied += expected ? 1 : 0;
  }
  ASSERT_GT(applied, kTransfers / 2u) << "the traffic must not be mostly refused";
  EXPECT_EQ(ledger.last_sequence(), applied);
  __int128 sum = 0;
  for (const auto& [account, balance] : model.balances()) {
    EXPECT_TRUE(ledger.Balance(account).nano_usd() == balance) << account;
    sum += balance;
  }
  EXPECT_TRUE(sum == 0);
  EXPECT_EQ(ledger.balances().size(), model.balances().size());
}

}  // namespace
}  // namespace tollgate::billing
