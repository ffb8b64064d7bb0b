// The books: ledger, lease book and lanes as one pure machine.
//
// Each public call is one command: it changes the three together, so that a charge, the lease it
// draws on and the watermark that proves it cannot come apart.  No clock, disk or lock: the caller
// (billing/writer) serializes commands, writes TakeCommit() in one synced batch, and only then
// answers and sends TakeMessages().
//
// Invariants beyond those of its parts, CHECKed after each command that touches them:
//   wallet/<ws> in the ledger == what the lease book calls available
//   holds/<ws>  in the ledger == the sum of its leases' outstanding
#ifndef TOLLGATE_BILLING_BOOKS_BOOKS_H_
#define TOLLGATE_BILLING_BOOKS_BOOKS_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/books/commit.h"
#include "billing/ingest/lanes.h"
#include "billing/lease/lease_book.h"
#include "billing/ledger/ledger.h"

namespace tollgate::billing {

// A billion dollars: more than anybody prepays, and nine of them still fit into a balance.
inline constexpr Money kManualAmountMax = Money::FromNanoUsd(1'000'000'000 * kNanoUsdPerUsd);
inline constexpr std::size_t kRequestIdBytesMax = 128;

// A top-up or an adjustment.
struct ManualEntry {
  EntryKind kind = EntryKind::kTopUp;  // kTopUp or kAdjustment.
  std::string workspace_id;
  Money amount;  // Added to the wallet; > 0 for a top-up, not zero for an adjustment.
  std::string request_id;
  std::string description;
};

// Consecutive records of one lane, from the node whose stream admitted `incarnation`.
struct UsageBatch {
  LaneKey lane;
  std::uint64_t first_sequence = 0;
  std::vector<UsageRecordItem> records;
  std::uint64_t running_incarnation = 0;  // Of the process that reports.
};

struct UsageReceipt {
  std::uint64_t watermark = 0;
  std::uint32_t quarantined = 0;
};

// What happened since the books were opened; for metrics.
struct BooksCounts {
  std::uint64_t entries[8] = {};  // By EntryKind.
  std::uint64_t records_applied = 0;
  std::uint64_t records_repeated = 0;
  std::uint64_t records_quarantined = 0;
  Money overrun;
};

class Books {
 public:
  // Goes on from what was stored, under the budgets of the last known configuration.
  Books(LeaseBookOptions options, StoredState state, BudgetTermsById budgets = {});

  // Applies a top-up or adjustment and returns its entry's sequence, also when it was applied
  // before.  InvalidArgument; AlreadyExists, reason EXISTS_WITH_DIFFERENT_CONTENTS;
  // FailedPrecondition, reason INSUFFICIENT_BALANCE; OutOfRange.
  absl::StatusOr<std::uint64_t> Post(const ManualEntry& entry, Now now);

  // Admits a usage stream's process; see NodeRoster::Admit().
  absl::Status AdmitReporter(const NodeRow& hello) { return leases_.AdmitNode(hello); }

  // Applies records up to the first that cannot be, in order.  FailedPrecondition with reason
  // SEQUENCE_GAP or STALE_INCARNATION; InvalidArgument; OutOfRange when a balance would overflow.
  // What came before an error stays applied.
  absl::StatusOr<UsageReceipt> Apply(const UsageBatch& batch, Now now);

  // Ends a former incarnation, whose lanes end as stated.  InvalidArgument when it is not a former
  // one; FailedPrecondition, reason LANES_DIFFER, when its watermarks are others.  Idempotent.
  absl::Status CloseIncarnation(const std::string& node_id, std::uint64_t running_incarnation,
                                std::uint64_t incarnation, const std::vector<LaneRow>& ends,
                                Now now);

  // See LeaseBook.
  absl::Status OpenStream(StreamId stream, const NodeRow& hello) {
    return leases_.OpenStream(stream, hello);
  }
  void CloseStream(StreamId stream) { leases_.CloseStream(stream); }
  void AddUsageStream(const std::string& node_id, int change) {
    leases_.AddUsageStream(node_id, change);
  }
  absl::Status Want(StreamId stream, const WantRequest& request, Now now);
  absl::StatusOr<LeaseView> Resolve(const LeaseKey& key, Now now);
  void Expire(Now now);
  MonotonicTime NextDeadline() const { return leases_.NextDeadline(); }

  // Takes over a configuration; `budgets` is what the whole of it says after the change.
  void Configure(ConfigChange change, BudgetTermsById budgets, Now now);

  const Ledger& ledger() const { return ledger_; }
  const LeaseBook& leases() const { return leases_; }
  const Lanes& lanes() const { return lanes_; }
  const BooksCounts& counts() const { return counts_; }

  // Hand over what has gathered since the last call.  Messages may be sent only after the commit
  // taken with them is durable.
  Commit TakeCommit();
  std::vector<LeaseMessage> TakeMessages() { return std::exchange(messages_, {}); }

 private:
  absl::Status ApplyRecord(const RecordKey& key, const UsageRecordItem& record, Now now);
  // Takes the lease book's effects over and posts its moves.
  void PostMoves(Now now);
  Ledger::Result Write(Transfer transfer, Now now);
  void CheckWallet(const std::string& workspace_id) const;

  Ledger ledger_;
  LeaseBook leases_;
  Lanes lanes_;
  BooksCounts counts_;
  LedgerEffects ledger_effects_;
  Commit commit_;
  std::vector<LeaseMessage> messages_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_BOOKS_BOOKS_H_
