#include "billing/ledger/usage_entry.h"

#include "billing/ledger/entry_codec.h"
#include "billing/ledger/usage_poster.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

using testing::ElementsAre;

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

const LaneKey kLane{"n", 2, 3};
const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

UsageFacts Facts(std::int64_t charge, std::int64_t cost, std::int64_t leased,
                 std::int64_t credit = 0) {
  UsageFacts facts;
  facts.lane = &kLane;
  facts.number = 4;
  facts.attempt = 1;
  facts.charge = Nano(charge);
  facts.cost = Nano(cost);
  facts.leased = Nano(leased);
  facts.credit = Nano(credit);
  facts.workspace_id = "ws_1";
  facts.key_id = "key_1";
  facts.generation_id = "gen_1";
  facts.model_id = "m";
  facts.provider_id = "p";
  facts.record = "the record";
  facts.digest = Sha256(facts.record);
  return facts;
}

TEST(UsageTransferTest, ChargeAndCost) {
  const Transfer transfer = UsageTransfer(Facts(10, 7, 10));
  EXPECT_EQ(transfer.kind, EntryKind::kUsage);
  EXPECT_EQ(transfer.idempotency_key, "usage/n/2/3/4");
  EXPECT_EQ(transfer.generation_id, "gen_1");
  EXPECT_THAT(transfer.postings,
              ElementsAre(Posting{"holds/ws_1", Nano(-10)}, Posting{"revenue/m", Nano(10)},
                          Posting{"cost/p", Nano(-7)}, Posting{"payable/p", Nano(7)}));
}

TEST(UsageTransferTest, WhatTheLeaseDoesNotCoverIsTheOperators) {
  EXPECT_THAT(UsageTransfer(Facts(10, 0, 4)).postings,
              ElementsAre(Posting{"holds/ws_1", Nano(-4)}, Posting{"revenue/m", Nano(10)},
                          Posting{"overrun", Nano(-6)}));
}

TEST(UsageTransferTest, AFreeAttemptIsAnEntryToo) {
  EXPECT_THAT(UsageTransfer(Facts(0, 0, 0)).postings,
              ElementsAre(Posting{"holds/ws_1", Nano(0)}, Posting{"revenue/m", Nano(0)}));
}

// A ledger with money in the holds of ws_1, of which some is promotional.
class UsagePosterTest : public testing::Test {
 protected:
  UsagePosterTest() {
    LedgerState state;
    state.last_sequence = 7;
    state.last_time = kNow - absl::Seconds(1);
    state.balances = {{"wallet/ws_1", Nano(5)},
                      {"holds/ws_1", Nano(100)},
                      {"credit/ws_1", Nano(20)},
                      {"credit_unspent", Nano(-20)},
                      {"cash", Nano(-105)}};
    ledger_ = Ledger(state);
  }
  // Posts all as one batch; what became of each.
  std::vector<Outcome> Post(const std::vector<UsageFacts>& batch) {
    UsagePoster poster(ledger_, batch.size(), kNow);
    std::vector<Outcome> outcomes;
    for (const UsageFacts& facts : batch) outcomes.push_back(poster.Post(facts));
    poster.Finish(&effects_);
    return outcomes;
  }
  Entry EntryAt(std::size_t run, std::size_t line) {
    const UsageRun& of = effects_.runs.at(run);
    auto entry = DecodeEntry(of.View(of.lines.at(line).row).substr(4));
    EXPECT_OK(entry);
    return *entry;
  }

  Ledger ledger_;
  LedgerEffects effects_;
};

TEST_F(UsagePosterTest, DoesWhatApplyingTheTransferDoes) {
  Ledger other = ledger_;
  LedgerEffects effects;
  const std::vector<UsageFacts> batch = {Facts(10, 7, 10, 3), Facts(30, 0, 20), Facts(0, 0, 0)};
  EXPECT_THAT(Post(batch), ElementsAre(Outcome::kCreated, Outcome::kCreated, Outcome::kCreated));
  for (const UsageFacts& facts : batch) other.Apply(UsageTransfer(facts), kNow, &effects);
  EXPECT_EQ(effects_.balances, effects.balances);
  for (const auto& [account, balance] : effects.balances) {
    EXPECT_EQ(ledger_.Balance(account), balance) << account;
  }
  EXPECT_EQ(ledger_.last_sequence(), other.last_sequence());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Entry entry = EntryAt(0, i);
    EXPECT_EQ(entry.sequence, 8 + i);
    EXPECT_EQ(entry.transfer, effects.entries[i].transfer);
    EXPECT_EQ(entry.balance, effects.entries[i].balance);
    EXPECT_EQ(entry.time, effects.entries[i].time);
    EXPECT_EQ(entry.usage->record, "the record");
    EXPECT_EQ(effects_.runs[0].SequenceOf(i), entry.sequence);
  }
}

