// Books: money moved by hand, promotional credit, and alerts.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "billing/books/books.h"
#include "billing/books/outcome_status.h"
#include "billing/ledger/binary.h"
#include "billing/ledger/entry_codec.h"

namespace tollgate::billing {
namespace {

absl::Status CheckRequest(const std::string& workspace_id, const std::string& request_id) {
  if (!IsValidResourceId(workspace_id)) {
    return absl::InvalidArgumentError("workspace_id is not a valid id");
  }
  if (request_id.empty() || request_id.size() > kRequestIdBytesMax) {
    return absl::InvalidArgumentError("request_id must have 1 to 128 characters");
  }
  return absl::OkStatus();
}

std::string RequestKey(const std::string& request_id) {
  return absl::StrCat("request/", request_id);
}

// What a repetition of a credit must agree in: the transfer and the time.
Sha256Digest CreditContents(const Transfer& transfer, absl::Time expire_time) {
  BinaryWriter out;
  out.Bytes(DigestView(ContentsDigest(transfer)));
  out.I64(absl::ToUnixNanos(expire_time));
  return Sha256(out.Take());
}

}  // namespace

absl::StatusOr<std::uint64_t> Books::Post(const ManualEntry& entry, Now now) {
  CHECK(entry.kind == EntryKind::kTopUp || entry.kind == EntryKind::kAdjustment);
  TG_RETURN_IF_ERROR(CheckRequest(entry.workspace_id, entry.request_id));
  const bool top_up = entry.kind == EntryKind::kTopUp;
  if (entry.amount.is_zero() || (top_up && entry.amount.is_negative()) ||
      entry.amount > kManualAmountMax || entry.amount < -kManualAmountMax) {
    return absl::InvalidArgumentError(
        top_up ? "the amount must be above zero and at most a billion dollars"
               : "the amount must not be zero nor above a billion dollars");
  }
  Transfer transfer;
  transfer.kind = entry.kind;
  transfer.workspace_id = entry.workspace_id;
  transfer.idempotency_key = RequestKey(entry.request_id);
  transfer.description = entry.description;
  transfer.actor = entry.actor;
  transfer.postings = {{WalletAccount(entry.workspace_id), entry.amount},
                       {std::string(top_up ? kCashAccount : kAdjustmentsAccount), -entry.amount}};
  return PostToWallet(ContentsDigest(transfer), transfer, entry.amount, now);
}

absl::StatusOr<std::uint64_t> Books::PostToWallet(const Sha256Digest& contents,
                                                  const Transfer& transfer, Money amount, Now now,
                                                  std::optional<absl::Time> credit_until) {
  const std::string& key = transfer.idempotency_key;
  if (const auto known = ledger_.FindKey(key, contents)) {
    TG_RETURN_IF_ERROR(OutcomeStatus(known->outcome));
    return known->sequence;
  }
  // Wallet and holds must fit together, and with them the cap of all that ever came in.
  const std::string wallet = WalletAccount(transfer.workspace_id);
  const auto account = leases_.FindAccount(wallet);
  if (account.has_value() && !account->row.credited.TryAdd(amount).has_value()) {
    ledger_.Refuse(key, contents, Outcome::kBalanceOverflow, &ledger_effects_);
    return OutcomeStatus(Outcome::kBalanceOverflow);
  }
  // What is taken beyond the paid money is promotional credit.
  Transfer whole = transfer;
  Money credit;
  if (amount.is_negative()) {
    const Money paid =
        ledger_.WorkspaceBalance(transfer.workspace_id) - credits_.Remaining(transfer.workspace_id);
    credit = credits_.Share(transfer.workspace_id, std::max(-amount - paid, Money::Zero()));
    if (!credit.is_zero()) {
      whole.postings.push_back({CreditAccount(transfer.workspace_id), -credit});
      whole.postings.push_back({std::string(kCreditUnspentAccount), credit});
    }
  }
  const Ledger::Result result = ledger_.ApplyAs(contents, whole, now.wall, &ledger_effects_);
  TG_RETURN_IF_ERROR(OutcomeStatus(result.outcome));
  CHECK(result.outcome == Outcome::kCreated) << OutcomeName(result.outcome);
  ++counts_.entries[static_cast<int>(transfer.kind)];
  credits_.Take(transfer.workspace_id, credit);
  if (credit_until.has_value()) {
    credits_.Add(transfer.workspace_id, result.sequence, amount, *credit_until);
  }
  CHECK(leases_.Credit(wallet, amount, now).ok());
  if (!credit.is_zero()) leases_.SetDue(wallet, credits_.Due(transfer.workspace_id), now);
  PostMoves(now);
  CheckWallet(transfer.workspace_id);
  return result.sequence;
}

absl::StatusOr<std::uint64_t> Books::Grant(const CreditGrant& grant, Now now) {
  TG_RETURN_IF_ERROR(CheckRequest(grant.workspace_id, grant.request_id));
  if (grant.amount <= Money::Zero() || grant.amount > kManualAmountMax) {
    return absl::InvalidArgumentError(
        "the amount must be above zero and at most a billion dollars");
  }
  Transfer transfer;
  transfer.kind = EntryKind::kCredit;
  transfer.workspace_id = grant.workspace_id;
  transfer.idempotency_key = RequestKey(grant.request_id);
  transfer.description = grant.description;
  transfer.actor = grant.actor;
  transfer.postings = {{WalletAccount(grant.workspace_id), grant.amount},
                       {std::string(kPromotionalAccount), -grant.amount},
                       {CreditAccount(grant.workspace_id), grant.amount},
                       {std::string(kCreditUnspentAccount), -grant.amount}};
  const Sha256Digest contents = CreditContents(transfer, grant.expire_time);
  const bool known = ledger_.FindKey(transfer.idempotency_key, contents).has_value();
  if (!known && (grant.expire_time <= now.wall || grant.expire_time == absl::InfiniteFuture())) {
    return absl::InvalidArgumentError("expire_time must be in the future");
  }
  if (!known && credits_.Count(grant.workspace_id) >= kCreditsMax) {
    return absl::ResourceExhaustedError("the workspace has too many open credits");
  }
  TG_ASSIGN_OR_RETURN(const std::uint64_t sequence,
                      PostToWallet(contents, transfer, grant.amount, now, grant.expire_time));
  ExpireCredits(now);  // Plans its end.
  return sequence;
}

absl::StatusOr<std::uint64_t> Books::Refund(const RefundOrder& order, Now now) {
  TG_RETURN_IF_ERROR(CheckRequest(order.workspace_id, order.request_id));
  if (order.amount.is_negative() || order.charge.is_negative()) {
    return absl::InvalidArgumentError("the amount must not be negative");
  }
  Transfer transfer;
  transfer.kind = EntryKind::kRefund;
  transfer.workspace_id = order.workspace_id;
  transfer.idempotency_key = RequestKey(order.request_id);
  transfer.description = order.description;
  transfer.actor = order.actor;
  transfer.generation_id = order.generation_id;
  const auto set_amount = [&](Money amount) {
    transfer.postings = {{WalletAccount(order.workspace_id), amount},
                         {std::string(kRefundsAccount), -amount}};
  };
  set_amount(order.amount);
  // What was asked for, which may be "the rest"; not what that comes to.
  const Sha256Digest contents = ContentsDigest(transfer);
  if (const auto known = ledger_.FindKey(transfer.idempotency_key, contents)) {
    TG_RETURN_IF_ERROR(OutcomeStatus(known->outcome));
    return known->sequence;
  }
  const Money refunded = RefundedOf(order.generation_id);
  const Money rest = std::max(order.charge - refunded, Money::Zero());
  const Money amount = order.amount.is_zero() ? rest : order.amount;
  if (amount.is_zero() || amount > rest) {
    ledger_.Refuse(transfer.idempotency_key, contents, Outcome::kRefundExceedsCharge,
                   &ledger_effects_);
    return OutcomeStatus(Outcome::kRefundExceedsCharge);
  }
  set_amount(amount);
  TG_ASSIGN_OR_RETURN(const std::uint64_t sequence, PostToWallet(contents, transfer, amount, now));
  refunded_[order.generation_id] = refunded + amount;
  commit_.refunded[order.generation_id] = refunded + amount;
  return sequence;
}

Money Books::RefundedOf(const std::string& generation_id) const {
  const auto found = refunded_.find(generation_id);
  if (found != refunded_.end()) return found->second;
  return reader_.refunded ? reader_.refunded(generation_id) : Money::Zero();
}

void Books::ExpireCredits(Now now) {
  for (const std::string& workspace_id : credits_.Expire(now.wall)) {
    leases_.SetDue(WalletAccount(workspace_id), credits_.Due(workspace_id), now);
    PostMoves(now);
    CheckWallet(workspace_id);
  }
  const absl::Time next = credits_.NextExpiry();
  credit_deadline_ = next == absl::InfiniteFuture() ? MonotonicTime::InfiniteFuture()
                                                    : now.monotonic + (next - now.wall);
}

void Books::PostAlerts(Now now) {
  for (const BudgetAlert& alert : leases_.TakeAlerts()) {
    ++counts_.alerts[alert.percent];
    const BudgetTerms& terms = leases_.budgets().at(alert.ref.id);
    for (const std::string& webhook_id : terms.alert_webhook_ids) {
      if (outbox_.size() >= kOutboxMax) {
        ++counts_.alerts_dropped;
        continue;
      }
      OutboxRow row{next_message_++, webhook_id, AlertEventId(alert),
                    AlertBody(alert, terms, now.wall), now.wall};
      commit_.outbox.push_back(row);
      const std::uint64_t number = row.number;
      outbox_.emplace(number, std::move(row));
    }
  }
}

void Books::RemoveMessage(std::uint64_t number) {
  if (outbox_.erase(number) != 0) commit_.sent.push_back(number);
}

}  // namespace tollgate::billing
