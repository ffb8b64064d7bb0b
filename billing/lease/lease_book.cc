#include "billing/lease/lease_book.h"

#include <algorithm>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/status_reason.h"

namespace tollgate::billing {
namespace {

Money SaturatingAdd(Money a, Money b) { return a.TryAdd(b).value_or(Money::Max()); }

}  // namespace

void LeaseBook::Restore(std::vector<NodeRow> nodes, std::vector<AccountRow> accounts,
                        std::vector<LeaseRow> leases) {
  roster_.Restore(std::move(nodes));
  for (AccountRow& row : accounts) {
    const std::optional<AccountRef> ref = ParseAccountRef(row.account);
    CHECK(ref.has_value()) << "the store holds an account named " << row.account;
    Account& account = AccountOf(*ref, row.account);
    account.credited = row.credited;
    account.settled = row.settled;
    account.cap = row.cap;
    account.alerted_percent = row.alerted_percent;
  }
  for (LeaseRow& row : leases) {
    const std::optional<AccountRef> ref = ParseAccountRef(row.key.account);
    CHECK(ref.has_value()) << "the store holds a lease on " << row.key.account;
    Account& account = AccountOf(*ref, row.key.account);
    Lease& lease = account.leases[{row.key.node_id, row.key.incarnation}];
    lease.totals = row.totals;
    lease.closed = row.closed;
    lease.resolved = row.resolved;
    CHECK(!lease.totals.outstanding().is_negative()) << row.key.account;
    account.outstanding += lease.totals.outstanding();
    Money& total = totals_[static_cast<int>(ref->kind)].outstanding;
    total = SaturatingAdd(total, lease.totals.outstanding());
  }
}

absl::Status LeaseBook::Credit(const std::string& wallet, Money amount, Now now) {
  const std::optional<AccountRef> ref = ParseAccountRef(wallet);
  CHECK(ref.has_value() && ref->kind == AccountKind::kWallet) << wallet;
  NoteTime(now);
  Account& account = AccountOf(*ref, wallet);
  const std::optional<Money> credited = account.credited.TryAdd(amount);
  if (!credited.has_value()) {
    return absl::OutOfRangeError("the wallet would hold more than can be counted");
  }
  CHECK(!amount.is_negative() || Available(account) >= -amount) << wallet;
  account.credited = *credited;
  MarkAccount(wallet, account);
  RetryWaiting(wallet, now);
  return absl::OkStatus();
}

void LeaseBook::SetBudgets(BudgetTermsById budgets, Now now) {
  NoteTime(now);
  budgets_ = std::move(budgets);
  PlanRaiseEnd(now);
  RecallLowered(now);
  const std::set<std::string> waiting = waiting_accounts_;
  for (const std::string& name : waiting) RetryWaiting(name, now);
}

absl::Status LeaseBook::AdmitNode(const NodeRow& hello) {
  bool changed = false;
  TG_RETURN_IF_ERROR(roster_.Admit(hello, &changed));
  if (changed) effects_.nodes[hello.node_id] = *roster_.Find(hello.node_id);
  return absl::OkStatus();
}

absl::Status LeaseBook::OpenStream(StreamId stream, const NodeRow& hello) {
  TG_RETURN_IF_ERROR(AdmitNode(hello));
  CHECK(streams_.emplace(stream, Stream{hello.node_id, hello.incarnation}).second) << stream;
  StreamId& newest = stream_by_node_[hello.node_id];
  if (newest != 0) DropWaiting(newest);
  newest = stream;  // The newest stream is the one that is alive.
  roster_.AddStream(hello.node_id, 1);
  return absl::OkStatus();
}

void LeaseBook::CloseStream(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  const auto by_node = stream_by_node_.find(found->second.node_id);
  if (by_node != stream_by_node_.end() && by_node->second == stream) {
    stream_by_node_.erase(by_node);
  }
  roster_.AddStream(found->second.node_id, -1);
  streams_.erase(found);
  DropWaiting(stream);
}

void LeaseBook::DropWaiting(StreamId stream) {
  for (auto name = waiting_accounts_.begin(); name != waiting_accounts_.end();) {
    std::list<Waiting>& waiting = accounts_.at(*name).waiting;
    waiting.remove_if([stream](const Waiting& one) { return one.stream == stream; });
    name = waiting.empty() ? waiting_accounts_.erase(name) : std::next(name);
  }
}

Money LeaseBook::Outstanding(const LeaseKey& key) const {
  const auto account = accounts_.find(key.account);
  if (account == accounts_.end()) return Money::Zero();
  const auto lease = account->second.leases.find({key.node_id, key.incarnation});
  if (lease == account->second.leases.end()) return Money::Zero();
  return lease->second.totals.outstanding();
}

void LeaseBook::CloseIncarnation(const std::string& node_id, std::uint64_t incarnation, Now now) {
  CHECK_LT(incarnation, LatestIncarnation(node_id));
  NoteTime(now);
  for (auto& [name, account] : accounts_) {
    // Those closed before are of no use to anybody any more.
    for (auto it = account.leases.lower_bound({node_id, 0}); it != account.leases.end() &&
                                                             it->first.first == node_id &&
                                                             it->first.second < incarnation;) {
      if (!it->second.closed) {
        ++it;
        continue;
      }
      const LeaseKey key{name, node_id, it->first.second};
      effects_.leases.erase(key);
      effects_.removed_leases.push_back(key);
      it = account.leases.erase(it);
    }
    const auto found = account.leases.find({node_id, incarnation});
    if (found == account.leases.end() || found->second.closed) continue;
    const LeaseKey key{name, node_id, incarnation};
    found->second.closed = true;
    Free(key, account, found->second, found->second.totals.outstanding(), HoldMove::Kind::kRelease);
    RetryWaiting(name, now);
  }
}

absl::StatusOr<LeaseView> LeaseBook::Resolve(const LeaseKey& key, Now now) {
  NoteTime(now);
  const auto found_account = accounts_.find(key.account);
  if (found_account == accounts_.end()) return absl::NotFoundError("no such lease");
  Account& account = found_account->second;
  const auto found = account.leases.find({key.node_id, key.incarnation});
  if (found == account.leases.end()) return absl::NotFoundError("no such lease");
  Lease& lease = found->second;
  if (!lease.closed) {
    TG_RETURN_IF_ERROR(CheckGivenUp(key));
    lease.closed = true;
    lease.resolved = true;
    effects_.resolutions.push_back({key, lease.totals.outstanding()});
    Free(key, account, lease, lease.totals.outstanding(), HoldMove::Kind::kLoss);
    RetryWaiting(key.account, now);
  }
  return LeaseView{{key, lease.totals, lease.closed, lease.resolved}, StateOf(key, lease)};
}

// A later incarnation may have inherited the lease: it must say that it does not draw on it.
absl::Status LeaseBook::CheckGivenUp(const LeaseKey& key) {
  if (!roster_.IsConnected(key.node_id)) return absl::OkStatus();
  const auto stream = stream_by_node_.find(key.node_id);
  if (stream == stream_by_node_.end() || LatestIncarnation(key.node_id) <= key.incarnation) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "NODE_ALIVE",
                           "the lease's node is connected and will settle it by itself");
  }
  if (streams_.at(stream->second).given_up.contains(key.incarnation)) return absl::OkStatus();
  effects_.messages.push_back({stream->second, GiveUpNotice{key.incarnation}});
  return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "GIVING_UP",
                         "the node still has the lease of its former run and is asked to give it "
                         "up; ask again");
}

