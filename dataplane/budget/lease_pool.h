// Spending power on this node: holds, their settlement, and what happens when a lease runs short
// (architecture.md §8).
//
// Three kinds of thread meet here.  Workers hold and settle, with atomics only.  A worker whose
// hold is short waits: it registers, and is called when it is worth trying again.  The lease keeper
// (lease_keeper.h) puts grants in and takes idle money out.
//
//   Hold hold;
//   HoldResult result = pool.TryHold(accounts, bound, &hold);
//   if (result.kind == HoldResult::kShort) {
//     waiter = pool.Wait(accounts, bound, [&] { asio::post(worker, retry); });   // ≤ wait_max
//     … result = pool.TryHold(accounts, bound, &hold);   // again, and at the end:
//     result = pool.Explain(accounts, bound);            // why it is refused
//   }
//   … lane.AppendIntent(…hold…), the attempt, lane.AppendFinal(…) …
//   pool.Settle(std::move(hold), charge);
#ifndef TOLLGATE_DATAPLANE_BUDGET_LEASE_POOL_H_
#define TOLLGATE_DATAPLANE_BUDGET_LEASE_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/money.h"
#include "dataplane/budget/account.h"
#include "dataplane/budget/lease_table.h"

namespace tollgate::dataplane {

// What came of a hold, and why.
struct HoldResult {
  enum Kind {
    kHeld,
    kShort,                // TryHold() only: the lease ran short; wait, or Explain().
    kInsufficientBalance,  // The wallet is spent.
    kBudgetExceeded,  // A hard budget is spent: `account` and `resets_at` say which, till when.
    kUnknownRun,      // Nobody has said what the run may cost.
    kTemporarilyReserved,  // Money is left but in use by other requests or nodes.
    kUnavailable,          // What was leased is used up or too old, and billing cannot be asked or
                           // does not renew it.
  };
  Kind kind = kHeld;
  const Account* account = nullptr;                   // Which one was short; null when held.
  absl::Time resets_at = absl::InfiniteFuture();      // kBudgetExceeded: when its period ends.
  absl::Duration retry_after = absl::ZeroDuration();  // kTemporarilyReserved, kUnavailable.
};

// "held", "short", "insufficient_balance", "budget_exceeded", "unknown_run",
// "temporarily_reserved", "unavailable".
std::string_view HoldResultName(HoldResult::Kind kind);

// Why billing granted less than was needed; the values of lease.v1.Shortage.
enum class LeaseShortage { kNone = 0, kExhausted = 1, kReserved = 2, kUnknownAccount = 3 };

// What the keeper learns about one account when it looks.
struct AccountView {
  const Account* account = nullptr;
  Money granted;
  Money released;
  Money remaining;
  Money need;          // What waiters are short of; zero when none waits.
  Money spent_total;   // Charged since the start: its growth is the rate of spend.
  Money largest_hold;  // The dearest single hold, or wish for one, since the last View().
  bool holds_in_flight = false;
  bool inherited = false;                         // A former incarnation's lease still serves it.
  bool answered = false;                          // Billing has said something about it.
  LeaseShortage shortage = LeaseShortage::kNone;  // What it said last.
  Money stated_cap;                               // Of a run; zero = none.
  MonotonicTime last_use;                         // Of a hold; InfinitePast for none.
  MonotonicTime deadline;
};

struct LeasePoolOptions {
  std::uint64_t incarnation = 0;
  // Whether leases of former incarnations may be drawn on at all (same boot only).
  bool inherit = true;
  absl::Duration retry_after = absl::Seconds(1);  // What a reserved or unavailable answer suggests.
};

// Thread-safe but where noted.
class LeasePool {
 public:
  // `table` and `clock` must outlive this.
  LeasePool(LeaseTable& table, const Clock& clock, LeasePoolOptions options);
  ~LeasePool();
  LeasePool(const LeasePool&) = delete;
  LeasePool& operator=(const LeasePool&) = delete;

  // ---- Accounts -----------------------------------------------------------------------------

  // The account of this name, made at the first call.  Takes a lock: workers cache the result
  // (AccountResolver).  nullptr when the table is full, the name too long, or its period was
  // closed here before (a clock that jumped back).
  const Account* Open(std::string_view name, std::string_view budget_id, bool hard,
                      absl::Time period_end, std::string_view scope = {});

  // Notes what a caller stated as the limit of its run: the least one counts.
  static void StateCap(const Account& account, Money cap);

  // Whether the account was closed since it was opened: whoever kept it must open it anew.
  static bool Closed(const Account& account);

