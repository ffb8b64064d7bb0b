#include "billing/ingest/key_totals.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::billing {
namespace {

Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }
KeyUse Charged(std::int64_t amount) { return {Nano(amount), Nano(0)}; }

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

TEST(KeyTotalsTest, PeriodsBeginAtMidnightOnMondayAndOnTheFirst) {
  const struct {
    const char* time;
    const char* day;
    const char* week;
    const char* month;
  } kRows[] = {
      {"2026-11-22T23:59:59Z", "2026-11-22", "2026-11-16", "2026-11-01"},  // A Sunday.
      {"2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23", "2026-11-01"},
      {"2026-12-01T00:00:00Z", "2026-12-01", "2026-11-30", "2026-12-01"},
      {"2027-01-01T12:00:00Z", "2027-01-01", "2026-12-28", "2027-01-01"},
      {"2028-02-29T12:00:00Z", "2028-02-29", "2028-02-28", "2028-02-01"},
      {"1970-01-01T00:00:00Z", "1970-01-01", "1969-12-29", "1970-01-01"},
  };
  const auto days = [](const char* date) {
    return absl::ToUnixSeconds(At((std::string(date) + "T00:00:00Z").c_str())) / 86'400;
  };
  for (const auto& row : kRows) {
    const PeriodDays found = PeriodDaysOf(At(row.time));
    EXPECT_EQ(found.day, days(row.day)) << row.time;
    EXPECT_EQ(found.week, days(row.week)) << row.time;
    EXPECT_EQ(found.month, days(row.month)) << row.time;
  }
}

TEST(KeyTotalsTest, ARecordCountsWhenItsRequestArrivedButNeverInTheFuture) {
  const absl::Time posted = At("2026-11-23T00:00:05Z");
  EXPECT_EQ(CountingTime(At("2026-11-22T23:59:59Z"), posted), At("2026-11-22T23:59:59Z"));
  EXPECT_EQ(CountingTime(At("2030-01-01T00:00:00Z"), posted), posted);
  EXPECT_EQ(CountingTime(absl::InfinitePast(), posted), absl::UnixEpoch());
}

TEST(KeyTotalsTest, APeriodEndsAndALateRecordOfItCountsInAllAlone) {
  KeyTotals totals;
  totals.Add("ws", "k", At("2026-11-22T10:00:00Z"), Charged(1));
  totals.Add("ws", "k", At("2026-11-22T11:00:00Z"), {Nano(0), Nano(20)});
  std::vector<KeyTotalsRow> rows = totals.TakeEffects();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].all, (KeyUse{Nano(1), Nano(20)}));
  EXPECT_EQ(rows[0].day.use, rows[0].all);
  totals.Add("ws", "k", At("2026-11-23T00:00:01Z"), Charged(300));
  totals.Add("ws", "k", At("2026-11-22T23:59:59Z"), Charged(4000));
  rows = totals.TakeEffects();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].all, (KeyUse{Nano(4301), Nano(20)}));
  EXPECT_EQ(rows[0].day.use, Charged(300));
  EXPECT_EQ(rows[0].week.use, Charged(300));
  EXPECT_EQ(rows[0].month.use, rows[0].all);
  EXPECT_EQ(rows[0].day.first_day, rows[0].week.first_day);
  EXPECT_TRUE(totals.TakeEffects().empty());
}

TEST(KeyTotalsTest, TheOrderOfRecordsMakesNoDifference) {
  const std::pair<const char*, std::int64_t> kUses[] = {{"2026-10-31T00:00:00Z", 1},
                                                        {"2026-11-01T00:00:00Z", 20},
                                                        {"2026-11-23T00:00:00Z", 300},
                                                        {"2026-11-23T05:00:00Z", 4000}};
  KeyTotals forwards;
  KeyTotals backwards;
  for (std::size_t i = 0; i < std::size(kUses); ++i) {
    const auto& [first, amount] = kUses[i];
    forwards.Add("ws", "k", At(first), Charged(amount));
    const auto& [last, other] = kUses[std::size(kUses) - 1 - i];
    backwards.Add("ws", "k", At(last), Charged(other));
  }
  EXPECT_EQ(forwards.TakeEffects(), backwards.TakeEffects());
}

TEST(KeyTotalsTest, KeysOfOneNameInTwoWorkspacesAreTwo) {
  KeyTotals totals;
  totals.Add("ws_1", "k", At("2026-11-23T00:00:00Z"), Charged(1));
  totals.Add("ws_2", "k", At("2026-11-23T00:00:00Z"), Charged(2));
  totals.Add("ws_1", "k", At("2026-11-23T00:00:00Z"), Charged(3));
  std::map<std::string, Money> found;
  for (const KeyTotalsRow& row : totals.TakeEffects()) found[row.workspace_id] = row.all.charged;
  EXPECT_THAT(found,
              testing::ElementsAre(testing::Pair("ws_1", Nano(4)), testing::Pair("ws_2", Nano(2))));
}

TEST(KeyTotalsTest, GoesOnFromItsRowsOrFromItsReader) {
  KeyTotalsRow before;
  before.workspace_id = "ws";
  before.key_id = "k";
  before.all = Charged(7);
  KeyTotals restored;
  restored.Restore({before});
  EXPECT_TRUE(restored.TakeEffects().empty());
  restored.Add("ws", "k", At("2026-11-23T00:00:00Z"), Charged(1));
  int reads = 0;
  KeyTotals reading([&](const std::string&, const std::string& key) {
    ++reads;
    return key == "k" ? std::optional(before) : std::nullopt;
  });
  reading.Add("ws", "k", At("2026-11-23T00:00:00Z"), Charged(1));
  EXPECT_EQ(reading.TakeEffects(), restored.TakeEffects());
  reading.Add("ws", "k", At("2026-11-23T00:00:00Z"), Charged(1));
  EXPECT_EQ(reads, 1);
}

TEST(KeyTotalsTest, ManyKeysAreReadAgain) {
  std::map<std::string, KeyTotalsRow> durable;
  KeyTotals totals([&](const std::string&, const std::string& key) {
    const auto found = durable.find(key);
    return found == durable.end() ? std::nullopt : std::optional(found->second);
  });
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i <= kKeyTotalsKeptMax; ++i) {
      totals.Add("ws", "k" + std::to_string(i), At("2026-11-23T00:00:00Z"), Charged(1));
    }
    for (KeyTotalsRow& row : totals.TakeEffects()) durable[row.key_id] = row;
  }
  EXPECT_EQ(durable.size(), kKeyTotalsKeptMax + 1);
  EXPECT_EQ(durable["k0"].all, Charged(2));
}

TEST(KeyTotalsTest, SumsSaturate) {
  KeyTotals totals;
  for (int i = 0; i < 2; ++i) {
    totals.Add("ws", "k", At("2026-11-23T00:00:00Z"), {Money::Max(), Money::Max()});
  }
  EXPECT_EQ(totals.TakeEffects()[0].all, (KeyUse{Money::Max(), Money::Max()}));
}

}  // namespace
}  // namespace tollgate::billing