absl::Status LeaseBook::GivenUp(StreamId stream, std::uint64_t incarnation) {
  const auto sender = streams_.find(stream);
  const auto newest = sender == streams_.end() ? stream_by_node_.end()
                                               : stream_by_node_.find(sender->second.node_id);
  if (newest == stream_by_node_.end() || newest->second != stream) {
    return absl::AbortedError("the node has opened another stream");
  }
  if (incarnation >= sender->second.incarnation ||
      sender->second.given_up.size() >= kGivenUpMax) {
    return absl::InvalidArgumentError("only former incarnations are given up, and not so many");
  }
  sender->second.given_up.insert(incarnation);
  return absl::OkStatus();
}

std::optional<AccountView> LeaseBook::FindAccount(const std::string& name) const {
  const std::optional<AccountRef> ref = ParseAccountRef(name);
  if (!ref.has_value()) return std::nullopt;
  AccountView view;
  view.row.account = name;
  const auto found = accounts_.find(name);
  Account none;
  none.ref = *ref;
  bool known = found != accounts_.end();
  if (!known && reader_ && ref->kind == AccountKind::kBudget) {
    if (const std::optional<AccountRow> row = reader_(name)) {
      none.settled = row->settled;
      known = true;
    }
  }
  const Account& account = found == accounts_.end() ? none : found->second;
  const std::optional<Money> cap = Cap(account);
  if (!known && (!cap.has_value() || ref->kind == AccountKind::kRun)) return std::nullopt;
  view.row.credited = account.credited;
  view.row.settled = account.settled;
  view.row.outstanding = account.outstanding;
  view.capped = cap.has_value();
  view.cap = cap.value_or(Money::Zero());
  return view;
}

