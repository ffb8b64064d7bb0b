#include "billing/books/books.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "billing/ingest/usage_postings.h"

namespace tollgate::billing {
namespace {

absl::Status OutcomeStatus(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCreated:
    case Outcome::kExists:
      return absl::OkStatus();
    case Outcome::kExistsWithDifferentContents:
      return ErrorWithReason(absl::StatusCode::kAlreadyExists, "EXISTS_WITH_DIFFERENT_CONTENTS",
                             "this request_id was used for something else; choose another");
    case Outcome::kInsufficientBalance:
      return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "INSUFFICIENT_BALANCE",
                             "the wallet's available money is less than what would be taken");
    case Outcome::kBalanceOverflow:
      return absl::OutOfRangeError("a balance would leave the range that can be counted");
    default:
      return absl::InvalidArgumentError(absl::StrCat("refused: ", AbslView(OutcomeName(outcome))));
  }
}

Transfer MoveTransfer(const HoldMove& move) {
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
  }
  return transfer;
}

}  // namespace

Books::Books(LeaseBookOptions options, StoredState state, BudgetTermsById budgets)
    : ledger_(std::move(state.ledger)), leases_(options) {
  leases_.Restore(std::move(state.nodes), std::move(state.accounts), std::move(state.leases));
  lanes_.Restore(state.lanes, state.digests);
  leases_.SetBudgets(std::move(budgets), Now{});  // Nobody is connected yet: the time is of no use.
}

absl::StatusOr<std::uint64_t> Books::Post(const ManualEntry& entry, Now now) {
  CHECK(entry.kind == EntryKind::kTopUp || entry.kind == EntryKind::kAdjustment);
  if (!IsValidResourceId(entry.workspace_id)) {
    return absl::InvalidArgumentError("workspace_id is not a valid id");
  }
  const bool top_up = entry.kind == EntryKind::kTopUp;
  if (entry.amount.is_zero() || (top_up && entry.amount.is_negative()) ||
      entry.amount > kManualAmountMax || entry.amount < -kManualAmountMax) {
    return absl::InvalidArgumentError(
        top_up ? "the amount must be above zero and at most a billion dollars"
               : "the amount must not be zero nor above a billion dollars");
  }
  if (entry.request_id.empty() || entry.request_id.size() > kRequestIdBytesMax) {
    return absl::InvalidArgumentError("request_id must have 1 to 128 characters");
  }
  Transfer transfer;
  transfer.kind = entry.kind;
  transfer.workspace_id = entry.workspace_id;
  transfer.idempotency_key = absl::StrCat("request/", entry.request_id);
  transfer.description = entry.description;
  transfer.postings = {{WalletAccount(entry.workspace_id), entry.amount},
                       {std::string(top_up ? kCashAccount : kAdjustmentsAccount), -entry.amount}};
  // Wallet and holds must fit together, and with them the cap of all that ever came in.
  const std::string wallet = WalletAccount(entry.workspace_id);
  const auto account = leases_.FindAccount(wallet);
  if (account.has_value() && !account->row.credited.TryAdd(entry.amount).has_value()) {
    return OutcomeStatus(Outcome::kBalanceOverflow);
  }
  const Ledger::Result result = Write(transfer, now);
  TG_RETURN_IF_ERROR(OutcomeStatus(result.outcome));
  if (result.outcome == Outcome::kCreated) {
    CHECK(leases_.Credit(wallet, entry.amount, now).ok());
    PostMoves(now);
    CheckWallet(entry.workspace_id);
  }
  return result.sequence;
}

