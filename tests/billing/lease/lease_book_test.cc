// What the lease book keeps, frees and shows.
#include "tests/billing/lease/lease_fixture.h"

namespace tollgate::billing {
namespace {

using LeaseBookTest = LeaseFixture;

TEST_F(LeaseBookTest, ANewIncarnationSuspendsTheFormerOnesLeases) {
  Fund(100);
  Open(1, "a", 1);
  Ask(1, Need(60));
  Open(2, "a", 2);
  const std::vector<LeaseView> leases = book_.List({}, "", 10);
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases[0].state, LeaseState::kSuspended);
  EXPECT_EQ(book_.Available(kWallet), Nano(40));  // Still counted.
  WantRequest stale = Need(1, 60);
  stale.account = kWallet;
  EXPECT_EQ(ReasonOf(book_.Want(1, stale, now_)), "STALE_INCARNATION");
  EXPECT_EQ(Ask(2, Need(40)).granted, Nano(40));
}

TEST_F(LeaseBookTest, TimeFreesNothing) {
  Fund(100);
  Open(1, "a");
  Ask(1, Need(60));
  book_.CloseStream(1);
  Advance(absl::Hours(24 * 365));
  book_.Expire(now_);
  EXPECT_EQ(book_.Available(kWallet), Nano(40));
  EXPECT_EQ(book_.List({}, "", 10)[0].state, LeaseState::kSuspended);
}

TEST_F(LeaseBookTest, ClosingAnIncarnationFreesWhatItHeldOnce) {
  Fund(100);
  Open(1, "a", 1);
  Ask(1, Need(60));
  Settle(book_, {kWallet, "a", 1}, Nano(20));
  Open(2, "a", 2);
  book_.TakeEffects();
  book_.CloseIncarnation("a", 1, now_);
  const LeaseEffects effects = book_.TakeEffects();
  ASSERT_EQ(effects.moves.size(), 1u);
  EXPECT_EQ(effects.moves[0].kind, HoldMove::Kind::kRelease);
  EXPECT_EQ(effects.moves[0].amount, Nano(40));
  EXPECT_EQ(book_.Available(kWallet), Nano(80));
  book_.CloseIncarnation("a", 1, now_);
  EXPECT_TRUE(book_.TakeEffects().moves.empty());
  EXPECT_EQ(book_.List({}, "", 10)[0].state, LeaseState::kClosed);
}

TEST_F(LeaseBookTest, LeasesClosedBeforeAreForgottenWithTheNextIncarnation) {
  Fund(100);
  for (std::uint64_t incarnation = 1; incarnation <= 5; ++incarnation) {
    Open(incarnation, "a", incarnation);
    Ask(incarnation, Need(10));
    if (incarnation > 1) book_.CloseIncarnation("a", incarnation - 1, now_);
  }
  EXPECT_EQ(book_.List({}, "", 10).size(), 2u);  // The running one's, and the last closed.
  EXPECT_EQ(book_.Outstanding({kWallet, "a", 1}), Nano(0));
}

TEST_F(LeaseBookTest, AnOperatorResolvesOnlyTheLeaseOfANodeThatIsGone) {
  Fund(100);
  Open(1, "a");
  Ask(1, Need(60));
  const LeaseKey key{kWallet, "a", 1};
  EXPECT_EQ(ReasonOf(book_.Resolve(key, now_).status()), "NODE_ALIVE");
  book_.CloseStream(1);
  book_.TakeEffects();
  ASSERT_OK_AND_ASSIGN(const LeaseView view, book_.Resolve(key, now_));
  EXPECT_EQ(view.state, LeaseState::kClosed);
  const LeaseEffects effects = book_.TakeEffects();
  ASSERT_EQ(effects.moves.size(), 1u);
  EXPECT_EQ(effects.moves[0].kind, HoldMove::Kind::kLoss);
  EXPECT_EQ(book_.Available(kWallet), Nano(100));
  EXPECT_OK(book_.Resolve(key, now_));
  EXPECT_TRUE(book_.TakeEffects().moves.empty());
  EXPECT_THAT(book_.Resolve({kWallet, "b", 1}, now_), StatusIs(absl::StatusCode::kNotFound));

  // Should the node come back all the same, the lease gives it nothing more.
  Open(2, "a", 1);
  const GrantAnswer answer = Ask(2, Need(10, 60));
  EXPECT_EQ(answer.granted, Nano(60));
  EXPECT_EQ(answer.ttl, absl::ZeroDuration());
}

TEST_F(LeaseBookTest, AFormerRunsLeaseIsResolvedOnceItsLivingNodeHasGivenItUp) {
  Fund(100);
  Open(1, "a", 1);
  Ask(1, Need(60));
  book_.CloseStream(1);
  Open(2, "a", 2);
  book_.TakeEffects();
  const LeaseKey key{kWallet, "a", 1};
  EXPECT_EQ(ReasonOf(book_.Resolve(key, now_).status()), "GIVING_UP");
  LeaseEffects effects = book_.TakeEffects();
  ASSERT_EQ(effects.messages.size(), 1u);
  EXPECT_EQ(effects.messages[0].stream, 2u);
  EXPECT_EQ(std::get<GiveUpNotice>(effects.messages[0].content).incarnation, 1u);
  EXPECT_EQ(book_.Available(kWallet), Nano(40));
  EXPECT_THAT(book_.GivenUp(2, 2), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(book_.GivenUp(1, 1), StatusIs(absl::StatusCode::kAborted)) << "an ended stream";

  // What it said holds for the stream: the process behind another one may be another.
  ASSERT_OK(book_.GivenUp(2, 1));
  Open(3, "a", 3);
  EXPECT_EQ(ReasonOf(book_.Resolve(key, now_).status()), "GIVING_UP");
  EXPECT_THAT(book_.GivenUp(2, 1), StatusIs(absl::StatusCode::kAborted)) << "a replaced stream";
  book_.TakeEffects();
  ASSERT_OK(book_.GivenUp(3, 1));
  ASSERT_OK_AND_ASSIGN(const LeaseView view, book_.Resolve(key, now_));
  EXPECT_EQ(view.state, LeaseState::kClosed);
  effects = book_.TakeEffects();
  ASSERT_EQ(effects.moves.size(), 1u);
  EXPECT_EQ(effects.moves[0].kind, HoldMove::Kind::kLoss);
  EXPECT_EQ(effects.moves[0].amount, Nano(60));
  EXPECT_EQ(book_.Available(kWallet), Nano(100));
  Ask(3, Need(50));
  EXPECT_EQ(ReasonOf(book_.Resolve({kWallet, "a", 3}, now_).status()), "NODE_ALIVE");
}

TEST_F(LeaseBookTest, SoftSpendingIsCountedAndSaturates) {
  book_.SetBudgets({{"bud_1", {Nano(10), BudgetPeriod::kNone, false}}}, now_);
  Count(book_, "budget/bud_1/all", Nano(25));
  EXPECT_EQ(book_.FindAccount("budget/bud_1/all")->row.settled, Nano(25));
  Count(book_, "budget/bud_1/all", Money::Max());
  EXPECT_EQ(book_.FindAccount("budget/bud_1/all")->row.settled, Money::Max());
}

TEST_F(LeaseBookTest, AccountsAreKnownByConfigurationOrBySpending) {
  EXPECT_FALSE(book_.FindAccount("budget/bud_1/all").has_value());
  EXPECT_FALSE(book_.FindAccount("cash").has_value());
  book_.SetBudgets({{"bud_1", {Nano(10), BudgetPeriod::kNone, true}}}, now_);
  EXPECT_EQ(book_.FindAccount("budget/bud_1/all")->cap, Nano(10));
  Count(book_, "budget/bud_1/all", Nano(5));
  book_.SetBudgets({}, now_);
  EXPECT_FALSE(book_.FindAccount("budget/bud_1/all")->capped);
}

TEST_F(LeaseBookTest, ListsInPages) {
  Fund(100);
  for (StreamId id = 1; id <= 5; ++id) {
    Open(id, "node_" + std::to_string(id));
    Ask(id, Need(10));
  }
  std::vector<std::string> nodes;
  LeaseKey after;
  while (true) {
    const std::vector<LeaseView> page = book_.List(after, kWallet, 2);
    if (page.empty()) break;
    for (const LeaseView& view : page) nodes.push_back(view.row.key.node_id);
    after = page.back().row.key;
  }
  EXPECT_THAT(nodes, testing::ElementsAre("node_1", "node_2", "node_3", "node_4", "node_5"));
  EXPECT_TRUE(book_.List({}, "wallet/other", 10).empty());
}

TEST_F(LeaseBookTest, GoesOnFromItsRows) {
  LeaseBook book;
  book.Restore({{"a", 2, "s"}}, {{kWallet, Nano(100), Nano(10), Nano(30)}},
               {{{kWallet, "a", 1}, {Nano(50), Nano(10), Nano(10)}, false}});
  EXPECT_EQ(book.Available(kWallet), Nano(60));
  EXPECT_EQ(book.Outstanding({kWallet, "a", 1}), Nano(30));
  EXPECT_EQ(book.LatestIncarnation("a"), 2u);
  EXPECT_EQ(ReasonOf(book.OpenStream(1, {"a", 1, ""})), "STALE_INCARNATION");
  EXPECT_EQ(ReasonOf(book.OpenStream(1, {"a", 2, "t"})), "SOURCE_IN_USE");
}

}  // namespace
}  // namespace tollgate::billing
