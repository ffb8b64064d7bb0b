// How a Want is served: LeaseBook's protocol half.
#include <algorithm>

#include "base/budget_period.h"
#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/status_reason.h"
#include "billing/lease/lease_book.h"

namespace tollgate::billing {
namespace {

Money PositivePart(Money a, Money minus) { return a > minus ? a - minus : Money::Zero(); }

absl::Status Validate(const WantRequest& request) {
  if (request.granted.is_negative() || request.released.is_negative() ||
      request.need.is_negative() || request.want < request.need || request.cap.is_negative()) {
    return absl::InvalidArgumentError(
        "amounts must not be negative, and want must be at least need");
  }
  if (request.close && !request.want.is_zero()) {
    return absl::InvalidArgumentError("who closes a lease wants nothing");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LeaseBook::Want(StreamId stream, const WantRequest& request, Now now) {
  const auto sender = streams_.find(stream);
  if (sender == streams_.end() ||
      sender->second.incarnation != LatestIncarnation(sender->second.node_id)) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION",
                           "a later incarnation of this node is known");
  }
  const auto newest = stream_by_node_.find(sender->second.node_id);
  if (newest == stream_by_node_.end() || newest->second != stream) {
    // Overtaken by a later stream, on which the node may have forgotten the account already.
    return absl::AbortedError("the node has opened another stream");
  }
  if (const absl::Status valid = Validate(request); !valid.ok()) return valid;
  // The node may have ended the lease since: a grant would begin one that it does not know of.
  if (request.nonce != 0 && request.nonce < sender->second.last_nonce) return absl::OkStatus();
  sender->second.last_nonce = request.nonce;
  NoteTime(now);

  Waiting waiting{stream, request, now.monotonic + options_.recall_wait};
  const std::optional<AccountRef> ref = ParseAccountRef(request.account);
  Account unknown;
  if (ref.has_value()) unknown.ref = *ref;
  if (request.close && Close(sender->second, waiting, now)) return absl::OkStatus();
  if (ref.has_value() && ref->kind == AccountKind::kRun) {
    if (const std::optional<Shortage> shortage = OpenRun(*ref, request)) {
      Answer(waiting, unknown, Lease{}, *shortage, now);
      return absl::OkStatus();
    }
  }
  const bool known = ref.has_value() && Find(*ref, request.account) != nullptr;
  if (!ref.has_value() || (!known && !Cap(unknown).has_value())) {
    Answer(waiting, unknown, Lease{}, Shortage::kUnknownAccount, now);
    return absl::OkStatus();
  }
  if (!known && Cap(unknown)->is_zero()) {
    // Nobody paid in or nothing may be spent: not worth a row, since any name would make one.
    const Shortage shortage = request.need.is_zero() ? Shortage::kNone : Shortage::kExhausted;
    Answer(waiting, unknown, Lease{}, shortage, now);
    return absl::OkStatus();
  }

  Account& account = AccountOf(*ref, request.account);
  const LeaseKey key{request.account, sender->second.node_id, sender->second.incarnation};
  Lease& lease = account.leases[{key.node_id, key.incarnation}];
  if (TG_SEEDED_BUG(kReclaimByTime)) lease.recalled_at = now.monotonic;
  if (TG_SEEDED_BUG(kRestartReleases) && key.incarnation > 1) {
    CloseIncarnation(key.node_id, key.incarnation - 1, now);
  }
  if (request.granted > lease.totals.granted) {
    return ErrorWithReason(absl::StatusCode::kInvalidArgument, "GRANT_UNKNOWN",
                           "the node claims more than was ever granted to it");
  }
  Accept(key, account, lease, request.released);
  // A node has one Want per account on its mind; the former one is answered as it stands.
  for (auto it = account.waiting.begin(); it != account.waiting.end();) {
    if (it->stream != stream) {
      ++it;
      continue;
    }
    Answer(*it, account, lease, Shortage::kReserved, now);
    it = account.waiting.erase(it);
  }
  RetryWaiting(request.account, now);
  if (!Serve(waiting, now, account.waiting.size() >= options_.waiting_max)) {
    RecallFrom(account, request.account, key.node_id, now);
    waiting_accounts_.insert(request.account);
    account.waiting.push_back(std::move(waiting));
  }
  return absl::OkStatus();
}

// Whether the Want is answered: the lease is over, or was before.  Else it is an ordinary renewal,
// for something is outstanding.
bool LeaseBook::Close(const Stream& sender, const Waiting& waiting, Now now) {
  const WantRequest& request = waiting.request;
  const auto found_account = accounts_.find(request.account);
  Account none;
  if (const auto ref = ParseAccountRef(request.account)) none.ref = *ref;
  // The journal names a wallet's leases and their totals: those begin once.
  if (none.ref.kind == AccountKind::kWallet) return false;
  Account& account = found_account == accounts_.end() ? none : found_account->second;
  const auto found = account.leases.find({sender.node_id, sender.incarnation});
  if (found != account.leases.end()) {
    const LeaseKey key{request.account, sender.node_id, sender.incarnation};
    if (request.granted > found->second.totals.granted) return false;
    Accept(key, account, found->second, request.released);
    if (!found->second.totals.outstanding().is_zero()) return false;
    // What a crossing Grant may still bring is taken back with the lease: nothing was granted.
    if (found->second.totals.granted != request.granted) return false;
    effects_.leases.erase(key);
    effects_.removed_leases.push_back(key);
    account.leases.erase(found);
    account.last_used = now.monotonic;
  }
  Answer(waiting, account, Lease{}, Shortage::kNone, now);
  std::get<GrantAnswer>(effects_.messages.back().content).closed = true;
  if (found_account != accounts_.end()) RetryWaiting(request.account, now);
  return true;
}

void LeaseBook::Accept(const LeaseKey& key, Account& account, Lease& lease, Money released) {
  // Totals only grow, so an overtaken message changes nothing; and nobody gives back what is spent.
  const Money most = lease.totals.granted - lease.totals.settled;
  const Money accepted = std::min(released, most);
  if (accepted <= lease.totals.released) return;
  Free(key, account, lease, accepted - lease.totals.released, HoldMove::Kind::kRelease);
}

bool LeaseBook::Serve(const Waiting& waiting, Now now, bool last_word) {
  const Stream& sender = streams_.at(waiting.stream);
  const WantRequest& request = waiting.request;
  const LeaseKey key{request.account, sender.node_id, sender.incarnation};
  Account& account = accounts_.at(request.account);
  Lease& lease = account.leases.at({key.node_id, key.incarnation});
  if (LatestIncarnation(key.node_id) != key.incarnation) {  // It went on while the Want waited.
    Answer(waiting, account, lease, Shortage::kReserved, now);
    return true;
  }
  if (!Cap(account).has_value() || lease.closed) {
    Answer(waiting, account, lease, Shortage::kUnknownAccount, now);
    return true;
  }

  // What was granted before and has not reached the node counts: so a repeated Want, or one that
  // crossed a Grant on the way, is not served twice.
  const Money unseen = lease.totals.granted - request.granted;
  const Money need = PositivePart(request.need, unseen);
  Money want = std::max(need, PositivePart(request.want, unseen));
  if (!account.waiting.empty()) want = need;  // Others starve.
  if (!MayGrant(account, now)) {
    const bool soft = account.ref.kind == AccountKind::kBudget && !TermsOf(account.ref)->hard;
    Answer(
        waiting, account, lease,
        need.is_zero() ? Shortage::kNone : (soft ? Shortage::kReserved : Shortage::kUnknownAccount),
        now);
    return true;
  }
  GrantDecision decision =
      DecideGrant({.available = Available(account),
                   .outstanding_others = account.outstanding - lease.totals.outstanding(),
                   .need = need,
                   .want = want,
                   .holders = Holders(account, key.node_id)});
  if (decision.shortage == Shortage::kReserved && !last_word) {
    const Money helpful = ConnectedOutstanding(account, key.node_id);
    if (Available(account).TryAdd(helpful).value_or(Money::Max()) >= need) return false;
  }
  if (!lease.totals.granted.TryAdd(decision.granted).has_value()) {
    decision = {Money::Zero(), need.is_zero() ? Shortage::kNone : Shortage::kReserved};
  }
  if (!decision.granted.is_zero()) Grant(key, account, lease, decision.granted);
  Answer(waiting, account, lease, decision.shortage, now);
  return true;
}

void LeaseBook::Grant(const LeaseKey& key, Account& account, Lease& lease, Money amount) {
  CHECK(!amount.is_negative());
  lease.totals.granted += amount;
  account.outstanding += amount;
  // The invariant on which every hard cap rests.
  CHECK(!Available(account).is_negative()) << key.account;
  LeaseTotalsByKind& totals = totals_[static_cast<int>(account.ref.kind)];
  totals.outstanding = totals.outstanding.TryAdd(amount).value_or(Money::Max());
  totals.granted = totals.granted.TryAdd(amount).value_or(Money::Max());
  if (account.ref.kind == AccountKind::kWallet) {
    effects_.moves.push_back(
        {HoldMove::Kind::kGrant, key, account.ref.id, amount, lease.totals.granted});
  }
  MarkChanged(key, account, lease);
}

void LeaseBook::Answer(const Waiting& waiting, const Account& account, const Lease& lease,
                       Shortage shortage, Now now) {
  const std::optional<Money> cap = Cap(account);
  // A lease above a lowered cap, or on what is gone or past, is not renewed: its node stops drawing
  // on it and gives back what is idle.
  // Nor is one that holds money whose time is over, unless there is other money.
  const Money available = Available(account);
  const bool overdue = !account.due.is_zero() && available <= Money::Zero();
  const bool renewed = cap.has_value() && !lease.closed && !available.is_negative() && !overdue &&
                       shortage != Shortage::kUnknownAccount && MayGrant(account, now);
  effects_.messages.push_back(
      {waiting.stream, GrantAnswer{.account = waiting.request.account,
                                   .granted = lease.totals.granted,
                                   .ttl = renewed ? options_.ttl : absl::ZeroDuration(),
                                   .nonce = waiting.request.nonce,
                                   .shortage = shortage,
                                   .cap = cap.value_or(Money::Zero()),
                                   .settled = account.settled,
                                   .outstanding = account.outstanding}});
}

bool LeaseBook::MayGrant(const Account& account, Now now) const {
  if (account.ref.kind != AccountKind::kBudget) return true;
  const BudgetTerms* terms = TermsOf(account.ref);
  if (terms == nullptr || !terms->hard) return false;
  const BudgetPeriod period = terms->period;
  for (const absl::Time at :
       {now.wall, now.wall - options_.period_skew, now.wall + options_.period_skew}) {
    if (BudgetPeriodOf(period, at) == account.ref.period) return true;
  }
  return false;
}

std::int64_t LeaseBook::Holders(const Account& account, const std::string& node_id) const {
  std::int64_t holders = 1;
  for (const auto& [holder, lease] : account.leases) {
    if (holder.first != node_id && !lease.totals.outstanding().is_zero() &&
        roster_.IsConnected(holder.first)) {
      ++holders;
    }
  }
  return holders;
}

Money LeaseBook::ConnectedOutstanding(const Account& account,
                                      const std::string& except_node) const {
  Money sum;
  for (const auto& [holder, lease] : account.leases) {
    if (holder.first != except_node && stream_by_node_.contains(holder.first) &&
        LatestIncarnation(holder.first) == holder.second) {
      sum += lease.totals.outstanding();
    }
  }
  return sum;
}

void LeaseBook::RecallFrom(Account& account, const std::string& name,
                           const std::string& except_node, Now now) {
  for (auto& [holder, lease] : account.leases) {
    const auto stream = stream_by_node_.find(holder.first);
    if (holder.first == except_node || stream == stream_by_node_.end() ||
        lease.totals.outstanding().is_zero() || LatestIncarnation(holder.first) != holder.second ||
        now.monotonic - lease.recalled_at < options_.recall_interval) {
      continue;
    }
    lease.recalled_at = now.monotonic;
    effects_.messages.push_back({stream->second, RecallNotice{name}});
  }
}

void LeaseBook::RetryWaiting(const std::string& name, Now now) {
  const auto found = accounts_.find(name);
  if (found == accounts_.end()) return;
  std::list<Waiting>& waiting = found->second.waiting;
  for (auto it = waiting.begin(); it != waiting.end();) {
    it = Serve(*it, now, /*last_word=*/now.monotonic >= it->deadline) ? waiting.erase(it)
                                                                      : std::next(it);
  }
  if (waiting.empty()) waiting_accounts_.erase(name);
}

}  // namespace tollgate::billing
