#include "billing/books/books.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/status_reason.h"

namespace tollgate::billing {
namespace {

// `next_sequence` makes the key of what has no total unique.
Transfer MoveTransfer(const HoldMove& move, std::uint64_t next_sequence) {
  const std::string wallet = WalletAccount(move.workspace_id);
  const std::string holds = HoldsAccount(move.workspace_id);
  const std::string lease =
      absl::StrCat(move.lease.node_id, "/", move.lease.incarnation, "/", move.total.nano_usd());
  Transfer transfer;
  transfer.workspace_id = move.workspace_id;
  switch (move.kind) {
    case HoldMove::Kind::kGrant:
      transfer.kind = EntryKind::kLeaseGrant;
      transfer.idempotency_key = absl::StrCat("grant/", move.workspace_id, "/", lease);
      transfer.postings = {{wallet, -move.amount}, {holds, move.amount}};
      break;
    case HoldMove::Kind::kRelease:
      transfer.kind = EntryKind::kLeaseRelease;
      transfer.idempotency_key = absl::StrCat("release/", move.workspace_id, "/", lease);
      transfer.postings = {{holds, -move.amount}, {wallet, move.amount}};
      break;
    case HoldMove::Kind::kLoss:
      transfer.kind = EntryKind::kLoss;
      transfer.idempotency_key = absl::StrCat("loss/", move.workspace_id, "/", lease);
      transfer.description = absl::StrCat("lease of node ", move.lease.node_id, " written off");
      // The customer has it back; the operator expects providers to claim up to as much.
      transfer.postings = {{holds, -move.amount},
                           {wallet, move.amount},
                           {std::string(kLossAccount), -move.amount},
                           {PayableAccount(kUnreportedProvider), move.amount}};
      break;
    case HoldMove::Kind::kExpiry:
      transfer.kind = EntryKind::kCreditExpiry;
      transfer.idempotency_key = absl::StrCat("expiry/", move.workspace_id, "/", next_sequence);
      transfer.postings = {{wallet, -move.amount},
                           {std::string(kPromotionalAccount), move.amount},
                           {CreditAccount(move.workspace_id), -move.amount},
                           {std::string(kCreditUnspentAccount), move.amount}};
      break;
  }
  return transfer;
}

}  // namespace

Books::Books(LeaseBookOptions options, StoredState state, BudgetTermsById budgets,
             BooksReader reader, WebhooksById webhooks)
    : reader_(std::move(reader)),
      ledger_(std::move(state.ledger), reader_.keys),
      leases_(options, reader_.accounts),
      key_totals_(reader_.key_totals),
      refunded_(std::move(state.refunded)),
      webhooks_(std::move(webhooks)) {
  leases_.Restore(std::move(state.nodes), std::move(state.accounts), std::move(state.leases));
  lanes_.Restore(state.lanes, state.digests);
  key_totals_.Restore(std::move(state.key_totals));
  if (!state.credits.empty()) credit_deadline_ = MonotonicTime();  // Looks at once.
  credits_.Restore(state.credits);
  for (const CreditRow& row : state.credits) {
    leases_.RestoreDue(WalletAccount(row.workspace_id), credits_.Due(row.workspace_id));
  }
  for (OutboxRow& row : state.outbox) {
    next_message_ = std::max(next_message_, row.number + 1);
    const std::uint64_t number = row.number;
    outbox_.emplace(number, std::move(row));
  }
  leases_.SetBudgets(std::move(budgets), Now{});  // Nobody is connected yet: the time is of no use.
}

absl::Status Books::CloseIncarnation(const std::string& node_id, std::uint64_t running_incarnation,
                                     std::uint64_t incarnation, const std::vector<LaneRow>& ends,
                                     Now now) {
  if (running_incarnation != leases_.LatestIncarnation(node_id)) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION",
                           "a later incarnation of this node is known");
  }
  if (incarnation == 0 || incarnation >= running_incarnation) {
    return absl::InvalidArgumentError("only a former incarnation can be closed");
  }
  // Both ways: what the node says must be here, and what is here the node must have said.
  std::map<LaneKey, std::uint64_t> stated;
  for (const LaneRow& end : ends) {
    if (end.lane.incarnation != incarnation) {
      return absl::InvalidArgumentError("a lane of another incarnation is named");
    }
    if (end.watermark != 0) stated[end.lane] = end.watermark;
  }
  std::map<LaneKey, std::uint64_t> known;
  for (const LaneRow& row : lanes_.OfIncarnation(node_id, incarnation)) {
    if (row.watermark != 0) known[row.lane] = row.watermark;
  }
  if (stated != known) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "LANES_DIFFER",
                           "the lanes do not end where the records that came in do");
  }
  leases_.CloseIncarnation(node_id, incarnation, now);
  lanes_.ForgetDigests(node_id, incarnation);
  PostMoves(now);
  return absl::OkStatus();
}

absl::Status Books::Want(StreamId stream, const WantRequest& request, Now now) {
  const absl::Status status = leases_.Want(stream, request, now);
  PostMoves(now);
  return status;
}

absl::StatusOr<LeaseView> Books::Resolve(const ResolveOrder& order, Now now) {
  if (order.request_id.size() > kRequestIdBytesMax) {
    return absl::InvalidArgumentError("request_id must have at most 128 characters");
  }
  absl::StatusOr<LeaseView> view = leases_.Resolve(order.lease, now);
  PostMoves(now, &order);
  return view;
}

