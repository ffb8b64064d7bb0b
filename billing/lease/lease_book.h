// The lease book: who holds how much of what is capped.  A pure machine like the ledger: no clock,
// no disk, no lock.  The protocol is told in proto/tollgate/lease/v1/lease.proto, its proof in
// billing/README.md.
//
// Invariants, CHECKed where they could break:
//   settled(account) + sum of outstanding(leases of account) ≤ cap        at every grant
//   granted, released and settled of a lease only grow; outstanding ≥ 0
//   time frees nothing: no function here gives money back because a time has come
//   due(wallet) ≤ its outstanding: what is to leave a wallet is still with leases
//
// Effects gather until they are taken: changed rows, moves for the ledger, and messages which may
// be sent only when the rows and moves are durable.
#ifndef TOLLGATE_BILLING_LEASE_LEASE_BOOK_H_
#define TOLLGATE_BILLING_LEASE_LEASE_BOOK_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "billing/lease/lease.h"
#include "billing/lease/node_roster.h"

namespace tollgate::billing {

struct LeaseBookOptions {
  // How long a node may draw on a lease without asking again: what bounds the effect of a lowered
  // cap or a revoked key while billing is out of reach.
  absl::Duration ttl = absl::Seconds(60);
  // How long a Want that is short waits for others to give back.  A request waits behind it.
  absl::Duration recall_wait = absl::Milliseconds(40);
  // Between two recalls of one lease: many starving requests make one message.
  absl::Duration recall_interval = absl::Milliseconds(10);
  // Per account; beyond it a short Want is answered at once.
  std::size_t waiting_max = 256;
  // By how much a node's clock may differ from ours when it names the current period.
  absl::Duration period_skew = absl::Hours(1);
  // An account of a budget without leases that nobody uses for so long is kept by the store only;
  // a run is forgotten.
  absl::Duration idle = absl::Hours(1);
  // Runs that are known at a time; beyond it new ones wait for old ones to end.
  std::size_t runs_max = 100'000;
};

// Reads the durable row of a budget's account; nullopt when there is none.
using AccountReader = std::function<std::optional<AccountRow>(const std::string& account)>;

// Former incarnations that one stream may have given up: far more than a node ever keeps.
inline constexpr std::size_t kGivenUpMax = 10'000;

struct LeaseEffects {
  std::map<LeaseKey, LeaseRow> leases;
  std::map<std::string, AccountRow> accounts;
  std::vector<std::string> removed_accounts;  // Runs.
  std::map<std::string, NodeRow> nodes;
  std::vector<LeaseKey> removed_leases;
  std::vector<HoldMove> moves;
  std::vector<LeaseResolution> resolutions;
  std::vector<LeaseMessage> messages;
};

// Totals for metrics.
struct LeaseTotalsByKind {
  Money outstanding;
  Money granted;  // Since this object was made.
};

class LeaseBook {
 public:
  // With a `reader`, accounts that are idle are dropped from memory and read again when needed;
  // what TakeEffects() handed over must then be durable before the next call.
  explicit LeaseBook(LeaseBookOptions options = {}, AccountReader reader = nullptr)
      : options_(options), reader_(std::move(reader)) {}

  void Restore(std::vector<NodeRow> nodes, std::vector<AccountRow> accounts,
               std::vector<LeaseRow> leases);

  // Tells the time to those that follow without one.
  void NoteTime(Now now);

  // Caps.  Credit() changes a wallet's cap by `amount`; OutOfRange when it would not fit.
  // REQUIRED: the wallet's available money covers a negative amount.
  absl::Status Credit(const std::string& wallet, Money amount, Now now);
  // States how much of a wallet's money is to leave it as soon as it comes back from leases: what
  // is available of a rise leaves at once.  REQUIRED: due ≤ its available and outstanding money.
  void SetDue(const std::string& wallet, Money due, Now now);
  // The same of what was due before this object was made.
  void RestoreDue(const std::string& wallet, Money due);
  // Replaces what is known of budgets; holders of a lowered one are recalled.
  void SetBudgets(BudgetTermsById budgets, Now now);

  // Makes the alerts of shares that were reached by a change of budgets and not by a charge: of a
  // limit that fell, nothing may ever be charged again.  Of present periods only.
  void NoteReachedShares(Now now);

