// How Wants are served.
#include "tests/billing/lease/lease_fixture.h"

namespace tollgate::billing {
namespace {

using LeaseWantTest = LeaseFixture;

TEST_F(LeaseWantTest, GrantsAndRepeatsTheSameTotals) {
  Fund(1000);
  Open(1, "a");
  const WantRequest want = Need(100);
  EXPECT_EQ(Ask(1, want).granted, Nano(100));
  // The answer was lost: the same Want again is answered with the same totals.
  const GrantAnswer again = Ask(1, want);
  EXPECT_EQ(again.granted, Nano(100));
  EXPECT_EQ(again.shortage, Shortage::kNone);
  EXPECT_EQ(again.nonce, want.nonce);
  EXPECT_EQ(again.ttl, absl::Seconds(60));
  EXPECT_EQ(again.cap, Nano(1000));
  EXPECT_EQ(again.outstanding, Nano(100));
  // Having seen it, the node may ask for more.
  EXPECT_EQ(Ask(1, Need(50, 100)).granted, Nano(150));
}

TEST_F(LeaseWantTest, WhatIsReleasedCanBeGrantedAgainAndOldMessagesChangeNothing) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  EXPECT_EQ(Ask(1, Need(100)).granted, Nano(100));
  EXPECT_EQ(Ask(1, Need(0, 100, 60)).outstanding, Nano(40));
  EXPECT_EQ(Ask(2, Need(60)).granted, Nano(60));
  EXPECT_EQ(Ask(1, Need(0, 100, 10)).outstanding, Nano(100));  // Overtaken on its way.
  EXPECT_EQ(book_.Available(kWallet), Nano(0));
}

TEST_F(LeaseWantTest, NobodyReleasesMoreThanItHas) {
  Fund(100);
  Open(1, "a");
  Ask(1, Need(50));
  Settle(book_, {kWallet, "a", 1}, Nano(30));
  EXPECT_EQ(Ask(1, Need(0, 50, 50)).outstanding, Nano(0));
  EXPECT_EQ(book_.Available(kWallet), Nano(70));
}

TEST_F(LeaseWantTest, RefusesWhatNoHonestNodeSends) {
  Fund(100);
  Open(1, "a");
  WantRequest request = Need(10);
  request.account = kWallet;
  for (Money WantRequest::*field :
       {&WantRequest::granted, &WantRequest::released, &WantRequest::need}) {
    WantRequest bad = request;
    bad.*field = Nano(-1);
    EXPECT_THAT(book_.Want(1, bad, now_), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  WantRequest bad = request;
  bad.want = Nano(9);
  EXPECT_THAT(book_.Want(1, bad, now_), StatusIs(absl::StatusCode::kInvalidArgument));
  bad = request;
  bad.granted = Nano(1);
  EXPECT_EQ(ReasonOf(book_.Want(1, bad, now_)), "GRANT_UNKNOWN");
  EXPECT_EQ(ReasonOf(book_.Want(99, request, now_)), "STALE_INCARNATION");
}

// A node that gave a stream up may have forgotten the account by the time its Want arrives there.
TEST_F(LeaseWantTest, AStreamThatItsNodeHasReplacedIsGrantedNothing) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(2, Need(80));
  ASSERT_FALSE(Want(1, Need(50)).empty());  // Waits for b, which is recalled.
  Open(3, "a");
  WantRequest request = Need(10);
  request.account = kWallet;
  EXPECT_THAT(book_.Want(1, request, now_), StatusIs(absl::StatusCode::kAborted));
  for (const LeaseMessage& message : Want(2, Need(0, 80, 80))) EXPECT_EQ(message.stream, 2u);
  EXPECT_EQ(book_.Outstanding({kWallet, "a", 1}), Nano(0));
  EXPECT_EQ(Ask(3, Need(10)).granted, Nano(10));
}

TEST_F(LeaseWantTest, AnEmptyWalletIsExhaustedAndLeavesNoRow) {
  Open(1, "a");
  const GrantAnswer answer = Ask(1, Need(1));
  EXPECT_EQ(answer.shortage, Shortage::kExhausted);
  EXPECT_EQ(answer.granted, Nano(0));
  EXPECT_TRUE(book_.List({}, "", 10).empty());
}

TEST_F(LeaseWantTest, ASpentCapIsExhaustedAndTheRestIsGiven) {
  Fund(100);
  Open(1, "a");
  Ask(1, Need(90));
  Settle(book_, {kWallet, "a", 1}, Nano(90));
  const GrantAnswer answer = Ask(1, Need(11, 90));
  EXPECT_EQ(answer.shortage, Shortage::kExhausted);
  EXPECT_EQ(answer.granted, Nano(100));
  EXPECT_EQ(answer.settled, Nano(90));
}

TEST_F(LeaseWantTest, RecallsFromOthersAndServesTheWantWhenTheyGiveBack) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  const std::vector<LeaseMessage> recall = Want(2, Need(50));
  ASSERT_EQ(recall.size(), 1u);  // The Want waits.
  EXPECT_EQ(recall[0].stream, 1u);
  EXPECT_EQ(std::get<RecallNotice>(recall[0].content).account, kWallet);
  EXPECT_EQ(book_.NextDeadline(), now_.monotonic + absl::Milliseconds(40));

  const std::vector<LeaseMessage> answers = Want(1, Need(0, 80, 40));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].stream, 2u);
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).granted, Nano(50));
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).shortage, Shortage::kNone);
  EXPECT_EQ(answers[1].stream, 1u);
  EXPECT_EQ(book_.NextDeadline(), MonotonicTime::InfiniteFuture());
}

