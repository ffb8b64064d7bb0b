#include "billing/store/rocksdb_ledger_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

constexpr std::string_view kConfigRevisionKey = "revision";
constexpr std::string_view kConfigResourcePrefix = "resource/";

std::string Concat(std::string_view a, std::string_view b) {
  std::string text(a);
  text.append(b);
  return text;
}

// The first key after all that begin with `prefix`; `prefix` must not be all 0xff.
std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

// Puts rows into one batch, family by family.
class BatchBuilder {
 public:
  explicit BatchBuilder(const RocksdbDatabase& database) : database_(database) {}

  void Put(Family family, std::string_view key, std::string_view value) {
    batch_.Put(database_.family(family), ToSlice(key), ToSlice(value));
  }
  void Delete(Family family, std::string_view key) {
    batch_.Delete(database_.family(family), ToSlice(key));
  }
  void DeletePrefix(Family family, const std::string& prefix) {
    batch_.DeleteRange(database_.family(family), ToSlice(prefix), ToSlice(PrefixEnd(prefix)));
  }

  void AddLedger(const Commit& commit) {
    for (const Entry& entry : commit.entries) {
      Put(Family::kJournal, SequenceKey(entry.sequence), EncodeEntry(entry));
      Put(Family::kJournalByWorkspace,
          WorkspaceEntryKey(entry.transfer.workspace_id, entry.transfer.kind, entry.sequence), "");
    }
    for (const auto& [account, balance] : commit.balances) {
      Put(Family::kBalances, account, EncodeMoney(balance));
    }
    for (const AppliedKey& key : commit.keys) {
      Put(Family::kIdempotency, key.idempotency_key, EncodeAppliedKey(key));
    }
  }

  void AddLeases(const Commit& commit) {
    for (const auto& [key, row] : commit.leases) {
      Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
    }
    for (const LeaseKey& key : commit.removed_leases) {
      Delete(Family::kLeases, EncodeLeaseKey(key));
    }
    for (const auto& [name, row] : commit.accounts) {
      Put(Family::kAccounts, name, EncodeAccount(row));
    }
    for (const auto& [id, row] : commit.nodes) Put(Family::kNodes, id, EncodeNode(row));
  }

  void AddUsage(const Commit& commit) {
    for (const auto& [key, row] : commit.lanes.lanes) {
      Put(Family::kWatermarks, EncodeLaneKey(key), SequenceKey(row.watermark));
    }
    for (const DigestRow& row : commit.lanes.digests) {
      Put(Family::kDigests, DigestKey(row.record), EncodeDigest(row));
    }
    for (const LaneKey& lane : commit.lanes.forgotten_digests) {
      DeletePrefix(Family::kDigests, EncodeLaneKey(lane));
    }
    for (const UsageRow& row : commit.usage) {
      const std::string record = EncodeRecordKey(row.record);
      const std::string workspace = KeyString(row.workspace_id);
      Put(Family::kUsage, record, row.bytes);
      Put(Family::kGenerations, GenerationKey(row), record);
      Put(Family::kGenerationsByWorkspace, workspace + row.generation_id, "");
      Put(Family::kGenerationsByKey, workspace + KeyString(row.key_id) + row.generation_id, "");
    }
    for (const QuarantineRow& row : commit.quarantined) {
      Put(Family::kQuarantine, EncodeRecordKey(row.record), row.bytes);
    }
  }

  void AddConfig(const ConfigChange& change) {
    if (change.replaces_all) {
      DeletePrefix(Family::kConfig, std::string(kConfigResourcePrefix));
    }
    for (const std::string& key : change.removed) {
      Delete(Family::kConfig, Concat(kConfigResourcePrefix, key));
    }
    for (const auto& [key, resource] : change.upserts) {
      Put(Family::kConfig, Concat(kConfigResourcePrefix, key), resource);
    }
    Put(Family::kConfig, kConfigRevisionKey, change.revision);
  }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  const RocksdbDatabase& database_;
  rocksdb::WriteBatch batch_;
};

}  // namespace

class RocksdbLedgerStore::Impl {
 public:
  explicit Impl(std::unique_ptr<RocksdbDatabase> database) : database_(std::move(database)) {}

  const RocksdbDatabase& database() const { return *database_; }
  RocksdbDatabase& database() { return *database_; }

