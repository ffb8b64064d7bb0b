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
//   credit/<ws> in the ledger == what the credit book says remains, and ≤ wallet + holds
#ifndef TOLLGATE_BILLING_BOOKS_BOOKS_H_
#define TOLLGATE_BILLING_BOOKS_BOOKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/books/commit.h"
#include "billing/ingest/key_totals.h"
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
  std::string actor = {};  // Who asks.
};

// Promotional credit.
struct CreditGrant {
  std::string workspace_id;
  Money amount;  // > 0.
  absl::Time expire_time;
  std::string request_id;
  std::string description;
  std::string actor = {};
};

// A charge that is given back.
struct RefundOrder {
  std::string workspace_id;
  std::string generation_id;
  Money amount;  // 0 for all that was not given back before.
  Money charge;  // What the generation was charged so far: durable records only.
  std::string request_id;
  std::string description;
  std::string actor = {};
};

// An operator's word that a run of a node is lost with what it held of an account.
struct ResolveOrder {
  LeaseKey lease;
  std::string request_id = {};  // For people; may be empty.
  std::string actor = {};
};

// Reads what the books do not keep in memory.  Each may be null: then nothing is left out.
struct BooksReader {
  KeyReader keys;
  AccountReader accounts;
  std::function<Money(const std::string& generation_id)> refunded;
  KeyTotalsReader key_totals;
};

// Messages that wait for webhooks; beyond it alerts appear in metrics only.
inline constexpr std::size_t kOutboxMax = 100'000;

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
  std::uint64_t entries[kEntryKindsEnd] = {};  // By EntryKind.
  std::uint64_t records_applied = 0;
  std::uint64_t records_repeated = 0;
  std::uint64_t records_quarantined = 0;  // Unreadable ones included.
  std::uint64_t records_unreadable = 0;
  std::map<std::uint32_t, std::uint64_t> alerts;  // By share in per cent.
  std::uint64_t alerts_dropped = 0;               // Messages for which the outbox had no room.
  Money overrun;
};

class Books {
 public:
  // Goes on from what was stored, under the budgets of the last known configuration.
  Books(LeaseBookOptions options, StoredState state, BudgetTermsById budgets = {},
        BooksReader reader = {}, WebhooksById webhooks = {});

  // Applies a top-up or adjustment and returns its entry's sequence, also when it was applied
  // before.  InvalidArgument; AlreadyExists, reason EXISTS_WITH_DIFFERENT_CONTENTS;
  // FailedPrecondition, reason INSUFFICIENT_BALANCE; OutOfRange.  A refusal for what the balances
  // are is remembered: the same request is refused for good.
  absl::StatusOr<std::uint64_t> Post(const ManualEntry& entry, Now now);

  // The same for a credit; ResourceExhausted for more than kCreditsMax open ones.
  absl::StatusOr<std::uint64_t> Grant(const CreditGrant& grant, Now now);

  // The same for a refund; FailedPrecondition, reason REFUND_EXCEEDS_CHARGE.
  absl::StatusOr<std::uint64_t> Refund(const RefundOrder& order, Now now);

  // Admits a usage stream's process; see NodeRoster::Admit().
  absl::Status AdmitReporter(const NodeRow& hello) { return leases_.AdmitNode(hello); }

  // Applies records up to the first that cannot be, in order.  FailedPrecondition with reason
  // SEQUENCE_GAP or STALE_INCARNATION; InvalidArgument.  What came before an error stays applied.
  // A record that cannot be read or posted is kept in quarantine, and its lane goes on.
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
  // Besides, the journal says who ended the lease and what was freed; nothing of one that had ended
  // before.  InvalidArgument for a request id that is too long.
  absl::StatusOr<LeaseView> Resolve(const ResolveOrder& order, Now now);
  absl::Status GivenUp(StreamId stream, std::uint64_t incarnation) {
    return leases_.GivenUp(stream, incarnation);
  }
  void Expire(Now now);
  MonotonicTime NextDeadline() const;

  // Takes over a configuration; `budgets` and `webhooks` are what the whole of it says after the
  // change.
  void Configure(ConfigChange change, BudgetTermsById budgets, Now now, WebhooksById webhooks = {});

  // The messages that wait, by number, and where they go.
  const std::map<std::uint64_t, OutboxRow>& outbox() const { return outbox_; }
  const WebhooksById& webhooks() const { return webhooks_; }
  // A message was taken, or is given up.  Nothing happens when it is not there.
  void RemoveMessage(std::uint64_t number);

  const CreditBook& credits() const { return credits_; }
  const Ledger& ledger() const { return ledger_; }
  const LeaseBook& leases() const { return leases_; }
  const Lanes& lanes() const { return lanes_; }
  const BooksCounts& counts() const { return counts_; }

  // Hand over what has gathered since the last call.  Messages may be sent only after the commit
  // taken with them is durable.
  Commit TakeCommit();
  std::vector<LeaseMessage> TakeMessages() { return std::exchange(messages_, {}); }

 private:
  // What applies to all records of a batch, in one place for its time (apply_usage.cc).
  struct BatchState;
  absl::Status CheckBatch(const UsageBatch& batch) const;
  absl::StatusOr<UsageReceipt> ApplyRecords(const UsageBatch& batch, BatchState& state, Now now);
  // Either all of it or nothing.
  absl::Status ApplyRecord(std::uint64_t sequence, const UsageRecordItem& record,
                           BatchState& state, Now now);
  void Quarantine(const RecordKey& key, const UsageRecordItem& record, UsageReceipt& receipt);
  // Answers a remembered request, or posts it to the wallet as `transfer`.
  absl::StatusOr<std::uint64_t> PostToWallet(const Sha256Digest& contents, const Transfer& transfer,
                                             Money amount, Now now,
                                             std::optional<absl::Time> credit_until = std::nullopt);
  Money RefundedOf(const std::string& generation_id) const;
  void ExpireCredits(Now now);
  void PostAlerts(Now now);
  // Takes the lease book's effects over and posts its moves; of a resolution, `order` says whose.
  void PostMoves(Now now, const ResolveOrder* order = nullptr);
  void PostResolution(const LeaseResolution& resolution, const ResolveOrder& order, Now now);
  Ledger::Result Write(Transfer transfer, Now now);
  void CheckWallet(const std::string& workspace_id) const;

  const BooksReader reader_;
  Ledger ledger_;
  LeaseBook leases_;
  Lanes lanes_;
  CreditBook credits_;
  KeyTotals key_totals_;
  std::map<std::string, Money> refunded_;  // With a reader: what is not durable yet.
  std::map<std::uint64_t, OutboxRow> outbox_;
  std::uint64_t next_message_ = 1;
  WebhooksById webhooks_;
  MonotonicTime credit_deadline_ = MonotonicTime::InfiniteFuture();
  BooksCounts counts_;
  LedgerEffects ledger_effects_;
  Commit commit_;
  std::vector<LeaseMessage> messages_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_BOOKS_BOOKS_H_