  // Streams.  A node's usage stream uses AdmitNode() alone.
  absl::Status AdmitNode(const NodeRow& hello);
  void AddUsageStream(const std::string& node_id, int change) {
    roster_.AddStream(node_id, change);
  }
  absl::Status OpenStream(StreamId stream, const NodeRow& hello);
  void CloseStream(StreamId stream);

  // Serves one Want: now, or when others have given back, or at the end of the wait.
  // InvalidArgument for amounts that no honest node sends, FailedPrecondition with reason
  // STALE_INCARNATION when the stream's node has gone on to a later one, Aborted on a stream that
  // its node has replaced by another: what is granted there nobody hears of.  A Want that a later
  // one of its stream has overtaken changes nothing and is not answered.
  absl::Status Want(StreamId stream, const WantRequest& request, Now now);

  // Answers the Wants whose wait is over, ends raises and forgets what is idle.
  void Expire(Now now);
  // When Expire() has something to do next; InfiniteFuture for never.
  MonotonicTime NextDeadline() const;

  // What usage may still charge to a lease; zero for one that is unknown.
  Money Outstanding(const LeaseKey& key) const;
  // The charges of one batch of a node's records (lease_draws.cc): each account and lease is looked
  // up once.  Between its construction and Finish() nobody else may use the book, but for
  // SetDue() and the readers.  The names must live until Finish().
  class Draws;

  // Frees what a former incarnation of a node still holds: the caller knows that all it spent is
  // settled.  REQUIRED: incarnation < LatestIncarnation(node_id).
  void CloseIncarnation(const std::string& node_id, std::uint64_t incarnation, Now now);
  // Frees a lost lease on an operator's word.  NotFound; FailedPrecondition with reason NODE_ALIVE,
  // or GIVING_UP: a later incarnation of the node is connected and is asked to give it up first.
  // Closing a closed one is success, and no resolution.
  absl::StatusOr<LeaseView> Resolve(const LeaseKey& key, Now now);
  // The stream's node has given up the leases of a former incarnation (lease.proto, GivenUp): what
  // they hold may be resolved while the stream lasts.  InvalidArgument for one that is not former,
  // or too many; Aborted on a stream that its node has replaced.
  absl::Status GivenUp(StreamId stream, std::uint64_t incarnation);

  std::uint64_t LatestIncarnation(const std::string& node_id) const {
    return roster_.LatestIncarnation(node_id);
  }
  // Nullopt when neither configuration nor any lease or charge names the account.
  std::optional<AccountView> FindAccount(const std::string& account) const;
  // Up to `limit` leases after `after`, in order of key; of one account when it is not empty.
  std::vector<LeaseView> List(const LeaseKey& after, const std::string& account,
                              std::size_t limit) const;
  Money Available(const std::string& account) const;  // Cap less settled less outstanding.
  // Whether the node has any stream open.
  bool IsConnected(const std::string& node_id) const { return roster_.IsConnected(node_id); }
  std::size_t nodes_connected() const { return roster_.connected_count(); }
  const LeaseTotalsByKind& totals(AccountKind kind) const;

  // Hands over what has gathered and begins anew.
  LeaseEffects TakeEffects() { return std::exchange(effects_, {}); }
  // Likewise, the alerts that spending has caused.
  std::vector<BudgetAlert> TakeAlerts() { return std::exchange(alerts_, {}); }
  const BudgetTermsById& budgets() const { return budgets_; }
  std::size_t accounts_in_memory() const { return accounts_.size(); }

 private:
  struct Lease {
    LeaseTotals totals;
    bool closed = false;
    bool resolved = false;
    MonotonicTime recalled_at = MonotonicTime::InfinitePast();
  };
  using Leases = std::map<std::pair<std::string, std::uint64_t>, Lease>;  // By node, incarnation.
  struct Waiting {
    StreamId stream = 0;
    WantRequest request;
    MonotonicTime deadline;
  };
  struct Account {
    AccountRef ref;
    Money credited;
    Money settled;
    Money outstanding;
    Money cap;                          // Of a run.
    Money due;                          // Of a wallet: SetDue() less what has left.
    std::uint32_t alerted_percent = 0;  // Of a budget.
    MonotonicTime last_used;
    Leases leases;
    std::list<Waiting> waiting;
  };
  struct Stream {
    std::string node_id;
    std::uint64_t incarnation = 0;
    std::uint64_t last_nonce = 0;  // Of its Wants, which count up.
    std::set<std::uint64_t> given_up;
  };