  // Reads a whole family into `rows` by `decode`.
  template <typename Row, typename Decode>
  absl::Status LoadRows(Family family, Decode decode, std::vector<Row>* rows) const {
    return database_->Scan(
        family, "", [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
          TG_ASSIGN_OR_RETURN(Row row, decode(key, value));
          rows->push_back(std::move(row));
          return true;
        });
  }

  absl::Status LoadLastEntry(LedgerState* state) const {
    const std::unique_ptr<rocksdb::Iterator> it = database_->NewIterator(Family::kJournal);
    it->SeekToLast();
    if (!it->Valid()) return FromRocksdb(it->status());
    TG_ASSIGN_OR_RETURN(const Entry last, DecodeEntry(ToView(it->value())));
    Sha256Digest former{};
    if (last.sequence > 1) {
      it->Prev();
      if (!it->Valid()) return absl::DataLossError("the journal has a gap at its end");
      TG_ASSIGN_OR_RETURN(const Entry before, DecodeEntry(ToView(it->value())));
      if (before.sequence + 1 != last.sequence) {
        return absl::DataLossError("the journal has a gap at its end");
      }
      former = before.hash;
    }
    if (ChainHash(former, EncodeEntryContents(last)) != last.hash) {
      return absl::DataLossError("the newest journal entry does not match its hash");
    }
    state->last_sequence = last.sequence;
    state->last_time = last.time;
    state->last_hash = last.hash;
    return absl::OkStatus();
  }

  absl::Status LoadConfig(StoredState* state) const {
    TG_RETURN_IF_ERROR(
        database_->Scan(Family::kConfig, kConfigResourcePrefix,
                        [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
                          state->config.emplace(key.substr(kConfigResourcePrefix.size()), value);
                          return true;
                        }));
    absl::StatusOr<std::string> revision = database_->Get(Family::kConfig, kConfigRevisionKey);
    if (absl::IsNotFound(revision.status())) return absl::OkStatus();
    TG_ASSIGN_OR_RETURN(state->config_revision, std::move(revision));
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<RocksdbDatabase> database_;
};

absl::StatusOr<std::unique_ptr<RocksdbLedgerStore>> RocksdbLedgerStore::Open(
    const std::string& path) {
  TG_ASSIGN_OR_RETURN(std::unique_ptr<RocksdbDatabase> database, RocksdbDatabase::Open(path));
  return std::unique_ptr<RocksdbLedgerStore>(
      new RocksdbLedgerStore(std::make_unique<Impl>(std::move(database))));
}

RocksdbLedgerStore::RocksdbLedgerStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksdbLedgerStore::~RocksdbLedgerStore() = default;

absl::StatusOr<StoredState> RocksdbLedgerStore::Load() const {
  StoredState state;
  TG_RETURN_IF_ERROR(impl_->LoadLastEntry(&state.ledger));
  TG_RETURN_IF_ERROR(impl_->database().Scan(
      Family::kBalances, "",
      [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const Money balance, DecodeMoney(value));
        state.ledger.balances.emplace(key, balance);
        return true;
      }));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kIdempotency, DecodeAppliedKey, &state.ledger.keys));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kNodes, DecodeNode, &state.nodes));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kAccounts, DecodeAccount, &state.accounts));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kLeases, DecodeLease, &state.leases));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kWatermarks, DecodeLane, &state.lanes));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kDigests, DecodeDigest, &state.digests));
  TG_RETURN_IF_ERROR(impl_->LoadConfig(&state));
  return state;
}

absl::Status RocksdbLedgerStore::Write(const Commit& commit) {
  BatchBuilder builder(impl_->database());
  builder.AddLedger(commit);
  builder.AddLeases(commit);
  builder.AddUsage(commit);
  for (const ConfigChange& change : commit.config) builder.AddConfig(change);
  return impl_->database().Write(builder.batch());
}

absl::StatusOr<Entry> RocksdbLedgerStore::ReadEntry(std::uint64_t sequence) const {
  TG_ASSIGN_OR_RETURN(const std::string stored,
                      impl_->database().Get(Family::kJournal, SequenceKey(sequence)));
  return DecodeEntry(stored);
}

