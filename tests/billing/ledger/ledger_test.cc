#include "billing/ledger/ledger.h"

#include <limits>

#include "billing/ledger/entry_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

Money Usd(std::int64_t dollars) { return Money::FromNanoUsd(dollars * kNanoUsdPerUsd); }

Transfer TopUp(const std::string& key, std::int64_t dollars) {
  return {.kind = EntryKind::kTopUp,
          .workspace_id = "ws_1",
          .idempotency_key = key,
          .postings = {{"wallet/ws_1", Usd(dollars)}, {"cash", Usd(-dollars)}},
          .description = "",
          .generation_id = ""};
}

Transfer Move(EntryKind kind, const std::string& key, std::vector<Posting> postings) {
  return {kind, "ws_1", key, std::move(postings), "", ""};
}

// Each row is applied to the same ledger, in order: a specification by example.
TEST(LedgerTest, OutcomesInOrderOfPrecedence) {
  Transfer changed = TopUp("a", 6);
  Transfer long_text = TopUp("x", 1);
  long_text.description = std::string(kDescriptionBytesMax + 1, 'x');
  const std::string long_name(kAccountNameBytesMax + 1, 'a');
  const Money most = Money::Max();
  const struct {
    const char* what;
    Transfer transfer;
    Outcome outcome;
  } kRows[] = {
      {"first", TopUp("a", 5), Outcome::kCreated},
      {"again", TopUp("a", 5), Outcome::kExists},
      {"other amount", changed, Outcome::kExistsWithDifferentContents},
      {"no key", TopUp("", 5), Outcome::kIdempotencyKeyInvalid},
      {"long key", TopUp(std::string(257, 'k'), 5), Outcome::kIdempotencyKeyInvalid},
      {"one leg", Move(EntryKind::kTopUp, "b", {{"cash", Usd(0)}}), Outcome::kPostingsCountInvalid},
      {"no key and one leg", Move(EntryKind::kTopUp, "", {{"cash", Usd(1)}}),
       Outcome::kIdempotencyKeyInvalid},
      {"blank in a name", Move(EntryKind::kTopUp, "b", {{"ca sh", Usd(1)}, {"cash", Usd(-1)}}),
       Outcome::kAccountInvalid},
      {"long name", Move(EntryKind::kTopUp, "b", {{long_name, Usd(1)}, {"cash", Usd(-1)}}),
       Outcome::kAccountInvalid},
      {"long text", long_text, Outcome::kTextTooLong},
      {"unbalanced", Move(EntryKind::kTopUp, "b", {{"wallet/ws_1", Usd(2)}, {"cash", Usd(-1)}}),
       Outcome::kPostingsUnbalanced},
      {"unbalanced beyond 64 bits",
       Move(EntryKind::kTopUp, "b", {{"a", most}, {"b", most}, {"c", Money::FromNanoUsd(2)}}),
       Outcome::kPostingsUnbalanced},
      {"a zero leg", Move(EntryKind::kTopUp, "b", {{"a", Usd(0)}, {"b", Usd(0)}}),
       Outcome::kAmountZero},
      {"a zero leg of usage", Move(EntryKind::kUsage, "u", {{"a", Usd(0)}, {"b", Usd(0)}}),
       Outcome::kCreated},
      {"overflow", Move(EntryKind::kUsage, "b", {{"wallet/ws_1", most}, {"cash", -most}}),
       Outcome::kBalanceOverflow},
      {"more than there is",
       Move(EntryKind::kLeaseGrant, "b", {{"wallet/ws_1", Usd(-6)}, {"holds/ws_1", Usd(6)}}),
       Outcome::kInsufficientBalance},
      {"all there is",
       Move(EntryKind::kLeaseGrant, "b", {{"wallet/ws_1", Usd(-5)}, {"holds/ws_1", Usd(5)}}),
       Outcome::kCreated},
      {"more than is held",
       Move(EntryKind::kUsage, "c", {{"holds/ws_1", Usd(-6)}, {"revenue/m", Usd(6)}}),
       Outcome::kInsufficientBalance},
      {"exists although the wallet is empty now", TopUp("a", 5), Outcome::kExists},
      {"operator's accounts may be negative",
       Move(EntryKind::kUsage, "d", {{"overrun", Usd(-9)}, {"revenue/m", Usd(9)}}),
       Outcome::kCreated},
  };
  Ledger ledger;
  LedgerEffects effects;
  for (const auto& row : kRows) {
    const std::uint64_t sequence_before = ledger.last_sequence();
    const std::size_t entries_before = effects.entries.size();
    const Ledger::Result result = ledger.Apply(row.transfer, kNow, &effects);
    EXPECT_EQ(OutcomeName(result.outcome), OutcomeName(row.outcome)) << row.what;
    const std::uint64_t written = row.outcome == Outcome::kCreated ? 1 : 0;
    EXPECT_EQ(ledger.last_sequence(), sequence_before + written) << row.what;
    EXPECT_EQ(effects.entries.size(), entries_before + written) << row.what;
    if (row.outcome == Outcome::kExists) {
      EXPECT_EQ(result.sequence, 1u) << row.what;
    }
  }
  EXPECT_EQ(ledger.Balance("holds/ws_1"), Usd(5));
  EXPECT_EQ(ledger.WorkspaceBalance("ws_1"), Usd(5));
}