  // In memory, or from the reader; nullptr when there is none.
  Account* Find(const AccountRef& ref, const std::string& name);
  // The same, and a new one when there is none.
  Account& AccountOf(const AccountRef& ref, const std::string& name);
  const BudgetTerms* TermsOf(const AccountRef& ref) const;
  void PlanRaiseEnd(Now now);
  void RecallLowered(Now now);
  void ForgetIdle(Now now);
  // `terms` are those of the account, null for none.
  void NoteSpending(const std::string& name, Account& account, const BudgetTerms* terms);
  void LetDueLeave(const std::string& name, Account& account, Money most);
  std::optional<Shortage> OpenRun(const AccountRef& ref, const WantRequest& request);
  bool Close(const Stream& sender, const Waiting& waiting, Now now);
  std::optional<Money> Cap(const Account& account) const;
  Money Available(const Account& account) const;
  bool MayGrant(const Account& account, Now now) const;
  LeaseState StateOf(const LeaseKey& key, const Lease& lease) const;
  absl::Status CheckGivenUp(const LeaseKey& key);

  void Accept(const LeaseKey& key, Account& account, Lease& lease, Money released);
  bool Serve(const Waiting& waiting, Now now, bool last_word);
  void Grant(const LeaseKey& key, Account& account, Lease& lease, Money amount);
  void Free(const LeaseKey& key, Account& account, Lease& lease, Money amount, HoldMove::Kind kind);
  void Answer(const Waiting& waiting, const Account& account, const Lease& lease, Shortage shortage,
              Now now);
  void RecallFrom(Account& account, const std::string& name, const std::string& except_node,
                  Now now);
  Money ConnectedOutstanding(const Account& account, const std::string& except_node) const;
  std::int64_t Holders(const Account& account, const std::string& node_id) const;
  void RetryWaiting(const std::string& name, Now now);
  void DropWaiting(StreamId stream);
  void MarkChanged(const LeaseKey& key, const Account& account, const Lease& lease);
  void MarkAccount(const std::string& name, const Account& account);

  const LeaseBookOptions options_;
  const AccountReader reader_;
  absl::Time wall_;           // Of the call that runs: raises end by it.
  MonotonicTime monotonic_;   // Likewise: accounts are idle by it.
  MonotonicTime next_sweep_;  // When ForgetIdle() looks again.
  MonotonicTime raise_end_ = MonotonicTime::InfiniteFuture();
  bool fresh_ = true;  // No time was told since this object was made.
  std::size_t runs_ = 0;
  std::vector<BudgetAlert> alerts_;
  NodeRoster roster_;
  BudgetTermsById budgets_;
  std::map<std::string, Account> accounts_;
  std::map<StreamId, Stream> streams_;
  std::map<std::string, StreamId> stream_by_node_;
  std::set<std::string> waiting_accounts_;       // Those with a Want that waits.
  LeaseTotalsByKind totals_[kAccountKindCount];  // By AccountKind.
  LeaseEffects effects_;
};

class LeaseBook::Draws {
 public:
  // `book` must outlive this.
  Draws(LeaseBook& book, const std::string& node_id) : book_(book), node_id_(node_id) {}
  Draws(const Draws&) = delete;
  Draws& operator=(const Draws&) = delete;

  // What may still be charged to the node's lease on an account; zero for one that is unknown.
  Money Outstanding(std::string_view account, std::uint64_t incarnation);
  // Charges `amount` to it.  REQUIRED: 0 ≤ amount ≤ Outstanding().
  void Settle(std::string_view account, std::uint64_t incarnation, Money amount);
  // Counts what was spent on an account without a lease (a soft budget); saturates.  Nothing
  // happens for a run, which is never soft.
  void Count(std::string_view account, Money amount);

  // Notes what changed.  The last call.
  void Finish();

 private:
  struct Slot {
    std::string name;
    AccountRef ref;
    Account* account = nullptr;  // Null for one that is unknown.
    Lease* lease = nullptr;      // Likewise, and for what is only counted.
    const BudgetTerms* terms = nullptr;
    std::uint64_t incarnation = 0;
    bool changed = false;
  };

  Slot& Find(std::string_view account, std::uint64_t incarnation);
  void Spend(Slot& slot, Money amount);

  LeaseBook& book_;
  const std::string node_id_;
  // By account and incarnation, which is 0 for what is only counted.
  absl::flat_hash_map<std::pair<std::string_view, std::uint64_t>, Slot> slots_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_LEASE_BOOK_H_