absl::StatusOr<std::vector<Entry>> RocksdbLedgerStore::ReadJournal(std::uint64_t from_sequence,
                                                                   std::size_t limit) const {
  std::vector<Entry> entries;
  const std::unique_ptr<rocksdb::Iterator> it = impl_->database().NewIterator(Family::kJournal);
  for (it->Seek(ToSlice(SequenceKey(from_sequence))); it->Valid() && entries.size() < limit;
       it->Next()) {
    TG_ASSIGN_OR_RETURN(Entry entry, DecodeEntry(ToView(it->value())));
    entries.push_back(std::move(entry));
  }
  TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
  return entries;
}

absl::StatusOr<std::vector<Entry>> RocksdbLedgerStore::ListEntries(const EntryQuery& query) const {
  // One run per kind, each from its newest; the greatest sequence among their heads comes next.
  struct Run {
    std::unique_ptr<rocksdb::Iterator> it;
    std::string prefix;
    bool Valid() const { return it->Valid() && it->key().starts_with(ToSlice(prefix)); }
  };
  std::vector<Run> runs;
  for (const EntryKind kind : query.kinds) {
    Run run{impl_->database().NewIterator(Family::kJournalByWorkspace),
            WorkspaceEntryPrefix(query.workspace_id, kind)};
    if (query.before_sequence == 0) continue;
    const std::string last = WorkspaceEntryKey(query.workspace_id, kind, query.before_sequence - 1);
    run.it->SeekForPrev(ToSlice(last));
    runs.push_back(std::move(run));
  }
  std::vector<Entry> entries;
  while (entries.size() < query.limit) {
    Run* newest = nullptr;
    std::uint64_t newest_sequence = 0;
    for (Run& run : runs) {
      if (!run.Valid()) {
        TG_RETURN_IF_ERROR(FromRocksdb(run.it->status()));
        continue;
      }
      TG_ASSIGN_OR_RETURN(const std::uint64_t sequence, SequenceAtEnd(ToView(run.it->key())));
      if (sequence > newest_sequence) {
        newest = &run;
        newest_sequence = sequence;
      }
    }
    if (newest == nullptr) break;
    TG_ASSIGN_OR_RETURN(Entry entry, ReadEntry(newest_sequence));
    entries.push_back(std::move(entry));
    newest->it->Prev();
  }
  return entries;
}

absl::StatusOr<AccountRow> RocksdbLedgerStore::ReadAccount(const std::string& account) const {
  TG_ASSIGN_OR_RETURN(const std::string value, impl_->database().Get(Family::kAccounts, account));
  return DecodeAccount(account, value);
}

absl::StatusOr<std::vector<std::string>> RocksdbLedgerStore::ReadGeneration(
    const std::string& generation_id) const {
  std::vector<std::string> records;
  TG_RETURN_IF_ERROR(impl_->database().Scan(
      Family::kGenerations, KeyString(generation_id),
      [&](std::string_view, std::string_view record) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(std::string bytes, impl_->database().Get(Family::kUsage, record));
        records.push_back(std::move(bytes));
        return records.size() < kGenerationAttemptsMax;
      }));
  if (records.empty()) return absl::NotFoundError("no such generation");
  return records;
}

absl::StatusOr<std::vector<std::string>> RocksdbLedgerStore::ListGenerationIds(
    const GenerationQuery& query) const {
  const Family family =
      query.key_id.empty() ? Family::kGenerationsByWorkspace : Family::kGenerationsByKey;
  std::string prefix = KeyString(query.workspace_id);
  if (!query.key_id.empty()) prefix += KeyString(query.key_id);
  const std::unique_ptr<rocksdb::Iterator> it = impl_->database().NewIterator(family);
  const std::string before = query.before_id.empty() ? PrefixEnd(prefix) : prefix + query.before_id;
  it->SeekForPrev(ToSlice(before));
  if (it->Valid() && it->key() == ToSlice(before)) it->Prev();
  std::vector<std::string> ids;
  for (; it->Valid() && it->key().starts_with(ToSlice(prefix)) && ids.size() < query.limit;
       it->Prev()) {
    ids.emplace_back(ToView(it->key()).substr(prefix.size()));
  }
  TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
  return ids;
}

absl::StatusOr<std::string> RocksdbLedgerStore::ReadQuarantined(const RecordKey& record) const {
  return impl_->database().Get(Family::kQuarantine, EncodeRecordKey(record));
}

}  // namespace tollgate::billing