TEST(LedgerTest, TwoLegsOnOneAccountCountTogether) {
  Ledger ledger;
  LedgerEffects effects;
  const Transfer back_and_forth =
      Move(EntryKind::kUsage, "k",
           {{"wallet/ws_1", Usd(-1)}, {"wallet/ws_1", Usd(3)}, {"cash", Usd(-2)}});
  EXPECT_EQ(ledger.Apply(back_and_forth, kNow, &effects).outcome, Outcome::kCreated);
  EXPECT_EQ(effects.balances.at("wallet/ws_1"), Usd(2));
}

TEST(LedgerTest, TimesStrictlyIncreaseAlthoughTheClockJumps) {
  Ledger ledger;
  LedgerEffects effects;
  ledger.Apply(TopUp("a", 1), kNow, &effects);
  ledger.Apply(TopUp("b", 1), kNow - absl::Hours(24), &effects);
  ledger.Apply(TopUp("c", 1), kNow, &effects);
  ledger.Apply(TopUp("d", 1), kNow + absl::Hours(1), &effects);
  EXPECT_EQ(effects.entries[0].time, kNow);
  EXPECT_EQ(effects.entries[1].time, kNow + absl::Nanoseconds(1));
  EXPECT_EQ(effects.entries[2].time, kNow + absl::Nanoseconds(2));
  EXPECT_EQ(effects.entries[3].time, kNow + absl::Hours(1));
}

TEST(LedgerTest, EachHashCoversTheOneBefore) {
  Ledger ledger;
  LedgerEffects effects;
  for (const char* key : {"a", "b", "c"}) ledger.Apply(TopUp(key, 1), kNow, &effects);
  Sha256Digest former{};
  for (const Entry& entry : effects.entries) {
    EXPECT_EQ(entry.hash, ChainHash(former, EncodeEntryContents(entry)));
    former = entry.hash;
  }
  EXPECT_EQ(ledger.last_hash(), former);
  Entry forged = effects.entries[1];
  forged.transfer.postings[0].amount = Usd(2);
  EXPECT_NE(ChainHash(effects.entries[0].hash, EncodeEntryContents(forged)),
            effects.entries[1].hash);
}

TEST(LedgerTest, GoesOnFromItsState) {
  Ledger first;
  LedgerEffects effects;
  first.Apply(TopUp("a", 5), kNow, &effects);
  LedgerState state;
  state.last_sequence = 1;
  state.last_time = effects.entries[0].time;
  state.last_hash = effects.entries[0].hash;
  state.balances = effects.balances;
  state.keys = effects.keys;
  Ledger second(state);
  LedgerEffects later;
  EXPECT_EQ(second.Apply(TopUp("a", 5), kNow, &later).outcome, Outcome::kExists);
  EXPECT_EQ(second.Apply(TopUp("b", 1), kNow, &later).sequence, 2u);
  EXPECT_EQ(second.Balance("wallet/ws_1"), Usd(6));
  EXPECT_EQ(later.entries[0].hash,
            ChainHash(effects.entries[0].hash, EncodeEntryContents(later.entries[0])));
}

}  // namespace
}  // namespace tollgate::billing
