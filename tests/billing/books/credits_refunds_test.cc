// Promotional credit, refunds, remembered refusals, quarantine and alerts: what Books makes of
// them.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/status_reason.h"
#include "billing/books/books.h"
#include "billing/store/memory_ledger_store.h"
#include "tests/billing/ingest/kept_text.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

// Books over a store in memory: each command's commit is written before the next.
class MoneyTest : public testing::Test {
 protected:
  MoneyTest() { Open(); }

  void Open() {
    books_ = std::make_unique<Books>(LeaseBookOptions{}, *store_->LoadLean(), Budgets(),
                                     MakeReader(*store_));
    CHECK(books_->OpenStream(++stream_, {"n", 1, "s"}).ok());
    Sync();
  }
  static BudgetTermsById Budgets() {
    BudgetTerms soft{.limit = Nano(100), .hard = false, .scope = "key/key_1"};
    soft.alert_percents = {50, 100};
    soft.alert_webhook_ids = {"hook_1", "hook_2"};
    return {{"soft", soft}};
  }
  void Sync() {
    books_->Expire(now_);
    CHECK(store_->Write(books_->TakeCommit()).ok());
    for (const LeaseMessage& message : books_->TakeMessages()) {
      if (const auto* grant = std::get_if<GrantAnswer>(&message.content)) grant_ = *grant;
      recalled_ = recalled_ || std::holds_alternative<RecallNotice>(message.content);
    }
  }
  template <typename T>
  T Done(T result) {
    Sync();
    return result;
  }
  void Pass(absl::Duration time) {
    now_.wall += time;
    now_.monotonic += time;
    Sync();
  }

  absl::StatusOr<std::uint64_t> TopUp(std::int64_t amount, const std::string& id) {
    return Done(books_->Post({EntryKind::kTopUp, "ws_1", Nano(amount), id, ""}, now_));
  }
  absl::StatusOr<std::uint64_t> Adjust(std::int64_t amount, const std::string& id) {
    return Done(books_->Post({EntryKind::kAdjustment, "ws_1", Nano(amount), id, "why"}, now_));
  }
  absl::StatusOr<std::uint64_t> Credit(std::int64_t amount, absl::Duration time,
                                       const std::string& id) {
    return Done(books_->Grant({"ws_1", Nano(amount), now_.wall + time, id, ""}, now_));
  }
  absl::StatusOr<std::uint64_t> Refund(std::int64_t amount, std::int64_t charge,
                                       const std::string& id) {
    return Done(
        books_->Refund({"ws_1", "gen_1", Nano(amount), Nano(charge), id, "bad answer"}, now_));
  }
  // Leases `amount` more, or gives back all but what is spent.
  void Lease(std::int64_t amount, std::int64_t released = 0) {
    WantRequest want;
    want.account = "wallet/ws_1";
    want.granted = grant_.granted;
    want.released = Nano(released);
    want.need = want.want = Nano(amount);
    ASSERT_OK(books_->Want(stream_, want, now_));
    now_.monotonic += absl::Seconds(1);
    Sync();
  }
  absl::StatusOr<UsageReceipt> Apply(UsageRecordItem record) {
    return Done(books_->Apply({{"n", 1, 0}, ++sequence_, {std::move(record)}, 1}, now_));
  }
  UsageRecordItem Record(std::int64_t charge, std::vector<UsageHold> holds) {
    UsageRecordItem record;
    record.bytes = Keep("record " + std::to_string(sequence_));
    record.digest = Sha256(record.bytes);
    record.generation_id = "gen_1";
    record.attempt = 1;
    record.workspace_id = "ws_1";
    record.model_id = "m";
    record.provider_id = "p";
    record.charge = Nano(charge);
    record.holds = std::move(holds);
    return record;
  }
  void Spend(std::int64_t charge) {
    ASSERT_OK(Apply(Record(charge, {{"wallet/ws_1", true, 1}})).status());
  }
  std::int64_t Balance(const std::string& account) const {
    return books_->ledger().Balance(account).nano_usd();
  }