std::vector<LeaseView> LeaseBook::List(const LeaseKey& after, const std::string& account,
                                       std::size_t limit) const {
  std::vector<LeaseView> views;
  for (auto it = accounts_.lower_bound(std::max(after.account, account)); it != accounts_.end();
       ++it) {
    if (!account.empty() && it->first != account) break;
    for (const auto& [holder, lease] : it->second.leases) {
      if (views.size() == limit) return views;
      LeaseKey key{it->first, holder.first, holder.second};
      if (key <= after) continue;
      const LeaseState state = StateOf(key, lease);
      views.push_back({{std::move(key), lease.totals, lease.closed, lease.resolved}, state});
    }
  }
  return views;
}

Money LeaseBook::Available(const std::string& name) const {
  const auto found = accounts_.find(name);
  return found == accounts_.end() ? Money::Zero() : Available(found->second);
}

const LeaseTotalsByKind& LeaseBook::totals(AccountKind kind) const {
  return totals_[static_cast<int>(kind)];
}

LeaseState LeaseBook::StateOf(const LeaseKey& key, const Lease& lease) const {
  if (lease.closed) return LeaseState::kClosed;
  const bool running = roster_.LatestIncarnation(key.node_id) == key.incarnation;
  return running && roster_.IsConnected(key.node_id) ? LeaseState::kOpen : LeaseState::kSuspended;
}

void LeaseBook::Free(const LeaseKey& key, Account& account, Lease& lease, Money amount,
                     HoldMove::Kind kind) {
  CHECK(!amount.is_negative() && amount <= lease.totals.outstanding()) << key.account;
  if (!amount.is_zero()) {
    lease.totals.released += amount;
    account.outstanding -= amount;
    totals_[static_cast<int>(account.ref.kind)].outstanding -= amount;
    if (account.ref.kind == AccountKind::kWallet) {
      effects_.moves.push_back({kind, key, account.ref.id, amount, lease.totals.released});
      LetDueLeave(key.account, account, amount);  // Before anybody else is granted it.
    }
  }
  MarkChanged(key, account, lease);
}

void LeaseBook::MarkChanged(const LeaseKey& key, const Account& account, const Lease& lease) {
  effects_.leases[key] = {key, lease.totals, lease.closed, lease.resolved};
  MarkAccount(key.account, account);
}

void LeaseBook::MarkAccount(const std::string& name, const Account& account) {
  effects_.accounts[name] = {
      name,        account.credited,       account.settled, account.outstanding,
      account.cap, account.alerted_percent};
}

}  // namespace tollgate::billing
