// A LedgerStore in memory: for tests and for simulation.
#ifndef TOLLGATE_BILLING_STORE_MEMORY_LEDGER_STORE_H_
#define TOLLGATE_BILLING_STORE_MEMORY_LEDGER_STORE_H_

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "billing/store/ledger_store.h"

namespace tollgate::billing {

// Thread-safe.  Forgets everything on destruction.
class MemoryLedgerStore final : public LedgerStore {
 public:
  absl::StatusOr<StoredState> Load() const override { return Read(/*lean=*/false); }
  absl::StatusOr<StoredState> LoadLean() const override { return Read(/*lean=*/true); }
  absl::Status Write(const Commit& commit) override;
  absl::StatusOr<Entry> ReadEntry(std::uint64_t sequence) const override;
  absl::StatusOr<std::vector<Entry>> ReadJournal(std::uint64_t from_sequence,
                                                 std::size_t limit) const override;
  absl::StatusOr<std::vector<Entry>> ListEntries(const EntryQuery& query) const override;
  absl::StatusOr<AccountRow> ReadAccount(const std::string& account) const override;
  absl::StatusOr<std::vector<AccountRow>> ListAccounts(const std::string& prefix,
                                                       const std::string& after,
                                                       std::size_t limit) const override;
  absl::StatusOr<AppliedKey> ReadAppliedKey(const std::string& key) const override;
  absl::StatusOr<Money> ReadRefunded(const std::string& generation_id) const override;
  absl::StatusOr<KeyTotalsRow> ReadKeyTotals(const std::string& workspace_id,
                                             const std::string& key_id) const override;
  absl::StatusOr<Money> ReadBalance(const std::string& account) const override;
  absl::StatusOr<std::vector<std::string>> ReadGeneration(
      const std::string& workspace_id, const std::string& generation_id) const override;
  absl::StatusOr<std::vector<std::string>> ListGenerationIds(
      const GenerationQuery& query) const override;
  absl::StatusOr<std::string> ReadPriceVersion(const std::string& id) const override;
  absl::StatusOr<std::string> ReadPriceRule(const std::string& version) const override;
  absl::StatusOr<std::string> ReadQuarantined(const RecordKey& record) const override;

 private:
  absl::StatusOr<StoredState> Read(bool lean) const;
  // Puts entries and runs in order of their sequences.
  absl::Status WriteJournal(const Commit& commit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Index(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteConfig(const ConfigChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<Entry> journal_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Money> balances_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, AppliedKey> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<LeaseKey, LeaseRow> leases_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, AccountRow> accounts_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::uint64_t>, CreditRow> credits_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Money> refunded_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, KeyTotalsRow> key_totals_ ABSL_GUARDED_BY(mutex_);
  std::map<std::uint64_t, OutboxRow> outbox_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, NodeRow> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<LaneKey, LaneRow> lanes_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<LaneKey, std::uint64_t>, DigestRow> digests_ ABSL_GUARDED_BY(mutex_);
  // By workspace and generation: attempts, and the sequences of their entries.
  std::map<std::pair<std::string, std::string>, std::set<std::pair<std::uint32_t, std::uint64_t>>>
      generations_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::set<std::string>> by_workspace_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, std::set<std::string>> by_key_
      ABSL_GUARDED_BY(mutex_);
  std::map<RecordKey, std::string> quarantine_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> config_ ABSL_GUARDED_BY(mutex_);
  std::string config_revision_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> price_versions_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> price_rules_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_MEMORY_LEDGER_STORE_H_