TEST_F(LeaseWantTest, AnswersReservedWhenTheWaitIsOver) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  Want(2, Need(50));
  Advance(absl::Milliseconds(39));
  book_.Expire(now_);
  EXPECT_TRUE(book_.TakeEffects().messages.empty());
  Advance(absl::Milliseconds(1));
  book_.Expire(now_);
  const std::vector<LeaseMessage> answers = book_.TakeEffects().messages;
  ASSERT_EQ(answers.size(), 1u);
  const GrantAnswer& answer = std::get<GrantAnswer>(answers[0].content);
  EXPECT_EQ(answer.shortage, Shortage::kReserved);
  EXPECT_EQ(answer.granted, Nano(0));
}

TEST_F(LeaseWantTest, ATopUpServesWhoWaits) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  Want(2, Need(50));
  Fund(30);
  const std::vector<LeaseMessage> answers = book_.TakeEffects().messages;
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).granted, Nano(50));
}

TEST_F(LeaseWantTest, WaitsForNobodyWhoCannotGiveBack) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  book_.CloseStream(1);
  EXPECT_EQ(Ask(2, Need(50)).shortage, Shortage::kReserved);
}

TEST_F(LeaseWantTest, AStreamThatEndsWaitsNoLonger) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  Want(2, Need(50));
  book_.CloseStream(2);
  EXPECT_EQ(book_.NextDeadline(), MonotonicTime::InfiniteFuture());
}

TEST_F(LeaseWantTest, ANewWantOfANodeAnswersItsFormerOne) {
  Fund(100);
  Open(1, "a");
  Open(2, "b");
  Ask(1, Need(80));
  const WantRequest former = Need(50);
  Want(2, former);
  const std::vector<LeaseMessage> answers = Want(2, Need(10));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).nonce, former.nonce);
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).shortage, Shortage::kReserved);
  EXPECT_EQ(std::get<GrantAnswer>(answers[1].content).granted, Nano(10));
}

TEST_F(LeaseWantTest, WhileOneStarvesOthersGetNoMoreThanTheyNeed) {
  Fund(1000);
  Open(1, "a");
  Open(2, "b");
  Open(3, "c");
  Ask(1, Need(900));
  Want(2, Need(500));
  WantRequest greedy = Need(10);
  greedy.want = Nano(1000);
  const std::vector<LeaseMessage> answers = Want(3, greedy);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<GrantAnswer>(answers[0].content).granted, Nano(10));
}