TEST_F(UsagePosterTest, EachEntryChainsToTheOneBefore) {
  Post({Facts(1, 0, 1), Facts(2, 0, 2)});
  Post({Facts(3, 0, 3)});
  Sha256Digest former{};
  for (const Entry& entry : {EntryAt(0, 0), EntryAt(0, 1), EntryAt(1, 0)}) {
    EXPECT_EQ(entry.hash, ChainHash(former, EncodeEntryContents(entry)));
    former = entry.hash;
  }
  EXPECT_EQ(ledger_.last_hash(), former);
  Entry forged = EntryAt(0, 1);
  forged.usage->digest = Sha256("another record");
  EXPECT_NE(forged.hash, ChainHash(EntryAt(0, 0).hash, EncodeEntryContents(forged)));
}

TEST_F(UsagePosterTest, ALineSaysWhereItsTextsAre) {
  UsageFacts second = Facts(1, 1, 1);
  second.workspace_id = "ws_22";
  second.leased = Nano(0);
  second.key_id = "";
  second.generation_id = "gen_2";
  Post({Facts(1, 0, 1), second});
  const UsageRun& run = effects_.runs.at(0);
  EXPECT_EQ(run.View(run.lines[0].workspace_id), "ws_1");
  EXPECT_EQ(run.View(run.lines[0].key_id), "key_1");
  EXPECT_EQ(run.View(run.lines[0].generation_id), "gen_1");
  EXPECT_EQ(run.View(run.lines[1].workspace_id), "ws_22");
  EXPECT_EQ(run.View(run.lines[1].key_id), "");
  EXPECT_EQ(run.View(run.lines[1].generation_id), "gen_2");
}

TEST_F(UsagePosterTest, ARefusalLeavesNoTrace) {
  UsageFacts long_model = Facts(1, 0, 1);
  const std::string model(300, 'm');
  long_model.model_id = model;
  UsageFacts blank = Facts(1, 0, 1);
  blank.provider_id = "a b";
  EXPECT_THAT(Post({Facts(200, 0, 200), Facts(50, 0, 50, 30), long_model, blank, Facts(50, 0, 50)}),
              ElementsAre(Outcome::kInsufficientBalance, Outcome::kInsufficientBalance,
                          Outcome::kAccountInvalid, Outcome::kAccountInvalid, Outcome::kCreated));
  EXPECT_EQ(ledger_.Balance("holds/ws_1"), Nano(50));
  EXPECT_EQ(ledger_.Balance("credit/ws_1"), Nano(20));
  EXPECT_EQ(effects_.balances.size(), 2u);
  ASSERT_EQ(effects_.runs.size(), 1u);
  EXPECT_EQ(effects_.runs[0].lines.size(), 1u);
}

TEST_F(UsagePosterTest, AnAccountThatWouldOverflowIsRefused) {
  LedgerState state;
  state.balances = {{"payable/p", Money::Max()}, {"cash", -Money::Max()}};
  ledger_ = Ledger(state);
  EXPECT_THAT(Post({Facts(0, 1, 0)}), ElementsAre(Outcome::kBalanceOverflow));
  EXPECT_TRUE(effects_.runs.empty());
}

TEST(UsageEntryCodecTest, WhatWasNotWrittenIsDataLoss) {
  UsageContents contents(Facts(10, 7, 10), 3, 5, Nano(1));
  contents.Chain({});
  const std::string stored(contents.stored());
  EXPECT_OK(DecodeEntry(stored));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_THAT(DecodeEntry(stored.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
  UsageFacts negative = Facts(10, 7, 10);
  negative.cost = Nano(-1);
  UsageContents spoiled(negative, 3, 5, Nano(1));
  EXPECT_THAT(DecodeEntry(spoiled.stored()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(UsageEntryCodecTest, AnEntryIsEncodedAsItWasPosted) {
  UsageContents contents(Facts(10, 7, 8, 2), 3, 5, Nano(1));
  contents.Chain(Sha256("former"));
  const std::string stored = std::string(contents.stored()) + "the record";
  ASSERT_OK_AND_ASSIGN(const Entry entry, DecodeEntry(stored));
  EXPECT_EQ(EncodeEntry(entry), stored);
  EXPECT_EQ(EncodeEntryContents(entry), contents.contents());
}

}  // namespace
}  // namespace tollgate::billing
