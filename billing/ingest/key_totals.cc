#include "billing/ingest/key_totals.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/time/civil_time.h"

namespace tollgate::billing {
namespace {

constexpr std::int64_t kSecondsADay = 24 * 60 * 60;
constexpr std::int64_t kDaysAWeek = 7;
// 1 January 1970 was a Thursday: so many days after a Monday.
constexpr std::int64_t kThursday = 3;

std::int64_t FloorDivide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

std::int64_t DayOf(absl::Time time) { return FloorDivide(absl::ToUnixSeconds(time), kSecondsADay); }

PeriodDays DaysOfDay(std::int64_t day) {
  PeriodDays days;
  days.day = day;
  days.week = FloorDivide(day + kThursday, kDaysAWeek) * kDaysAWeek - kThursday;
  const absl::CivilDay epoch(1970, 1, 1);
  days.month = absl::CivilDay(absl::CivilMonth(epoch + day)) - epoch;
  return days;
}

Money Plus(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }

void AddToPeriod(std::int64_t first_day, const KeyUse& use, PeriodUse& period) {
  if (first_day < period.first_day) return;
  if (first_day > period.first_day) period = {first_day, {}};
  period.use.Add(use);
}

}  // namespace

void KeyUse::Add(const KeyUse& other) {
  charged = Plus(charged, other.charged);
  byok = Plus(byok, other.byok);
}

PeriodDays PeriodDaysOf(absl::Time time) { return DaysOfDay(DayOf(time)); }

absl::Time CountingTime(absl::Time request_time, absl::Time post_time) {
  return std::clamp(request_time, absl::UnixEpoch(), std::max(post_time, absl::UnixEpoch()));
}

void AddUse(const PeriodDays& days, const KeyUse& use, KeyTotalsRow& row) {
  row.all.Add(use);
  AddToPeriod(days.day, use, row.day);
  AddToPeriod(days.week, use, row.week);
  AddToPeriod(days.month, use, row.month);
}

void KeyTotals::Restore(std::vector<KeyTotalsRow> rows) {
  for (KeyTotalsRow& row : rows) {
    Kept& kept = Find(row.workspace_id, row.key_id);
    kept.row = std::move(row);
  }
}

void KeyTotals::Add(std::string_view workspace_id, std::string_view key_id, absl::Time time,
                    const KeyUse& use) {
  Kept& kept = Find(workspace_id, key_id);
  AddUse(DaysOf(time), use, kept.row);
  if (!std::exchange(kept.changed, true)) changed_.push_back(&kept);
}

KeyTotals::Kept& KeyTotals::Find(std::string_view workspace_id, std::string_view key_id) {
  if (last_ != nullptr && last_->row.key_id == key_id && last_->row.workspace_id == workspace_id) {
    return *last_;
  }
  name_.assign(workspace_id).push_back('\0');
  name_.append(key_id);
  const auto [found, is_new] = keys_.try_emplace(name_);
  Kept& kept = found->second;
  if (is_new) {
    kept.row.workspace_id = workspace_id;
    kept.row.key_id = key_id;
    if (reader_) {
      std::optional<KeyTotalsRow> row = reader_(kept.row.workspace_id, kept.row.key_id);
      if (row.has_value()) kept.row = *std::move(row);
    }
  }
  last_ = &kept;
  return kept;
}

const PeriodDays& KeyTotals::DaysOf(absl::Time time) {
  const std::int64_t day = DayOf(time);
  if (day != days_.day) days_ = DaysOfDay(day);
  return days_;
}

std::vector<KeyTotalsRow> KeyTotals::TakeEffects() {
  std::vector<KeyTotalsRow> rows;
  rows.reserve(changed_.size());
  std::sort(changed_.begin(), changed_.end(), [](const Kept* a, const Kept* b) {
    return std::tie(a->row.workspace_id, a->row.key_id) <
           std::tie(b->row.workspace_id, b->row.key_id);
  });
  for (Kept* kept : changed_) {
    rows.push_back(kept->row);
    kept->changed = false;
  }
  changed_.clear();
  if (reader_ && keys_.size() > kKeyTotalsKeptMax) {
    keys_.clear();
    last_ = nullptr;
  }
  return rows;
}

}  // namespace tollgate::billing
