#include "billing/store/memory_ledger_store.h"

#include <algorithm>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"

namespace tollgate::billing {

absl::StatusOr<StoredState> MemoryLedgerStore::Read(bool lean) const {
  absl::MutexLock lock(&mutex_);
  StoredState state;
  if (!journal_.empty()) {
    state.ledger.last_sequence = journal_.back().sequence;
    state.ledger.last_time = journal_.back().time;
    state.ledger.last_hash = journal_.back().hash;
  }
  state.ledger.balances = balances_;
  if (!lean) {
    for (const auto& [key, row] : keys_) state.ledger.keys.push_back(row);
    state.refunded = refunded_;
    for (const auto& [key, row] : key_totals_) state.key_totals.push_back(row);
  }
  for (const auto& [id, row] : nodes_) state.nodes.push_back(row);
  for (const auto& [name, row] : accounts_) {
    if (!lean || !name.starts_with("budget/")) state.accounts.push_back(row);
  }
  for (const auto& [key, row] : credits_) state.credits.push_back(row);
  for (const auto& [number, row] : outbox_) state.outbox.push_back(row);
  for (const auto& [key, row] : leases_) state.leases.push_back(row);
  for (const auto& [key, row] : lanes_) state.lanes.push_back(row);
  for (const auto& [key, row] : digests_) state.digests.push_back(row);
  state.config = config_;
  state.config_revision = config_revision_;
  return state;
}

absl::Status MemoryLedgerStore::Write(const Commit& commit) {
  absl::MutexLock lock(&mutex_);
  if (const absl::Status written = WriteJournal(commit); !written.ok()) return written;
  for (const auto& [account, balance] : commit.balances) balances_[account] = balance;
  for (const AppliedKey& key : commit.keys) keys_[key.idempotency_key] = key;
  for (const LeaseKey& key : commit.removed_leases) leases_.erase(key);
  for (const auto& [key, row] : commit.leases) leases_[key] = row;
  for (const std::string& name : commit.removed_accounts) accounts_.erase(name);
  for (const auto& [name, row] : commit.accounts) accounts_[name] = row;
  for (const CreditRow& row : commit.credits) {
    if (row.remaining.is_zero()) {
      credits_.erase({row.workspace_id, row.sequence});
    } else {
      credits_.insert_or_assign({row.workspace_id, row.sequence}, row);
    }
  }
  for (const auto& [id, amount] : commit.refunded) refunded_[id] = amount;
  for (const KeyTotalsRow& row : commit.key_totals) {
    key_totals_[{row.workspace_id, row.key_id}] = row;
  }
  for (const OutboxRow& row : commit.outbox) outbox_[row.number] = row;
  for (const std::uint64_t number : commit.sent) outbox_.erase(number);
  for (const auto& [id, row] : commit.nodes) nodes_[id] = row;
  for (const auto& [key, row] : commit.lanes.lanes) lanes_[key] = row;
  for (const DigestRun& run : commit.lanes.digests) {
    for (std::size_t i = 0; i < run.digests.size(); ++i) {
      const std::uint64_t sequence = run.first_sequence + i;
      digests_[{run.lane, sequence % kLaneDigestsMax}] = {{run.lane, sequence}, run.digests[i]};
    }
  }
  for (const LaneKey& lane : commit.lanes.forgotten_digests) {
    digests_.erase(digests_.lower_bound({lane, 0}), digests_.upper_bound({lane, kLaneDigestsMax}));
  }
  for (const QuarantineRow& row : commit.quarantined) quarantine_[row.record] = row.bytes;
  for (const ConfigChange& change : commit.config) WriteConfig(change);
  return absl::OkStatus();
}

absl::Status MemoryLedgerStore::WriteJournal(const Commit& commit) {
  std::vector<Entry> entries = commit.entries;
  for (const UsageRun& run : commit.runs) {
    for (const UsageLine& line : run.lines) {
      // Behind the length of the row.
      TG_ASSIGN_OR_RETURN(Entry entry,
                          DecodeEntry(run.View(line.row).substr(sizeof(std::uint32_t))));
      entries.push_back(std::move(entry));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
  for (Entry& entry : entries) {
    if (entry.usage.has_value()) Index(entry);
    journal_.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

void MemoryLedgerStore::Index(const Entry& entry) {
  const UsageEntry& usage = *entry.usage;
  generations_[{usage.workspace_id, usage.generation_id}].insert({usage.attempt, entry.sequence});
  by_workspace_[usage.workspace_id].insert(usage.generation_id);
  if (!usage.key_id.empty()) {
    by_key_[{usage.workspace_id, usage.key_id}].insert(usage.generation_id);
  }
}

void MemoryLedgerStore::WriteConfig(const ConfigChange& change) {
  if (change.replaces_all) config_.clear();
  for (const std::string& key : change.removed) config_.erase(key);
  for (const auto& [key, resource] : change.upserts) config_[key] = resource;
  config_revision_ = change.revision;
  for (const auto& [id, version] : change.price_versions) price_versions_.emplace(id, version);
  for (const auto& [version, rule] : change.price_rules) price_rules_.emplace(version, rule);
}

absl::StatusOr<Entry> MemoryLedgerStore::ReadEntry(std::uint64_t sequence) const {
  absl::MutexLock lock(&mutex_);
  if (sequence == 0 || sequence > journal_.size()) return absl::NotFoundError("no such entry");
  return journal_[sequence - 1];
}

absl::StatusOr<std::vector<Entry>> MemoryLedgerStore::ReadJournal(std::uint64_t from_sequence,
                                                                  std::size_t limit) const {
  absl::MutexLock lock(&mutex_);
  std::vector<Entry> entries;
  for (std::uint64_t i = std::max<std::uint64_t>(from_sequence, 1);
       i <= journal_.size() && entries.size() < limit; ++i) {
    entries.push_back(journal_[i - 1]);
  }
  return entries;
}

absl::StatusOr<std::vector<Entry>> MemoryLedgerStore::ListEntries(const EntryQuery& query) const {
  absl::MutexLock lock(&mutex_);
  std::vector<Entry> entries;
  for (auto it = journal_.rbegin(); it != journal_.rend() && entries.size() < query.limit; ++it) {
    if (it->sequence < query.before_sequence && it->transfer.workspace_id == query.workspace_id &&
        std::find(query.kinds.begin(), query.kinds.end(), it->transfer.kind) != query.kinds.end()) {
      entries.push_back(*it);
    }
  }
  return entries;
}

absl::StatusOr<AccountRow> MemoryLedgerStore::ReadAccount(const std::string& account) const {
  absl::MutexLock lock(&mutex_);
  const auto found = accounts_.find(account);
  if (found == accounts_.end()) return absl::NotFoundError("no such account");
  return found->second;
}

absl::StatusOr<std::vector<AccountRow>> MemoryLedgerStore::ListAccounts(const std::string& prefix,
                                                                        const std::string& after,
                                                                        std::size_t limit) const {
  absl::MutexLock lock(&mutex_);
  std::vector<AccountRow> rows;
  for (auto it = accounts_.lower_bound(std::max(prefix, after));
       it != accounts_.end() && it->first.starts_with(prefix) && rows.size() < limit; ++it) {
    if (it->first > after) rows.push_back(it->second);
  }
  return rows;
}

absl::StatusOr<AppliedKey> MemoryLedgerStore::ReadAppliedKey(const std::string& key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = keys_.find(key);
  if (found == keys_.end()) return absl::NotFoundError("no such key");
  return found->second;
}

absl::StatusOr<Money> MemoryLedgerStore::ReadRefunded(const std::string& generation_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = refunded_.find(generation_id);
  return found == refunded_.end() ? Money::Zero() : found->second;
}

absl::StatusOr<KeyTotalsRow> MemoryLedgerStore::ReadKeyTotals(const std::string& workspace_id,
                                                              const std::string& key_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = key_totals_.find({workspace_id, key_id});
  if (found == key_totals_.end()) return absl::NotFoundError("nothing was used with this key");
  return found->second;
}

absl::StatusOr<Money> MemoryLedgerStore::ReadBalance(const std::string& account) const {
  absl::MutexLock lock(&mutex_);
  const auto found = balances_.find(account);
  return found == balances_.end() ? Money::Zero() : found->second;
}

absl::StatusOr<std::vector<std::string>> MemoryLedgerStore::ReadGeneration(
    const std::string& workspace_id, const std::string& generation_id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = generations_.find({workspace_id, generation_id});
  if (found == generations_.end()) return absl::NotFoundError("no such generation");
  std::vector<std::string> records;
  for (const auto& [attempt, sequence] : found->second) {
    if (records.size() == kGenerationAttemptsMax) break;
    records.push_back(journal_[sequence - 1].usage->record);
  }
  return records;
}

absl::StatusOr<std::vector<std::string>> MemoryLedgerStore::ListGenerationIds(
    const GenerationQuery& query) const {
  absl::MutexLock lock(&mutex_);
  const std::set<std::string>* ids = nullptr;
  if (query.key_id.empty()) {
    const auto found = by_workspace_.find(query.workspace_id);
    if (found != by_workspace_.end()) ids = &found->second;
  } else {
    const auto found = by_key_.find({query.workspace_id, query.key_id});
    if (found != by_key_.end()) ids = &found->second;
  }
  std::vector<std::string> page;
  if (ids == nullptr) return page;
  auto it = query.before_id.empty() ? ids->end() : ids->lower_bound(query.before_id);
  while (it != ids->begin() && page.size() < query.limit) page.push_back(*--it);
  return page;
}

absl::StatusOr<std::string> MemoryLedgerStore::ReadPriceRule(const std::string& version) const {
  absl::MutexLock lock(&mutex_);
  const auto found = price_rules_.find(version);
  if (found == price_rules_.end()) return absl::NotFoundError("no such version of a price rule");
  return found->second;
}

absl::StatusOr<std::string> MemoryLedgerStore::ReadPriceVersion(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto found = price_versions_.find(id);
  if (found == price_versions_.end()) return absl::NotFoundError("no such price version");
  return found->second;
}

absl::StatusOr<std::string> MemoryLedgerStore::ReadQuarantined(const RecordKey& record) const {
  absl::MutexLock lock(&mutex_);
  const auto found = quarantine_.find(record);
  if (found == quarantine_.end()) return absl::NotFoundError("nothing quarantined");
  return found->second;
}

}  // namespace tollgate::billing
