// How usage records are applied: ledger, leases, credits and lanes together, batch by batch.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "billing/books/books.h"
#include "billing/books/outcome_status.h"
#include "billing/ledger/usage_poster.h"

namespace tollgate::billing {

struct Books::BatchState {
  BatchState(const UsageBatch& batch, Books& books, Now now)
      : lane(batch.lane),
        arrivals(books.lanes_.Begin(batch.lane)),
        poster(books.ledger_, batch.records.size(), now.wall),
        draws(books.leases_, batch.lane.node_id) {}

  const LaneKey& lane;
  Lanes::Arrivals arrivals;
  UsagePoster poster;
  LeaseBook::Draws draws;
  // Of the record that is applied: mostly that of the one before.
  std::string workspace_id;
  std::string wallet;
  std::set<std::string> workspaces;  // All of the batch.
};

absl::StatusOr<UsageReceipt> Books::Apply(const UsageBatch& batch, Now now) {
  leases_.NoteTime(now);
  TG_RETURN_IF_ERROR(CheckBatch(batch));
  BatchState state(batch, *this, now);
  absl::StatusOr<UsageReceipt> receipt = ApplyRecords(batch, state, now);
  state.poster.Finish(&ledger_effects_);
  state.draws.Finish();
  lanes_.End(std::move(state.arrivals));
  for (const std::string& workspace_id : state.workspaces) CheckWallet(workspace_id);
  PostAlerts(now);
  return receipt;
}

absl::Status Books::CheckBatch(const UsageBatch& batch) const {
  if (batch.running_incarnation != leases_.LatestIncarnation(batch.lane.node_id)) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION",
                           "a later incarnation of this node is known");
  }
  if (batch.lane.incarnation == 0 || batch.lane.incarnation > batch.running_incarnation ||
      batch.first_sequence == 0) {
    return absl::InvalidArgumentError(
        "incarnations and sequences count from 1, and no lane is newer than its node");
  }
  return absl::OkStatus();
}

absl::StatusOr<UsageReceipt> Books::ApplyRecords(const UsageBatch& batch, BatchState& state,
                                                 Now now) {
  UsageReceipt receipt;
  std::uint64_t sequence = batch.first_sequence;
  for (const UsageRecordItem& record : batch.records) {
    switch (state.arrivals.Judge(sequence, record.digest)) {
      case Arrival::kNext:
        if (!record.readable || !ApplyRecord(sequence, record, state, now).ok()) {
          ++counts_.records_unreadable;
          Quarantine({batch.lane, sequence}, record, receipt);
        }
        state.arrivals.Advance(sequence, record.digest);
        break;
      case Arrival::kRepeated:
        ++counts_.records_repeated;
        break;
      case Arrival::kContradicts:
        Quarantine({batch.lane, sequence}, record, receipt);
        break;
      case Arrival::kGap:
        return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "SEQUENCE_GAP",
                               absl::StrCat("records are missing: expected sequence ",
                                            state.arrivals.watermark() + 1, ", got ", sequence));
    }
    ++sequence;
  }
  receipt.watermark = state.arrivals.watermark();
  return receipt;
}

void Books::Quarantine(const RecordKey& key, const UsageRecordItem& record, UsageReceipt& receipt) {
  ++counts_.records_quarantined;
  ++receipt.quarantined;
  commit_.quarantined.push_back({key, std::string(record.bytes)});
}

absl::Status Books::ApplyRecord(std::uint64_t sequence, const UsageRecordItem& record,
                                BatchState& state, Now now) {
  if (state.wallet.empty() || state.workspace_id != record.workspace_id) {
    state.workspace_id = record.workspace_id;
    state.wallet = WalletAccount(record.workspace_id);
    state.workspaces.insert(state.workspace_id);
  }
  const std::string& wallet = state.wallet;
  UsageFacts facts;
  for (const UsageHold& hold : record.holds) {
    if (hold.account != wallet && hold.account.starts_with("wallet/")) {
      return absl::InvalidArgumentError("a record draws on another workspace's wallet");
    }
    if (hold.account == wallet && hold.leased) {
      facts.leased = std::min({record.charge, hold.drawn.value_or(record.charge),
                               state.draws.Outstanding(hold.account, hold.lease_incarnation)});
    }
  }
  facts.credit = credits_.Share(state.workspace_id, facts.leased);
  facts.lane = &state.lane;
  facts.number = sequence;
  facts.attempt = record.attempt;
  facts.charge = record.charge;
  facts.cost = record.cost;
  facts.workspace_id = record.workspace_id;
  facts.key_id = record.key_id;
  facts.generation_id = record.generation_id;
  facts.model_id = record.model_id;
  facts.provider_id = record.provider_id;
  facts.record = record.bytes;
  facts.digest = record.digest;
  TG_RETURN_IF_ERROR(OutcomeStatus(state.poster.Post(facts)));
  ++counts_.entries[static_cast<int>(EntryKind::kUsage)];
  credits_.Take(state.workspace_id, facts.credit);
  for (const UsageHold& hold : record.holds) {
    const Money drawn = hold.drawn.value_or(record.charge);
    if (hold.leased) {
      const Money left = state.draws.Outstanding(hold.account, hold.lease_incarnation);
      state.draws.Settle(hold.account, hold.lease_incarnation, std::min(drawn, left));
    } else if (hold.account != wallet) {
      state.draws.Count(hold.account, drawn);
    }
  }
  if (!record.key_id.empty()) {
    key_totals_.Add(record.workspace_id, record.key_id,
                    CountingTime(record.request_time, state.poster.last_time()),
                    {record.charge, record.byok ? record.market_cost : Money::Zero()});
  }
  // Of what is due, as much is spent and will not come back.
  if (!facts.credit.is_zero()) {
    leases_.SetDue(wallet, credits_.Due(state.workspace_id), now);
  }
  const Money overrun = record.charge - facts.leased;
  counts_.overrun = counts_.overrun.TryAdd(overrun).value_or(Money::Max());
  ++counts_.records_applied;
  return absl::OkStatus();
}

}  // namespace tollgate::billing