  // ---- Holds: workers -----------------------------------------------------------------------

  // Sets `amount` aside on every hard account of the set, or on none; soft ones are noted.  kHeld
  // or kShort, also when the set's pass is not in force.  REQUIRED: amount ≥ 0, *hold not open.
  HoldResult TryHold(const AccountSet& accounts, Money amount, Hold* hold);

  // Whether a request may begin that draws nothing on the account: somebody has said of late that
  // nothing was taken from its workspace's keys since this node's configuration, be it the control
  // plane itself or billing by the lease's time.
  bool InForce(const Account& account) const;

  // Adds `amount` to every part of a hold, or to none.  kHeld or kShort.
  HoldResult Extend(Hold* hold, Money amount);

  // Ends a hold: `charge` is drawn, but of no account more than was held there, and the rest
  // returns: what a provider charges beyond the bound is the operator's.  Call it after the final
  // record was appended to the spool.
  void Settle(Hold&& hold, Money charge);

  // Ends a hold of which nothing was drawn.
  void Release(Hold&& hold) { Settle(std::move(hold), Money::Zero()); }

  // The most that a hold on the set can be right now; Money::Max() without a hard account.
  Money MostAffordable(const AccountSet& accounts) const;

  // Whether any account of the set is capped.
  static bool Capped(const AccountSet& accounts);

  // Which account of the set could grow least, and to what (Reachable() of it alone); a null
  // account without a hard one.
  std::pair<const Account*, Money> Tightest(const AccountSet& accounts) const;

  // What a hold on the set could grow to if no other request and no other node took anything: what
  // is here, and what no node held when billing answered last.  A guess, for how to hold; never
  // money.  Money::Max() without a hard account, or for accounts that billing was not asked about.
  Money Reachable(const AccountSet& accounts) const;

  // ---- Waiting: workers ---------------------------------------------------------------------

  using WaiterId = std::uint64_t;

  // Asks for `amount` on the set, and calls `on_change` once (on any thread; it must only post)
  // when a short account has news: money, or a refusal.  The caller bounds the wait with a timer
  // of its own, and calls Forget() when it gives up.
  WaiterId Wait(const AccountSet& accounts, Money amount, std::function<void()> on_change);

  // Unregisters.  After it returns, `on_change` is not called any more.
  void Forget(WaiterId waiter);

  // Why a hold of `amount` does not succeed now.  Never kHeld: kTemporarilyReserved with a short
  // retry when it might.
  HoldResult Explain(const AccountSet& accounts, Money amount) const;

  // Why a hold cannot grow on `account`, which was short.  Never kHeld.
  HoldResult ExplainExtension(const Account& account) const;

  // ---- The keeper ---------------------------------------------------------------------------

  // Calls `wake` (on any thread; it must only post) whenever an account wants the keeper's
  // attention: short, or below its low water.  Set once, before the workers start.
  void SetWake(std::function<void()> wake);

  // The accounts that want attention since the last call.
  std::vector<const Account*> TakeAttention();

  // All hard accounts of this incarnation that were opened and not closed, in the same order in
  // every run.
  std::vector<const Account*> Accounts() const;

  // The hard account of this name; nullptr when it is not open.
  const Account* Find(std::string_view name) const;

  AccountView View(const Account& account) const;

  // Takes a grant in: `granted_total` replaces a smaller one, and what is new can be spent until
  // `deadline`, when one is given.  `unsettled` is the cap less what is settled on all nodes: a
  // request that may cost more will never be served.  `unleased` is what no node holds.  Wakes the
  // waiters.
  void Grant(const Account& account, Money granted_total, std::optional<MonotonicTime> deadline,
             LeaseShortage shortage, Money unsettled, Money unleased = Money::Zero());

  // Lets what is there be spent until `deadline`.  Wakes the waiters.
  void Renew(const Account& account, MonotonicTime deadline);

  // Takes up to `amount` of what is unused out, to be given back.  The new released total.
  Money ReleaseIdle(const Account& account, Money amount);

  // Below this remainder the keeper is woken.
  void SetLowWater(const Account& account, Money low_water);

  // Whether billing can be asked; decides between kTemporarilyReserved and kUnavailable.
  void SetConnected(bool connected);
  bool connected() const { return connected_.load(std::memory_order_relaxed); }

  // Whether the control plane says that this node's configuration is the newest; true until it is
  // first stated.
  void SetConfirmed(bool confirmed) { confirmed_.store(confirmed, std::memory_order_relaxed); }

  // Forgets an account whose period is over, that holds nothing any more, and whose release billing
  // has seen.  False when it is in use.
  bool CloseEnded(const Account& account, absl::Time now);

