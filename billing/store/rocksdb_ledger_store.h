// A LedgerStore in one RocksDB folder.  Column families and formats: docs/formats/journal.md.
#ifndef TOLLGATE_BILLING_STORE_ROCKSDB_LEDGER_STORE_H_
#define TOLLGATE_BILLING_STORE_ROCKSDB_LEDGER_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "billing/store/ledger_store.h"

namespace tollgate::billing {

// Thread-safe for reads beside one writer.  Every Write() is one synced WriteBatch.
class RocksdbLedgerStore final : public LedgerStore {
 public:
  // Opens the folder, creating it when missing.  Unavailable when another process has it open,
  // DataLoss when it is damaged, FailedPrecondition when it was written in a format that this
  // program does not know.
  static absl::StatusOr<std::unique_ptr<RocksdbLedgerStore>> Open(const std::string& path);
  ~RocksdbLedgerStore() override;

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
  class Impl;
  explicit RocksdbLedgerStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_ROCKSDB_LEDGER_STORE_H_
