// What each API key has used: in all, and in the present day, week and month.  A pure machine.
//
// All periods are UTC; a week begins on Monday.  A record counts in the periods of the time at
// which its request arrived, or of that at which it was posted when that is earlier: a node's clock
// that is ahead cannot move a key into a period to come.  Of each period only the latest is kept,
// so that a late record of a former one counts in all alone.  Sums saturate.
#ifndef TOLLGATE_BILLING_INGEST_KEY_TOTALS_H_
#define TOLLGATE_BILLING_INGEST_KEY_TOTALS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/time/time.h"
#include "base/money.h"

namespace tollgate::billing {

struct KeyUse {
  Money charged;  // What the workspace paid.
  Money byok;     // At list price, on the customer's own credentials.

  void Add(const KeyUse& other);

  friend bool operator==(const KeyUse&, const KeyUse&) = default;
};

struct PeriodUse {
  // Of the period, in days since 1970; before all others while nothing was used.
  std::int64_t first_day = std::numeric_limits<std::int64_t>::min();
  KeyUse use;

  friend bool operator==(const PeriodUse&, const PeriodUse&) = default;
};

// One key as it is stored.
struct KeyTotalsRow {
  std::string workspace_id;
  std::string key_id;
  KeyUse all;
  PeriodUse day;
  PeriodUse week;
  PeriodUse month;

  friend bool operator==(const KeyTotalsRow&, const KeyTotalsRow&) = default;
};

// The first days of the periods that contain a day, in days since 1970.
struct PeriodDays {
  std::int64_t day = 0;
  std::int64_t week = 0;
  std::int64_t month = 0;
};
PeriodDays PeriodDaysOf(absl::Time time);

// When a record counts.
absl::Time CountingTime(absl::Time request_time, absl::Time post_time);

// Reads the durable row of a key; nullopt when there is none.
using KeyTotalsReader = std::function<std::optional<KeyTotalsRow>(const std::string& workspace_id,
                                                                  const std::string& key_id)>;

// With a reader, keys beyond so many are dropped from memory and read again when needed.
inline constexpr std::size_t kKeyTotalsKeptMax = 50'000;

class KeyTotals {
 public:
  // Without a `reader` all keys stay in memory.
  explicit KeyTotals(KeyTotalsReader reader = nullptr) : reader_(std::move(reader)) {}

  void Restore(std::vector<KeyTotalsRow> rows);

  // Counts what one attempt used.
  void Add(std::string_view workspace_id, std::string_view key_id, absl::Time time,
           const KeyUse& use);

  // The rows that changed since the last call, in order of their names.  With a reader they must be
  // durable before the next Add().
  std::vector<KeyTotalsRow> TakeEffects();

 private:
  struct Kept {
    KeyTotalsRow row;
    bool changed = false;
  };

  Kept& Find(std::string_view workspace_id, std::string_view key_id);
  const PeriodDays& DaysOf(absl::Time time);

  const KeyTotalsReader reader_;
  absl::node_hash_map<std::string, Kept> keys_;  // By workspace, a zero byte, key.
  std::vector<Kept*> changed_;
  std::string name_;      // Of the key that was asked for last, and
  Kept* last_ = nullptr;  // where it is.
  // Of the time that was asked for last.
  PeriodDays days_{std::numeric_limits<std::int64_t>::min(), 0, 0};
};

// Adds a use to a row.
void AddUse(const PeriodDays& days, const KeyUse& use, KeyTotalsRow& row);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_INGEST_KEY_TOTALS_H_