class LeaseWantBudgetTest : public LeaseFixture {
 protected:
  static constexpr const char* kBudget = "budget/bud_1/2026-01";  // now_ is 2026-01-01T00:00Z.
  void Limit(std::int64_t amount, bool hard = true) {
    book_.SetBudgets({{"bud_1", {Nano(amount), BudgetPeriod::kMonthly, hard}}}, now_);
  }
  GrantAnswer AskBudget(StreamId id, WantRequest request, const char* account = kBudget) {
    request.account = account;
    return Ask(id, std::move(request));
  }
};

TEST_F(LeaseWantBudgetTest, OnlyACurrentPeriodOfAKnownHardBudgetIsLeased) {
  Limit(100);
  Open(1, "a");
  EXPECT_EQ(AskBudget(1, Need(10)).granted, Nano(10));
  // The node's clock may be an hour behind ours.
  EXPECT_EQ(AskBudget(1, Need(10), "budget/bud_1/2025-12").granted, Nano(10));
  for (const char* account : {"budget/bud_1/2025-11", "budget/bud_1/2026-02", "budget/bud_1/all",
                              "budget/bud_2/2026-01", "nonsense"}) {
    const GrantAnswer answer = AskBudget(1, Need(10), account);
    EXPECT_EQ(answer.shortage, Shortage::kUnknownAccount) << account;
    EXPECT_EQ(answer.ttl, absl::ZeroDuration()) << account;
  }
  Limit(100, /*hard=*/false);
  const GrantAnswer soft = AskBudget(1, Need(10, 10));
  EXPECT_EQ(soft.granted, Nano(10));
  EXPECT_EQ(soft.shortage, Shortage::kReserved);
}

TEST_F(LeaseWantBudgetTest, ALoweredCapStopsRenewalAndRecalls) {
  Limit(100);
  Open(1, "a");
  AskBudget(1, Need(80));
  Limit(50);
  const std::vector<LeaseMessage> recall = book_.TakeEffects().messages;
  ASSERT_EQ(recall.size(), 1u);
  EXPECT_EQ(std::get<RecallNotice>(recall[0].content).account, kBudget);
  const GrantAnswer renewal = AskBudget(1, Need(0, 80));
  EXPECT_EQ(renewal.ttl, absl::ZeroDuration());
  EXPECT_EQ(renewal.granted, Nano(80));
  // Once enough is back the rest is renewed.
  EXPECT_EQ(AskBudget(1, Need(0, 80, 40)).ttl, absl::Seconds(60));
}

TEST_F(LeaseWantBudgetTest, AWantThatComesAfterALaterOneBeginsNoLease) {
  Limit(100);
  Open(1, "a");
  WantRequest late = Need(40);
  AskBudget(1, late);
  WantRequest close = Need(0, 40, 40);
  close.close = true;
  EXPECT_TRUE(AskBudget(1, close).closed);
  // The first Want again, or a Want that the close has overtaken: its node forgot the lease.
  late.account = kBudget;
  EXPECT_TRUE(Want(1, late).empty());
  EXPECT_EQ(book_.Available(kBudget), Nano(100));
  EXPECT_TRUE(book_.List({}, kBudget, 10).empty());
  // The close again is answered, in case its answer was lost.
  EXPECT_TRUE(AskBudget(1, close).closed);
}

TEST_F(LeaseWantBudgetTest, APastPeriodStillTakesWhatIsReleased) {
  Limit(100);
  Open(1, "a");
  AskBudget(1, Need(80));
  Advance(absl::Hours(24 * 40));
  EXPECT_EQ(AskBudget(1, Need(0, 80, 80)).outstanding, Nano(0));
}

}  // namespace
}  // namespace tollgate::billing