  std::unique_ptr<MemoryLedgerStore> store_ = std::make_unique<MemoryLedgerStore>();
  std::unique_ptr<Books> books_;
  Now now_{absl::FromUnixSeconds(1'795'000'000), MonotonicTime::FromNanoseconds(1)};
  StreamId stream_ = 0;
  std::uint64_t sequence_ = 0;
  GrantAnswer grant_;
  bool recalled_ = false;
};

TEST_F(MoneyTest, CreditIsSpentFirstAndItsRestIsPostedBack) {
  ASSERT_OK(TopUp(100, "t").status());
  ASSERT_OK(Credit(50, absl::Hours(1), "c").status());
  Lease(40);
  Spend(30);
  EXPECT_EQ(Balance("credit/ws_1"), 20);
  EXPECT_EQ(Balance("revenue/m"), 30);
  EXPECT_EQ(books_->credits().List("ws_1").front().remaining, Nano(20));
  Pass(absl::Hours(1));
  EXPECT_EQ(Balance("credit/ws_1"), 0);
  EXPECT_EQ(Balance("credit_unspent"), 0);
  EXPECT_EQ(Balance("promotional"), -30);  // What the credit has cost.
  EXPECT_EQ(Balance("wallet/ws_1") + Balance("holds/ws_1"), 100);
  EXPECT_TRUE(books_->credits().List("ws_1").empty());
  ASSERT_OK_AND_ASSIGN(const StoredState state, store_->Load());
  EXPECT_TRUE(state.credits.empty());
}

TEST_F(MoneyTest, WhatLeasesHoldOfAnEndedCreditLeavesWhenItComesBack) {
  ASSERT_OK(Credit(50, absl::Hours(1), "c").status());
  Lease(50);
  EXPECT_EQ(Balance("wallet/ws_1"), 0);
  recalled_ = false;
  Pass(absl::Hours(1));
  EXPECT_TRUE(recalled_);
  EXPECT_EQ(Balance("credit/ws_1"), 50);
  EXPECT_EQ(books_->credits().Due("ws_1"), Nano(50));
  Lease(0);  // A renewal.
  EXPECT_EQ(grant_.ttl, absl::ZeroDuration());
  Spend(10);  // A request that was running.
  EXPECT_EQ(books_->credits().Due("ws_1"), Nano(40));
  Open();  // Billing restarts; nothing of this is forgotten.
  EXPECT_EQ(books_->credits().Due("ws_1"), Nano(40));
  // Other money is not touched, though it is there.
  ASSERT_OK(TopUp(7, "t").status());
  EXPECT_EQ(Balance("wallet/ws_1"), 7);
  Lease(0, /*released=*/40);
  EXPECT_EQ(Balance("wallet/ws_1"), 7);
  EXPECT_EQ(Balance("holds/ws_1"), 0);
  EXPECT_EQ(Balance("credit/ws_1"), 0);
  EXPECT_EQ(Balance("promotional"), -10);
}

TEST_F(MoneyTest, ACorrectionTakesPaidMoneyFirst) {
  ASSERT_OK(TopUp(30, "t").status());
  ASSERT_OK(Credit(50, absl::Hours(1), "c").status());
  ASSERT_OK(Adjust(-20, "a1").status());
  EXPECT_EQ(Balance("credit/ws_1"), 50);
  ASSERT_OK(Adjust(-20, "a2").status());
  EXPECT_EQ(Balance("credit/ws_1"), 40);
  ASSERT_OK_AND_ASSIGN(const std::uint64_t first, Adjust(-20, "a2"));
  EXPECT_EQ(first, 4u);  // The same entry, though it would be composed otherwise now.
  EXPECT_EQ(Balance("wallet/ws_1"), 40);
}

TEST_F(MoneyTest, ACreditNeedsTimeAndIsGivenOnce) {
  EXPECT_EQ(Credit(5, absl::ZeroDuration(), "c").status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_OK_AND_ASSIGN(const std::uint64_t first, Credit(5, absl::Hours(1), "c"));
  EXPECT_EQ(*Credit(5, absl::Hours(1), "c"), first);
  EXPECT_EQ(ReasonOf(Credit(5, absl::Hours(2), "c").status()), "EXISTS_WITH_DIFFERENT_CONTENTS");
  EXPECT_EQ(Balance("wallet/ws_1"), 5);
  now_.wall += absl::Minutes(59);
  Open();
  now_.wall -= absl::Minutes(59);
  EXPECT_EQ(*Credit(5, absl::Hours(1), "c"), first);  // Read from the store.
}

TEST_F(MoneyTest, RefundsNeverExceedTheCharge) {
  ASSERT_OK(TopUp(100, "t").status());
  ASSERT_OK(Refund(30, 80, "r1").status());
  EXPECT_EQ(Balance("wallet/ws_1"), 130);
  EXPECT_EQ(Balance("refunds"), -30);
  ASSERT_OK_AND_ASSIGN(const std::uint64_t rest, Refund(0, 80, "r2"));
  EXPECT_EQ(Balance("wallet/ws_1"), 180);
  EXPECT_EQ(*Refund(0, 80, "r2"), rest);  // Again: the same entry, not "nothing is left".
  EXPECT_EQ(ReasonOf(Refund(1, 80, "r3").status()), "REFUND_EXCEEDS_CHARGE");
  EXPECT_EQ(ReasonOf(Refund(0, 80, "r4").status()), "REFUND_EXCEEDS_CHARGE");
  EXPECT_EQ(ReasonOf(Refund(1, 80, "r2").status()), "EXISTS_WITH_DIFFERENT_CONTENTS");
  Open();
  EXPECT_EQ(ReasonOf(Refund(1, 80, "r5").status()), "REFUND_EXCEEDS_CHARGE");
  // A later record of the generation can be given back too, but not by the id that was refused.
  ASSERT_OK(Refund(1, 81, "r6").status());
  EXPECT_EQ(ReasonOf(Refund(1, 90, "r3").status()), "REFUND_EXCEEDS_CHARGE");
  EXPECT_EQ(Balance("wallet/ws_1"), 181);
}

TEST_F(MoneyTest, ARefusedRequestStaysRefused) {
  ASSERT_OK(TopUp(10, "t1").status());
  EXPECT_EQ(ReasonOf(Adjust(-20, "a").status()), "INSUFFICIENT_BALANCE");
  ASSERT_OK(TopUp(90, "t2").status());
  EXPECT_EQ(ReasonOf(Adjust(-20, "a").status()), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(ReasonOf(Adjust(-5, "a").status()), "EXISTS_WITH_DIFFERENT_CONTENTS");
  Open();
  EXPECT_EQ(ReasonOf(Adjust(-20, "a").status()), "INSUFFICIENT_BALANCE");
  ASSERT_OK(Adjust(-20, "b").status());
  EXPECT_EQ(Balance("wallet/ws_1"), 80);
}

TEST_F(MoneyTest, AnUnreadableRecordIsKeptAndItsLaneGoesOn) {
  ASSERT_OK(TopUp(100, "t").status());
  Lease(50);
  UsageRecordItem broken;
  broken.readable = false;
  broken.bytes = "garbage";
  broken.digest = Sha256(broken.bytes);
  ASSERT_OK_AND_ASSIGN(const UsageReceipt receipt, Apply(broken));
  EXPECT_EQ(receipt.quarantined, 1u);
  EXPECT_EQ(receipt.watermark, 1u);
  EXPECT_EQ(books_->counts().records_unreadable, 1u);
  ASSERT_OK_AND_ASSIGN(const std::string kept, store_->ReadQuarantined({{"n", 1, 0}, 1}));
  EXPECT_EQ(kept, "garbage");
  Spend(5);
  EXPECT_EQ(books_->lanes().Watermark({"n", 1, 0}), 2u);
  EXPECT_EQ(Balance("revenue/m"), 5);
  // Sent again it is known.
  ASSERT_OK_AND_ASSIGN(const UsageReceipt again,
                       books_->Apply({{"n", 1, 0}, 1, {broken}, 1}, now_));
  EXPECT_EQ(again.quarantined, 0u);
}

TEST_F(MoneyTest, OwnCredentialsCountAtMarketCost) {
  ASSERT_OK(Apply(Record(0, {{"budget/soft/all", false, 0, Nano(40)}})).status());
  EXPECT_EQ(books_->leases().FindAccount("budget/soft/all")->row.settled, Nano(40));
  EXPECT_EQ(Balance("revenue/m"), 0);
}

TEST_F(MoneyTest, AnAlertIsRecordedOnceWithTheChargeAndStaysUntilItIsTaken) {
  ASSERT_OK(Apply(Record(0, {{"budget/soft/all", false, 0, Nano(49)}})).status());
  EXPECT_TRUE(books_->outbox().empty());
  ASSERT_OK(Apply(Record(0, {{"budget/soft/all", false, 0, Nano(1)}})).status());
  ASSERT_EQ(books_->outbox().size(), 2u);  // One for each webhook.
  const OutboxRow& first = books_->outbox().begin()->second;
  EXPECT_EQ(first.webhook_id, "hook_1");
  EXPECT_EQ(first.event_id, "budget/soft/all/50");
  Open();  // It was written with the charge.
  ASSERT_EQ(books_->outbox().size(), 2u);
  books_->RemoveMessage(1);
  Sync();
  Open();
  EXPECT_EQ(books_->outbox().size(), 1u);
  ASSERT_OK(Apply(Record(0, {{"budget/soft/all", false, 0, Nano(10)}})).status());
  EXPECT_EQ(books_->outbox().size(), 1u);  // Once a period.
  ASSERT_OK(Apply(Record(0, {{"budget/soft/all", false, 0, Nano(90)}})).status());
  EXPECT_EQ(books_->outbox().size(), 3u);
  EXPECT_EQ(books_->counts().alerts.at(100), 1u);
}

// Random commands against a model of two numbers per workspace: what was paid and what is credit.
TEST_F(MoneyTest, RandomCommandsKeepEveryNanoDollar) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    books_.reset();
    store_ = std::make_unique<MemoryLedgerStore>();
    sequence_ = 0;
    grant_ = {};
    Open();
    std::mt19937 random(seed);
    const auto dice = [&random](int sides) {
      return static_cast<std::int64_t>(random() % static_cast<unsigned>(sides));
    };
    std::int64_t came_in = 0;
    std::int64_t spent = 0;
    std::int64_t released = 0;
    for (int step = 0; step < 60; ++step) {
      const std::string id = "r" + std::to_string(step);
      const std::int64_t amount = 1 + dice(100);
      const std::int64_t held = Balance("holds/ws_1");
      switch (dice(8)) {
        case 0:
          if (TopUp(amount, id).ok()) came_in += amount;
          break;
        case 1:
          if (Credit(amount, absl::Minutes(1 + dice(60)), id).ok()) came_in += amount;
          break;
        case 2:
          if (Adjust(-amount, id).ok()) came_in -= amount;
          break;
        case 3:
          if (Refund(amount, spent, id).ok()) came_in += amount;
          break;
        case 4:
          Lease(amount, released);
          break;
        case 5:
          if (held > 0) {
            const std::int64_t charge = 1 + dice(static_cast<int>(held));
            Spend(charge);
            spent += charge;
          }
          break;
        case 6:
          released += held > 0 ? dice(static_cast<int>(held) + 1) : 0;
          Lease(0, released);
          break;
        default:
          Pass(absl::Minutes(dice(30)));
          if (dice(4) == 0) {
            Open();
            Lease(0, released);
          }
      }
      // Besides what the books CHECK after each command: nothing is made and nothing is lost, but
      // for credit whose time is over.
      const std::int64_t expired = came_in - spent - Balance("wallet/ws_1") - Balance("holds/ws_1");
      ASSERT_GE(expired, 0);
      ASSERT_EQ(
          Balance("cash") + Balance("adjustments") + Balance("refunds") + Balance("promotional"),
          -(came_in - expired));
      ASSERT_EQ(Balance("credit/ws_1"), -Balance("credit_unspent"));
      ASSERT_LE(Balance("credit/ws_1"), Balance("wallet/ws_1") + Balance("holds/ws_1"));
    }
    Lease(0, released + Balance("holds/ws_1"));
    Pass(absl::Hours(2));
    EXPECT_EQ(Balance("credit/ws_1"), 0);
    EXPECT_EQ(Balance("holds/ws_1"), 0);
  }
}

}  // namespace
}  // namespace tollgate::billing
