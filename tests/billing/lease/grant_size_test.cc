#include "billing/lease/grant_size.h"

#include <algorithm>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

TEST(GrantSizeTest, Table) {
  const struct {
    const char* what;
    std::int64_t available, others, need, want, holders, granted;
    Shortage shortage;
  } kRows[] = {
      {"plenty gives what is wanted", 1000, 0, 10, 100, 1, 100, Shortage::kNone},
      {"a renewal without a wish gives nothing", 1000, 0, 0, 0, 1, 0, Shortage::kNone},
      {"half of what is there at most", 100, 0, 10, 100, 1, 50, Shortage::kNone},
      {"of an even share with others", 100, 100, 10, 100, 5, 10, Shortage::kNone},
      {"but the need is honoured", 100, 100, 60, 100, 5, 60, Shortage::kNone},
      {"to the last nano-dollar", 60, 0, 60, 60, 9, 60, Shortage::kNone},
      {"a wish near the cap shrinks to nothing", 1, 0, 0, 50, 1, 0, Shortage::kNone},
      {"others' money would do", 5, 5, 10, 10, 1, 0, Shortage::kReserved},
      {"nobody's money would do: the rest is given", 5, 4, 10, 10, 1, 5, Shortage::kExhausted},
      {"nothing left", 0, 0, 1, 1, 1, 0, Shortage::kExhausted},
      {"above a lowered cap, and others cover need and debt", -5, 15, 10, 10, 1, 0,
       Shortage::kReserved},
      {"above a lowered cap, and others do not", -5, 14, 10, 10, 1, 0, Shortage::kExhausted},
      {"above a lowered cap, a renewal", -5, 0, 0, 0, 1, 0, Shortage::kNone},
  };
  for (const auto& row : kRows) {
    const GrantDecision decision = DecideGrant({.available = Nano(row.available),
                                                .outstanding_others = Nano(row.others),
                                                .need = Nano(row.need),
                                                .want = Nano(row.want),
                                                .holders = row.holders});
    EXPECT_EQ(decision.granted, Nano(row.granted)) << row.what;
    EXPECT_EQ(decision.shortage, row.shortage) << row.what;
  }
}

TEST(GrantSizeTest, NeverMoreThanAvailableAndEnoughOrAReason) {
  SeededRandom random(7);
  for (int i = 0; i < 100'000; ++i) {
    const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random.Below(n)); };
    GrantQuestion question;
    question.available = Nano(below(200) - 50);
    question.outstanding_others = Nano(below(100));
    question.need = Nano(below(100));
    question.want = question.need + Nano(below(100));
    question.holders = below(5) + 1;
    const GrantDecision decision = DecideGrant(question);
    ASSERT_FALSE(decision.granted.is_negative());
    ASSERT_LE(decision.granted, std::max(question.available, Money::Zero()));
    ASSERT_LE(decision.granted, question.want);
    if (decision.shortage == Shortage::kNone) {
      ASSERT_GE(decision.granted, question.need);
    }
  }
}

TEST(GrantSizeTest, ExtremesDoNotOverflow) {
  const GrantDecision decision = DecideGrant({.available = Money::Max(),
                                              .outstanding_others = Money::Max(),
                                              .need = Money::Max(),
                                              .want = Money::Max(),
                                              .holders = 1});
  EXPECT_EQ(decision.granted, Money::Max());
}

}  // namespace
}  // namespace tollgate::billing
