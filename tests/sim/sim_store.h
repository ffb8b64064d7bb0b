// Billing's store with what a crash can do to a write: all of it or nothing, known or not.
#ifndef TOLLGATE_TESTS_SIM_SIM_STORE_H_
#define TOLLGATE_TESTS_SIM_SIM_STORE_H_

#include <functional>
#include <string>
#include <vector>

#include "billing/store/memory_ledger_store.h"

namespace tollgate::sim {

class SimStore final : public billing::LedgerStore {
 public:
  // Decides about a write: calls `apply` or not, and says what the caller is told.
  using Fate =
      std::function<absl::Status(const billing::Commit& commit, std::function<void()> apply)>;

  void SetFate(Fate fate) { fate_ = std::move(fate); }

  absl::Status Write(const billing::Commit& commit) override {
    return fate_(commit, [this, &commit] { memory_.Write(commit).IgnoreError(); });
  }
  absl::StatusOr<billing::StoredState> Load() const override { return memory_.Load(); }
  absl::StatusOr<billing::StoredState> LoadLean() const override { return memory_.LoadLean(); }
  absl::StatusOr<billing::Entry> ReadEntry(std::uint64_t sequence) const override {
    return memory_.ReadEntry(sequence);
  }
  absl::StatusOr<std::vector<billing::Entry>> ReadJournal(std::uint64_t from_sequence,
                                                          std::size_t limit) const override {
    return memory_.ReadJournal(from_sequence, limit);
  }
  absl::StatusOr<std::vector<billing::Entry>> ListEntries(
      const billing::EntryQuery& query) const override {
    return memory_.ListEntries(query);
  }
  absl::StatusOr<billing::AccountRow> ReadAccount(const std::string& account) const override {
    return memory_.ReadAccount(account);
  }
  absl::StatusOr<std::vector<billing::AccountRow>> ListAccounts(const std::string& prefix,
                                                                const std::string& after,
                                                                std::size_t limit) const override {
    return memory_.ListAccounts(prefix, after, limit);
  }
  absl::StatusOr<billing::AppliedKey> ReadAppliedKey(const std::string& key) const override {
    return memory_.ReadAppliedKey(key);
  }
  absl::StatusOr<Money> ReadRefunded(const std::string& generation_id) const override {
    return memory_.ReadRefunded(generation_id);
  }
  absl::StatusOr<billing::KeyTotalsRow> ReadKeyTotals(const std::string& workspace_id,
                                                      const std::string& key_id) const override {
    return memory_.ReadKeyTotals(workspace_id, key_id);
  }
  absl::StatusOr<Money> ReadBalance(const std::string& account) const override {
    return memory_.ReadBalance(account);
  }
  absl::StatusOr<std::vector<std::string>> ReadGeneration(
      const std::string& workspace_id, const std::string& generation_id) const override {
    return memory_.ReadGeneration(workspace_id, generation_id);
  }
  absl::StatusOr<std::vector<std::string>> ListGenerationIds(
      const billing::GenerationQuery& query) const override {
    return memory_.ListGenerationIds(query);
  }
  absl::StatusOr<std::string> ReadPriceRule(const std::string& version) const override {
    return memory_.ReadPriceRule(version);
  }
  absl::StatusOr<std::string> ReadPriceVersion(const std::string& id) const override {
    return memory_.ReadPriceVersion(id);
  }
  absl::StatusOr<std::string> ReadQuarantined(const billing::RecordKey& record) const override {
    return memory_.ReadQuarantined(record);
  }

 private:
  billing::MemoryLedgerStore memory_;
  Fate fate_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SIM_STORE_H_
