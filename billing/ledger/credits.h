// Promotional credits: which of a workspace's money is theirs, and until when.  A pure machine.
//
// A credit is money in the wallet like any other; this book only says how much of it is still
// there.  What is spent comes from the credit that ends first.  When a credit's time is over, what
// remains is *due*: it leaves the wallet as soon as no lease holds it; what running requests spend
// of it meanwhile is spent.  What is due stays due and goes first, whatever the clock says later:
// a clock that is set back may let a credit be granted that ends before one that is over.
//
// Invariant: Remaining(ws) == the ledger's credit/<ws>, and never more than its wallet and holds.
#ifndef TOLLGATE_BILLING_LEDGER_CREDITS_H_
#define TOLLGATE_BILLING_LEDGER_CREDITS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/money.h"

namespace tollgate::billing {

// Open credits of one workspace: each is looked at when money is spent.
inline constexpr std::size_t kCreditsMax = 1'000;

// One credit as it is stored; it goes when nothing remains.
struct CreditRow {
  std::string workspace_id;
  std::uint64_t sequence = 0;  // Of its journal entry.
  Money amount;
  Money remaining;  // > 0, or the row is to be removed.
  absl::Time expire_time;
  bool due = false;  // Its time is over.

  friend bool operator==(const CreditRow&, const CreditRow&) = default;
};

class CreditBook {
 public:
  void Restore(std::vector<CreditRow> rows);

  // REQUIRED: amount > 0, a new sequence, and Count() < kCreditsMax.
  void Add(const std::string& workspace_id, std::uint64_t sequence, Money amount,
           absl::Time expire_time);

  // How much of `amount` comes from credits.
  Money Share(const std::string& workspace_id, Money amount) const;
  // Takes it from those that are due, then from those that end first.  REQUIRED: amount ≤
  // Remaining().
  void Take(const std::string& workspace_id, Money amount);

  // Marks the credits whose time is over; the workspaces whose Due() has risen.
  std::vector<std::string> Expire(absl::Time now);
  // When Expire() has something to do; InfiniteFuture for never.
  absl::Time NextExpiry() const;

  Money Remaining(const std::string& workspace_id) const;
  Money Due(const std::string& workspace_id) const;
  std::size_t Count(const std::string& workspace_id) const;
  // In the order of spending.
  std::vector<CreditRow> List(const std::string& workspace_id) const;

  // What changed since the last call; rows without `remaining` are to be removed.
  std::vector<CreditRow> TakeEffects();

 private:
  // Orders a workspace's credits as they are spent.
  struct Place {
    bool open = true;  // Not due: those that are come first.
    absl::Time expire_time;
    std::uint64_t sequence = 0;

    friend bool operator<(const Place& a, const Place& b) {
      return std::tie(a.open, a.expire_time, a.sequence) <
             std::tie(b.open, b.expire_time, b.sequence);
    }
  };
  using Credits = std::map<Place, CreditRow>;

  static Place PlaceOf(const CreditRow& row) {
    return {!row.due, row.expire_time, row.sequence};
  }
  void MarkChanged(const CreditRow& row);

  std::map<std::string, Credits> workspaces_;              // No empty ones.
  std::set<std::pair<absl::Time, std::string>> expiries_;  // Of credits that are not due.
  std::map<std::pair<std::string, std::uint64_t>, CreditRow> effects_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_CREDITS_H_