  // Forgets an account of whose lease billing knows nothing any more (Grant.closed).  It may be
  // opened again, with totals of zero.  False when it is in use after all.
  bool CloseIdle(const Account& account);

  // Wakes who waits on an account that was closed: they open it anew.
  void WakeClosed(const Account& account) { WakeWaiters(*account.state); }

  // Frees what was closed long enough ago that nobody can look at it any more.
  void FreeClosed();
  std::size_t closed_count() const;  // That are not freed yet.

  // ---- Former incarnations ------------------------------------------------------------------

  // Incarnations that still have leases in the table, ascending.
  std::vector<std::uint64_t> FormerIncarnations() const;

  // Stops new holds on all leases of former incarnations for accounts that have a lease of their
  // own with money, that are past their deadline, or that nobody has used since the start.
  // `force`: on all.  What is left on them is given up once nothing holds it.
  void RetireInherited(bool force);

  // The same for the leases of one account.
  void RetireInheritedOf(const Account& account);

  // The same for all leases of a former incarnation.
  void RetireIncarnation(std::uint64_t incarnation);

  // Whether no lease of `incarnation` can be drawn on or is held any more.
  bool Retired(std::uint64_t incarnation) const;

  // Forgets its leases: billing has closed it.  REQUIRED: Retired(incarnation).
  void ForgetIncarnation(std::uint64_t incarnation);

 private:
  struct Waiter {
    AccountSet accounts;
    Money amount;
    std::function<void()> on_change;
  };
  struct Runtime;  // What belongs to a slot and need not survive.

  void MakeRuntime(std::uint32_t slot);
  Runtime& RuntimeOf(std::uint32_t slot) const;
  bool Draw(AccountState& state, std::int64_t amount, std::int64_t now_ns, std::uint32_t* slot);
  bool Usable(const AccountState& state, std::uint32_t slot) const;
  bool DrawFrom(const AccountState& state, std::uint32_t slot, std::int64_t amount,
                std::int64_t now_ns);
  bool Subtract(std::uint32_t slot, std::int64_t amount);
  bool TakePart(const Account& account, std::int64_t amount, std::int64_t now_ns, Hold* hold);
  void EndPart(const Hold& hold, std::size_t part, std::int64_t charge);
  void RollBack(Hold* hold);
  void Used(AccountState& state, std::int64_t amount, std::int64_t now_ns);
  std::int64_t Available(const AccountState& state, std::int64_t now_ns) const;
  bool InUse(const AccountState& state) const;
  HoldResult Reason(const Account& account, Money amount) const;
  static HoldResult Exhausted(const Account& account);
  void Attend(AccountState& state);
  void WakeWaiters(const AccountState& state);
  void WakeAnyWaiters(const AccountState& state);
  void CountAwaited(const Waiter& waiter, int sign);
  Money ReachableOf(const AccountState& state, std::int64_t now_ns) const;
  bool Close(const Account& account);
  Money NeedOf(const AccountState& state, std::int64_t remaining) const;

  LeaseTable& table_;
  const Clock& clock_;
  const LeasePoolOptions options_;
  std::atomic<bool> connected_{false};
  std::atomic<bool> confirmed_{true};

  // One for each slot of the table, in chunks that are made when a slot in them is first used: a
  // large table costs no memory before.
  static constexpr std::size_t kRuntimeChunk = 1024;
  mutable std::vector<std::atomic<Runtime*>> runtime_;

  mutable std::mutex accounts_mutex_;  // Guards the next ones, and the table's free slots.
  absl::flat_hash_map<std::string, std::unique_ptr<Account>> accounts_;
  struct ClosedAccount {
    std::unique_ptr<Account> account;
    MonotonicTime at;
  };
  std::deque<ClosedAccount> closed_;  // A worker may still look at them; oldest first.
  // Of accounts whose period is over: hash of the name, and when it was.
  absl::flat_hash_map<std::uint64_t, absl::Time> closed_names_;
  std::size_t closed_names_look_at_ = 0;  // The size at which old ones are looked for.
  absl::flat_hash_map<std::string, std::vector<std::uint32_t>> former_slots_;  // By account.

  mutable std::mutex attention_mutex_;  // Guards the next two.
  std::vector<const Account*> attention_;
  std::function<void()> wake_;

  mutable std::mutex waiters_mutex_;  // Guards the next two.
  std::map<WaiterId, Waiter> waiters_;
  WaiterId next_waiter_ = 1;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_LEASE_POOL_H_
