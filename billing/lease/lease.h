// What the lease book keeps and says: plain values.
#ifndef TOLLGATE_BILLING_LEASE_LEASE_H_
#define TOLLGATE_BILLING_LEASE_LEASE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/budget_period.h"
#include "base/clock.h"
#include "base/money.h"
#include "billing/lease/account_ref.h"
#include "billing/lease/grant_size.h"

namespace tollgate::billing {

// Names a lease.
struct LeaseKey {
  std::string account;
  std::string node_id;
  std::uint64_t incarnation = 0;

  friend auto operator<=>(const LeaseKey&, const LeaseKey&) = default;
};

// A lease's totals since it began; each only grows.
struct LeaseTotals {
  Money granted;   // What billing has granted.
  Money released;  // What came back.
  Money settled;   // What usage charged to it.

  // What counts against the cap.  Never negative.
  Money outstanding() const { return granted - released - settled; }

  friend bool operator==(const LeaseTotals&, const LeaseTotals&) = default;
};

struct LeaseRow {
  LeaseKey key;
  LeaseTotals totals;
  bool closed = false;  // Ended for good: nothing is outstanding, nothing will be granted.
  bool resolved = false;  // Closed on an operator's word, and not on its node's.

  friend bool operator==(const LeaseRow&, const LeaseRow&) = default;
};

// A capped account as it is stored.
struct AccountRow {
  std::string account;
  Money credited;     // Of a wallet: all that ever came in, net of adjustments; its cap.
  Money settled;      // All that was charged within the cap.
  Money outstanding;  // The sum over its leases; kept for readers.
  Money cap = {};     // Of a run: what its caller stated.
  // The greatest share of a budget's limit, in per cent, at which an alert was made.
  std::uint32_t alerted_percent = 0;

  friend bool operator==(const AccountRow&, const AccountRow&) = default;
};

// An addition to a budget's limit for a time.
struct BudgetRaise {
  Money amount;  // > 0.
  absl::Time until;

  friend bool operator==(const BudgetRaise&, const BudgetRaise&) = default;
};

// What configuration says of a budget that is in force.
struct BudgetTerms {
  Money limit;
  BudgetPeriod period = BudgetPeriod::kNone;
  bool hard = true;
  bool each = false;       // A template: its accounts have instances, and only they.
  std::string scope = {};  // "key/key_1", for alerts.
  std::vector<BudgetRaise> raises = {};
  std::vector<std::uint32_t> alert_percents = {};  // Rising.
  std::vector<std::string> alert_webhook_ids = {};

  // The limit and the raises that hold at `now`; saturates.
  Money CapAt(absl::Time now) const;

  friend bool operator==(const BudgetTerms&, const BudgetTerms&) = default;
};
using BudgetTermsById = std::map<std::string, BudgetTerms>;

// Both clocks at one moment.
struct Now {
  absl::Time wall;
  MonotonicTime monotonic;
};

// A lease stream, from Hello to its end; numbered by the caller, never reused.
using StreamId = std::uint64_t;

// lease.proto, Want.
struct WantRequest {
  std::string account;
  Money granted;
  Money released;
  Money need;
  Money want;
  std::uint64_t nonce = 0;
  bool close = false;
  Money cap = {};  // Of a run; zero for not stated.
};

// lease.proto, Grant.
struct GrantAnswer {
  std::string account;
  Money granted;
  absl::Duration ttl;
  std::uint64_t nonce = 0;
  Shortage shortage = Shortage::kNone;
  Money cap;
  Money settled;
  Money outstanding;
  bool closed = false;
};

// lease.proto, Recall.
struct RecallNotice {
  std::string account;
};

// lease.proto, GiveUp.
struct GiveUpNotice {
  std::uint64_t incarnation = 0;
};

// Goes to a node once the effects that precede it are durable.
struct LeaseMessage {
  StreamId stream = 0;
  std::variant<GrantAnswer, RecallNotice, GiveUpNotice> content;
};

// Money that passed between a wallet and its holds, or that left the wallet since its time is over,
// for the ledger.
struct HoldMove {
  enum class Kind { kGrant, kRelease, kLoss, kExpiry };
  Kind kind = Kind::kGrant;
  LeaseKey lease;  // Only the account for kExpiry.
  std::string workspace_id;
  Money amount;  // > 0.
  Money total;   // Granted or released so far: with the lease's name it makes the move unique.
};

// An operator gave up a lost lease, of whatever account.
struct LeaseResolution {
  LeaseKey lease;
  Money freed;  // What was outstanding; >= 0.
};

// A budget's spending reached a share of its limit for the first time in the period.
struct BudgetAlert {
  std::string account;
  AccountRef ref;
  std::uint32_t percent = 0;
  Money cap;
  Money settled;
};

enum class LeaseState { kOpen, kSuspended, kClosed };

// A lease as an operator sees it.
struct LeaseView {
  LeaseRow row;
  LeaseState state = LeaseState::kOpen;
};

// An account as a reader sees it.
struct AccountView {
  AccountRow row;
  Money cap = {};
  bool capped = true;  // False when nobody knows a cap: a budget that is gone.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_LEASE_H_
