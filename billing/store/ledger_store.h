// Where billing keeps what must not be lost.
//
// One writer calls Write(); any thread may read at any time and sees whole commits only.  There is
// no call that changes or removes a journal entry or a usage record: the journal is append-only.
// Implementations must pass tests/billing/store/ledger_store_conformance.h.
#ifndef TOLLGATE_BILLING_STORE_LEDGER_STORE_H_
#define TOLLGATE_BILLING_STORE_LEDGER_STORE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/books/books.h"
#include "billing/books/commit.h"

namespace tollgate::billing {

// Asks for a workspace's entries, newest first.
struct EntryQuery {
  std::string workspace_id;
  std::vector<EntryKind> kinds;                                               // At least one.
  std::uint64_t before_sequence = std::numeric_limits<std::uint64_t>::max();  // Exclusive.
  std::size_t limit = 100;
};

// Asks for a workspace's generation ids, newest first: generation ids begin with their time.
struct GenerationQuery {
  std::string workspace_id;
  std::string key_id;     // Empty for all keys.
  std::string before_id;  // Exclusive; empty for the newest.
  std::size_t limit = 100;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // Reads all that decisions depend on.  DataLoss when it cannot be read whole, or when the newest
  // entry does not chain to the one before it.
  virtual absl::StatusOr<StoredState> Load() const = 0;

  // The same, and may leave out what grows for ever and is read when needed (MakeReader()):
  // idempotency keys, refunds, what API keys have used and the accounts of budgets.
  virtual absl::StatusOr<StoredState> LoadLean() const { return Load(); }

  // Makes a commit durable: all of it or nothing, before it returns.  After any error what is on
  // the disk is unknown, and the store must not be written again by this process: reopen it.
  virtual absl::Status Write(const Commit& commit) = 0;

  // One entry.  NotFound.
  virtual absl::StatusOr<Entry> ReadEntry(std::uint64_t sequence) const = 0;

  // Up to `limit` entries of all workspaces from `from_sequence` on, oldest first: for audits.
  virtual absl::StatusOr<std::vector<Entry>> ReadJournal(std::uint64_t from_sequence,
                                                         std::size_t limit) const = 0;

  virtual absl::StatusOr<std::vector<Entry>> ListEntries(const EntryQuery& query) const = 0;

  // The row of a capped account.  NotFound.
  virtual absl::StatusOr<AccountRow> ReadAccount(const std::string& account) const = 0;

  // The next five are lookups.  As they stand they search all that Load() reads; a store with an
  // index does better.

  // Up to `limit` capped accounts whose names begin with `prefix`, after `after`, by name.
  virtual absl::StatusOr<std::vector<AccountRow>> ListAccounts(const std::string& prefix,
                                                               const std::string& after,
                                                               std::size_t limit) const;

  // The key of a request that was applied or refused.  NotFound.
  virtual absl::StatusOr<AppliedKey> ReadAppliedKey(const std::string& key) const;

  // What was given back of a generation; zero for nothing.
  virtual absl::StatusOr<Money> ReadRefunded(const std::string& generation_id) const;

  // What an API key has used.  NotFound.
  virtual absl::StatusOr<KeyTotalsRow> ReadKeyTotals(const std::string& workspace_id,
                                                     const std::string& key_id) const;

  // The balance of a ledger account; zero for one that was never touched.
  virtual absl::StatusOr<Money> ReadBalance(const std::string& account) const;

  // The serialized records of a workspace's generation in order of attempt, at most
  // kGenerationAttemptsMax.  NotFound when there is none.
  virtual absl::StatusOr<std::vector<std::string>> ReadGeneration(
      const std::string& workspace_id, const std::string& generation_id) const = 0;

  virtual absl::StatusOr<std::vector<std::string>> ListGenerationIds(
      const GenerationQuery& query) const = 0;

  // A serialized pricing.v1.PriceVersion that some configuration published.  NotFound.
  virtual absl::StatusOr<std::string> ReadPriceVersion(const std::string& id) const = 0;

  // Likewise a serialized config.v1.PriceRule, by its version.
  virtual absl::StatusOr<std::string> ReadPriceRule(const std::string& version) const = 0;

  // The bytes under which a record was quarantined.  NotFound.
  virtual absl::StatusOr<std::string> ReadQuarantined(const RecordKey& record) const = 0;
};

// Reads from `store`, which must outlive it, what LoadLean() leaves out.  A store that cannot be
// read ends the process: what it would be asked for decides about money.
BooksReader MakeReader(const LedgerStore& store);

// No request makes more attempts; an id that a broken node repeats for ever must not make one
// answer grow without bound.
inline constexpr std::size_t kGenerationAttemptsMax = 100;

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_LEDGER_STORE_H_