// In the same commit as the lease's end: there is neither without the other.
void Books::PostResolution(const LeaseResolution& resolution, const ResolveOrder& order, Now now) {
  const LeaseKey& lease = resolution.lease;
  // Caps of budgets and runs are no money, so that their sum may be beyond what can be counted.
  const Money counted =
      std::min(resolution.freed, Money::Max() + ledger_.Balance(std::string(kResolutionsAccount)));
  Transfer transfer;
  transfer.kind = EntryKind::kResolution;
  // A lease's name may come again, if its node lived on after all.
  transfer.idempotency_key = absl::StrCat("resolve/", lease.node_id, "/", lease.incarnation, "/",
                                          lease.account, "/", ledger_.last_sequence() + 1);
  transfer.description =
      absl::StrCat("lease of node ", lease.node_id, "/", lease.incarnation, " on ", lease.account,
                   " resolved, ", resolution.freed.ToUsdString(), " USD freed",
                   order.request_id.empty() ? "" : "; request ", order.request_id);
  transfer.postings = {{ResolvedAccount(lease.account), counted},
                       {std::string(kResolutionsAccount), -counted}};
  transfer.actor = order.actor;
  const Ledger::Result result = Write(std::move(transfer), now);
  CHECK(result.outcome == Outcome::kCreated)
      << "a resolution cannot be written: " << OutcomeName(result.outcome);
}

void Books::Expire(Now now) {
  leases_.Expire(now);
  PostMoves(now);
  ExpireCredits(now);
}

MonotonicTime Books::NextDeadline() const {
  return std::min(leases_.NextDeadline(), credit_deadline_);
}

void Books::Configure(ConfigChange change, BudgetTermsById budgets, Now now,
                      WebhooksById webhooks) {
  commit_.config.push_back(std::move(change));
  webhooks_ = std::move(webhooks);
  leases_.SetBudgets(std::move(budgets), now);
  leases_.NoteReachedShares(now);
  PostMoves(now);
  PostAlerts(now);
}

void Books::PostMoves(Now now, const ResolveOrder* order) {
  LeaseEffects effects = leases_.TakeEffects();
  for (auto& [key, row] : effects.leases) commit_.leases.insert_or_assign(key, std::move(row));
  for (auto& [name, row] : effects.accounts) {
    commit_.accounts.insert_or_assign(name, std::move(row));
  }
  for (auto& [id, row] : effects.nodes) commit_.nodes.insert_or_assign(id, std::move(row));
  for (LeaseKey& key : effects.removed_leases) {
    commit_.leases.erase(key);
    commit_.removed_leases.push_back(std::move(key));
  }
  for (std::string& name : effects.removed_accounts) {
    commit_.accounts.erase(name);
    commit_.removed_accounts.push_back(std::move(name));
  }
  for (const HoldMove& move : effects.moves) {
    Transfer transfer = MoveTransfer(move, ledger_.last_sequence() + 1);
    if (order != nullptr && move.kind == HoldMove::Kind::kLoss) transfer.actor = order->actor;
    const Ledger::Result result = Write(std::move(transfer), now);
    CHECK(result.outcome == Outcome::kCreated)
        << "a lease moved money that the ledger does not have: " << OutcomeName(result.outcome);
    if (move.kind == HoldMove::Kind::kExpiry) credits_.Take(move.workspace_id, move.amount);
  }
  for (const HoldMove& move : effects.moves) CheckWallet(move.workspace_id);
  for (const LeaseResolution& resolution : effects.resolutions) {
    CHECK(order != nullptr) << "nobody resolved " << resolution.lease.account;
    PostResolution(resolution, *order, now);
  }
  messages_.insert(messages_.end(), std::make_move_iterator(effects.messages.begin()),
                   std::make_move_iterator(effects.messages.end()));
}

Ledger::Result Books::Write(Transfer transfer, Now now) {
  const EntryKind kind = transfer.kind;
  const Ledger::Result result = ledger_.Apply(std::move(transfer), now.wall, &ledger_effects_);
  if (result.outcome == Outcome::kCreated) ++counts_.entries[static_cast<int>(kind)];
  return result;
}

void Books::CheckWallet(const std::string& workspace_id) const {
  const std::string wallet = WalletAccount(workspace_id);
  CHECK_EQ(ledger_.Balance(wallet), leases_.Available(wallet)) << wallet;
  const auto account = leases_.FindAccount(wallet);
  CHECK_EQ(ledger_.Balance(HoldsAccount(workspace_id)),
           account.has_value() ? account->row.outstanding : Money::Zero())
      << wallet;
  const Money credit = credits_.Remaining(workspace_id);
  CHECK_EQ(ledger_.Balance(CreditAccount(workspace_id)), credit) << wallet;
  CHECK(credit <= ledger_.WorkspaceBalance(workspace_id)) << wallet;
}

Commit Books::TakeCommit() {
  // Settled charges and admitted nodes are effects of the lease book that no move went with.
  LeaseEffects rest = leases_.TakeEffects();
  CHECK(rest.moves.empty() && rest.resolutions.empty() && rest.removed_leases.empty() &&
        rest.removed_accounts.empty() && rest.messages.empty());
  for (auto& [key, row] : rest.leases) commit_.leases.insert_or_assign(key, std::move(row));
  for (auto& [name, row] : rest.accounts) commit_.accounts.insert_or_assign(name, std::move(row));
  for (auto& [id, row] : rest.nodes) commit_.nodes.insert_or_assign(id, std::move(row));
  commit_.entries = std::move(ledger_effects_.entries);
  commit_.runs = std::move(ledger_effects_.runs);
  commit_.balances = std::move(ledger_effects_.balances);
  commit_.keys = std::move(ledger_effects_.keys);
  ledger_effects_ = {};
  commit_.lanes = lanes_.TakeEffects();
  commit_.credits = credits_.TakeEffects();
  commit_.key_totals = key_totals_.TakeEffects();
  ledger_.ForgetKeys();
  if (reader_.refunded) refunded_.clear();
  return std::exchange(commit_, {});
}

}  // namespace tollgate::billing