absl::StatusOr<UsageReceipt> Books::Apply(const UsageBatch& batch, Now now) {
  if (batch.running_incarnation != leases_.LatestIncarnation(batch.lane.node_id)) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION",
                           "a later incarnation of this node is known");
  }
  if (batch.lane.incarnation == 0 || batch.lane.incarnation > batch.running_incarnation ||
      batch.first_sequence == 0) {
    return absl::InvalidArgumentError(
        "incarnations and sequences count from 1, and no lane is newer than its node");
  }
  UsageReceipt receipt;
  RecordKey key{batch.lane, batch.first_sequence};
  for (const UsageRecordItem& record : batch.records) {
    switch (lanes_.Judge(key, record.digest)) {
      case Arrival::kNext:
        TG_RETURN_IF_ERROR(ApplyRecord(key, record, now));
        break;
      case Arrival::kRepeated:
        ++counts_.records_repeated;
        break;
      case Arrival::kContradicts:
        ++counts_.records_quarantined;
        ++receipt.quarantined;
        commit_.quarantined.push_back({key, record.bytes});
        break;
      case Arrival::kGap:
        return ErrorWithReason(
            absl::StatusCode::kFailedPrecondition, "SEQUENCE_GAP",
            absl::StrCat("records are missing: expected sequence ",
                         lanes_.Watermark(batch.lane) + 1, ", got ", key.sequence));
    }
    ++key.sequence;
  }
  receipt.watermark = lanes_.Watermark(batch.lane);
  return receipt;
}

absl::Status Books::ApplyRecord(const RecordKey& key, const UsageRecordItem& record, Now now) {
  const std::string wallet = WalletAccount(record.workspace_id);
  Money leased;  // What of the charge the wallet's lease covers.
  for (const UsageHold& hold : record.holds) {
    if (hold.account != wallet && hold.account.starts_with("wallet/")) {
      return absl::InvalidArgumentError("a record draws on another workspace's wallet");
    }
    if (hold.account == wallet && hold.leased) {
      leased = std::min(record.charge,
                        leases_.Outstanding({wallet, key.lane.node_id, hold.lease_incarnation}));
    }
  }
  TG_RETURN_IF_ERROR(OutcomeStatus(Write(UsageTransfer(key, record, leased), now).outcome));
  for (const UsageHold& hold : record.holds) {
    if (hold.leased) {
      const LeaseKey lease{hold.account, key.lane.node_id, hold.lease_incarnation};
      leases_.Settle(lease, std::min(record.charge, leases_.Outstanding(lease)));
    } else if (hold.account != wallet) {
      leases_.Count(hold.account, record.charge);
    }
  }
  const Money overrun = record.charge - leased;
  counts_.overrun = counts_.overrun.TryAdd(overrun).value_or(Money::Max());
  ++counts_.records_applied;
  lanes_.Advance(key, record.digest);
  commit_.usage.push_back({key, record.generation_id, record.attempt, record.workspace_id,
                           record.key_id, record.bytes});
  CheckWallet(record.workspace_id);
  return absl::OkStatus();
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

absl::StatusOr<LeaseView> Books::Resolve(const LeaseKey& key, Now now) {
  absl::StatusOr<LeaseView> view = leases_.Resolve(key, now);
  PostMoves(now);
  return view;
}

void Books::Expire(Now now) {
  leases_.Expire(now);
  PostMoves(now);
}

void Books::Configure(ConfigChange change, BudgetTermsById budgets, Now now) {
  commit_.config.push_back(std::move(change));
  leases_.SetBudgets(std::move(budgets), now);
  PostMoves(now);
}

void Books::PostMoves(Now now) {
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
  for (const HoldMove& move : effects.moves) {
    const Ledger::Result result = Write(MoveTransfer(move), now);
    CHECK(result.outcome == Outcome::kCreated)
        << "a lease moved money that the ledger does not have: " << OutcomeName(result.outcome);
  }
  for (const HoldMove& move : effects.moves) CheckWallet(move.workspace_id);
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
}

Commit Books::TakeCommit() {
  // Settled charges and admitted nodes are effects of the lease book that no move went with.
  LeaseEffects rest = leases_.TakeEffects();
  CHECK(rest.moves.empty() && rest.removed_leases.empty() && rest.messages.empty());
  for (auto& [key, row] : rest.leases) commit_.leases.insert_or_assign(key, std::move(row));
  for (auto& [name, row] : rest.accounts) commit_.accounts.insert_or_assign(name, std::move(row));
  for (auto& [id, row] : rest.nodes) commit_.nodes.insert_or_assign(id, std::move(row));
  commit_.entries = std::move(ledger_effects_.entries);
  commit_.balances = std::move(ledger_effects_.balances);
  commit_.keys = std::move(ledger_effects_.keys);
  ledger_effects_ = {};
  commit_.lanes = lanes_.TakeEffects();
  return std::exchange(commit_, {});
}

}  // namespace tollgate::billing
