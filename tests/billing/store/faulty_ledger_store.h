// A LedgerStore whose writes fail on demand.
#ifndef TOLLGATE_TESTS_BILLING_STORE_FAULTY_LEDGER_STORE_H_
#define TOLLGATE_TESTS_BILLING_STORE_FAULTY_LEDGER_STORE_H_

#include <atomic>
#include <string>
#include <vector>

#include "billing/store/memory_ledger_store.h"

namespace tollgate::billing {

class FaultyLedgerStore final : public LedgerStore {
 public:
  void FailWrites() { failing_ = true; }
  int writes() const { return writes_; }

  absl::Status Write(const Commit& commit) override {
    ++writes_;
    if (failing_) return absl::UnavailableError("rocksdb: IO error: no space left on device");
    return inner_.Write(commit);
  }
  absl::StatusOr<StoredState> Load() const override { return inner_.Load(); }
  absl::StatusOr<Entry> ReadEntry(std::uint64_t sequence) const override {
    return inner_.ReadEntry(sequence);
  }
  absl::StatusOr<std::vector<Entry>> ReadJournal(std::uint64_t from,
                                                 std::size_t limit) const override {
    return inner_.ReadJournal(from, limit);
  }
  absl::StatusOr<std::vector<Entry>> ListEntries(const EntryQuery& query) const override {
    return inner_.ListEntries(query);
  }
  absl::StatusOr<AccountRow> ReadAccount(const std::string& account) const override {
    return inner_.ReadAccount(account);
  }
  absl::StatusOr<std::vector<std::string>> ReadGeneration(const std::string& workspace_id,
                                                          const std::string& id) const override {
    return inner_.ReadGeneration(workspace_id, id);
  }
  absl::StatusOr<std::vector<std::string>> ListGenerationIds(
      const GenerationQuery& query) const override {
    return inner_.ListGenerationIds(query);
  }
  absl::StatusOr<std::string> ReadPriceRule(const std::string& version) const override {
    return inner_.ReadPriceRule(version);
  }
  absl::StatusOr<std::string> ReadPriceVersion(const std::string& id) const override {
    return inner_.ReadPriceVersion(id);
  }
  absl::StatusOr<std::string> ReadQuarantined(const RecordKey& record) const override {
    return inner_.ReadQuarantined(record);
  }

 private:
  MemoryLedgerStore inner_;
  std::atomic<bool> failing_ = false;
  std::atomic<int> writes_ = 0;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_STORE_FAULTY_LEDGER_STORE_H_
