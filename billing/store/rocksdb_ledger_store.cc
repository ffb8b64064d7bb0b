#include "billing/store/rocksdb_ledger_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/commit_batch.h"
#include "billing/store/generation_index.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
class RocksdbLedgerStore::Impl {
 public:
  explicit Impl(std::unique_ptr<RocksdbDatabase> database) : database_(std::move(database)) {}

  const RocksdbDatabase& database() const { return *database_; }

  absl::Status Write(const Commit& commit) {
    CommitBatch batch(*database_, digest_ends_, packer_, commit);
    TG_RETURN_IF_ERROR(batch.Build());
    return database_->Write(batch.batch());
  }

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

  // Of each lane the last kLaneDigestsMax: its oldest row may hold some that are older.
  absl::Status LoadDigests(std::vector<DigestRow>* digests) const {
    TG_RETURN_IF_ERROR(database_->Scan(
        Family::kDigests, "",
        [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
          TG_ASSIGN_OR_RETURN(const std::vector<DigestRow> rows, DecodeDigests(key, value));
          digests->insert(digests->end(), rows.begin(), rows.end());
          return true;
        }));
    std::map<LaneKey, std::uint64_t> ends;
    for (const DigestRow& row : *digests) ends[row.record.lane] = row.record.sequence;
    std::erase_if(*digests, [&](const DigestRow& row) {
      return row.record.sequence + kLaneDigestsMax <= ends[row.record.lane];
    });
    return absl::OkStatus();
  }

  // Those of budgets, of which there are any number, only when all are wanted.
  absl::Status LoadAccounts(bool lean, std::vector<AccountRow>* accounts) const {
    for (const std::string_view prefix : {"wallet/", "run/", "budget/"}) {
      if (lean && prefix == "budget/") continue;
      TG_RETURN_IF_ERROR(database_->Scan(
          Family::kAccounts, prefix,
          [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
            TG_ASSIGN_OR_RETURN(AccountRow row, DecodeAccount(key, value));
            accounts->push_back(std::move(row));
            return true;
          }));
    }
    return absl::OkStatus();
  }

  absl::Status LoadRefunded(std::map<std::string, Money>* refunded) const {
    return database_->Scan(
        Family::kRefunded, "",
        [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
          TG_ASSIGN_OR_RETURN(const Money amount, DecodeMoney(value));
          refunded->emplace(key, amount);
          return true;
        });
  }

  // The row with this number in a family of chunks.  `prefix` is what its keys begin with.
  absl::StatusOr<std::string> ReadChunked(Family family, const std::string& prefix,
                                          std::uint64_t number) const {
    const std::unique_ptr<rocksdb::Iterator> it = database_->NewIterator(family);
    it->Seek(ToSlice(prefix + SequenceKey(number)));
    TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
    if (!it->Valid() || !it->key().starts_with(ToSlice(prefix))) {
      return absl::NotFoundError("no such row");
    }
    TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(ToView(it->key())));
    return ReadRow(ToView(it->value()), last, number);
  }

  // The amount under a key; zero without one.
  absl::StatusOr<Money> GetMoney(Family family, const std::string& key) const {
    const absl::StatusOr<std::string> value = database_->Get(family, key);
    if (absl::IsNotFound(value.status())) return Money::Zero();
    TG_RETURN_IF_ERROR(value.status());
    return DecodeMoney(*value);
  }

  absl::Status LoadLastEntry(LedgerState* state) const {
    const std::unique_ptr<rocksdb::Iterator> it = database_->NewIterator(Family::kJournal);
    it->SeekToLast();
    if (!it->Valid()) return FromRocksdb(it->status());
    TG_ASSIGN_OR_RETURN(const std::uint64_t sequence, SequenceAtEnd(ToView(it->key())));
    TG_ASSIGN_OR_RETURN(const std::string newest, ReadRow(ToView(it->value()), sequence, sequence));
    TG_ASSIGN_OR_RETURN(const Entry last, DecodeEntry(newest));
    Sha256Digest former{};
    if (sequence > 1) {
      const absl::StatusOr<std::string> stored = ReadChunked(Family::kJournal, "", sequence - 1);
      if (absl::IsNotFound(stored.status())) {
        return absl::DataLossError("the journal has a gap at its end");
      }
      TG_RETURN_IF_ERROR(stored.status());
      TG_ASSIGN_OR_RETURN(const Entry before, DecodeEntry(*stored));
      former = before.hash;
      if (before.sequence + 1 != last.sequence) {
        return absl::DataLossError("the journal has a gap at its end");
      }
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
  DigestRowEnds digest_ends_;  // The writer's.
  ChunkPacker packer_;         // Likewise.
};

absl::StatusOr<std::unique_ptr<RocksdbLedgerStore>> RocksdbLedgerStore::Open(
    const std::string& path) {
  TG_ASSIGN_OR_RETURN(std::unique_ptr<RocksdbDatabase> database, RocksdbDatabase::Open(path));
  return std::unique_ptr<RocksdbLedgerStore>(
      new RocksdbLedgerStore(std::make_unique<Impl>(std::move(database))));
}

RocksdbLedgerStore::RocksdbLedgerStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksdbLedgerStore::~RocksdbLedgerStore() = default;

absl::StatusOr<StoredState> RocksdbLedgerStore::Read(bool lean) const {
  StoredState state;
  TG_RETURN_IF_ERROR(impl_->LoadLastEntry(&state.ledger));
  TG_RETURN_IF_ERROR(impl_->database().Scan(
      Family::kBalances, "",
      [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const Money balance, DecodeMoney(value));
        state.ledger.balances.emplace(key, balance);
        return true;
      }));
  if (!lean) {
    TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kIdempotency, DecodeAppliedKey, &state.ledger.keys));
    TG_RETURN_IF_ERROR(impl_->LoadRefunded(&state.refunded));
    TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kKeyTotals, DecodeKeyTotals, &state.key_totals));
  }
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kNodes, DecodeNode, &state.nodes));
  TG_RETURN_IF_ERROR(impl_->LoadAccounts(lean, &state.accounts));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kCredits, DecodeCredit, &state.credits));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kOutbox, DecodeMessage, &state.outbox));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kLeases, DecodeLease, &state.leases));
  TG_RETURN_IF_ERROR(impl_->LoadRows(Family::kWatermarks, DecodeLane, &state.lanes));
  TG_RETURN_IF_ERROR(impl_->LoadDigests(&state.digests));
  TG_RETURN_IF_ERROR(impl_->LoadConfig(&state));
  return state;
}

absl::Status RocksdbLedgerStore::Write(const Commit& commit) { return impl_->Write(commit); }

absl::StatusOr<Entry> RocksdbLedgerStore::ReadEntry(std::uint64_t sequence) const {
  TG_ASSIGN_OR_RETURN(const std::string stored, impl_->ReadChunked(Family::kJournal, "", sequence));
  return DecodeEntry(stored);
}

absl::StatusOr<std::vector<Entry>> RocksdbLedgerStore::ReadJournal(std::uint64_t from_sequence,
                                                                   std::size_t limit) const {
  std::vector<Entry> entries;
  const std::unique_ptr<rocksdb::Iterator> it = impl_->database().NewIterator(Family::kJournal);
  for (it->Seek(ToSlice(SequenceKey(from_sequence))); it->Valid() && entries.size() < limit;
       it->Next()) {
    TG_ASSIGN_OR_RETURN(const ChunkRows chunk, ReadRows(ToView(it->value())));
    for (const std::string_view row : chunk.rows) {
      TG_ASSIGN_OR_RETURN(Entry entry, DecodeEntry(row));
      if (entry.sequence >= from_sequence && entries.size() < limit) {
        entries.push_back(std::move(entry));
      }
    }
  }
  TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
  return entries;
}

namespace {

// The sequences of one workspace's entries of one kind, newest first.
class KindRun {
 public:
  KindRun(std::unique_ptr<rocksdb::Iterator> it, std::string prefix)
      : it_(std::move(it)), prefix_(std::move(prefix)) {}

  // Begins with the newest before `before`, exclusive.
  absl::Status Begin(std::uint64_t before) {
    if (before == 0) return absl::OkStatus();
    const std::string newest = prefix_ + SequenceKey(before - 1);
    it_->Seek(ToSlice(newest));  // The chunk that ends there or later may begin before.
    if (!InRun()) it_->SeekForPrev(ToSlice(newest));
    TG_RETURN_IF_ERROR(Read());
    while (!sequences_.empty() && sequences_.back() >= before) sequences_.pop_back();
    return sequences_.empty() ? Read() : absl::OkStatus();
  }

  bool AtEnd() const { return sequences_.empty(); }
  std::uint64_t newest() const { return sequences_.back(); }

  absl::Status Next() {
    sequences_.pop_back();
    return sequences_.empty() ? Read() : absl::OkStatus();
  }

 private:
  bool InRun() const { return it_->Valid() && it_->key().starts_with(ToSlice(prefix_)); }

  // Takes the chunk ahead and moves to the one before it.
  absl::Status Read() {
    if (!InRun()) return FromRocksdb(it_->status());
    TG_ASSIGN_OR_RETURN(sequences_, DecodeNumbers(ToView(it_->value())));
    it_->Prev();
    return absl::OkStatus();
  }

  std::unique_ptr<rocksdb::Iterator> it_;
  std::string prefix_;
  std::vector<std::uint64_t> sequences_;  // Those of a chunk that are left, ascending.
};

}  // namespace

absl::StatusOr<std::vector<Entry>> RocksdbLedgerStore::ListEntries(const EntryQuery& query) const {
  // One run per kind; the greatest sequence among their heads comes next.
  std::vector<KindRun> runs;
  for (const EntryKind kind : query.kinds) {
    runs.emplace_back(impl_->database().NewIterator(Family::kJournalByWorkspace),
                      WorkspaceEntryPrefix(query.workspace_id, kind));
    TG_RETURN_IF_ERROR(runs.back().Begin(query.before_sequence));
  }
  std::vector<Entry> entries;
  while (entries.size() < query.limit) {
    KindRun* newest = nullptr;
    for (KindRun& run : runs) {
      if (!run.AtEnd() && (newest == nullptr || run.newest() > newest->newest())) newest = &run;
    }
    if (newest == nullptr) break;
    TG_ASSIGN_OR_RETURN(Entry entry, ReadEntry(newest->newest()));
    entries.push_back(std::move(entry));
    TG_RETURN_IF_ERROR(newest->Next());
  }
  return entries;
}

absl::StatusOr<AccountRow> RocksdbLedgerStore::ReadAccount(const std::string& account) const {
  TG_ASSIGN_OR_RETURN(const std::string value, impl_->database().Get(Family::kAccounts, account));
  return DecodeAccount(account, value);
}

absl::StatusOr<std::vector<AccountRow>> RocksdbLedgerStore::ListAccounts(const std::string& prefix,
                                                                         const std::string& after,
                                                                         std::size_t limit) const {
  std::vector<AccountRow> rows;
  const std::unique_ptr<rocksdb::Iterator> it = impl_->database().NewIterator(Family::kAccounts);
  for (it->Seek(ToSlice(std::max(prefix, after)));
       it->Valid() && it->key().starts_with(ToSlice(prefix)) && rows.size() < limit; it->Next()) {
    if (ToView(it->key()) <= after) continue;
    TG_ASSIGN_OR_RETURN(AccountRow row, DecodeAccount(ToView(it->key()), ToView(it->value())));
    rows.push_back(std::move(row));
  }
  TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
  return rows;
}

absl::StatusOr<AppliedKey> RocksdbLedgerStore::ReadAppliedKey(const std::string& key) const {
  TG_ASSIGN_OR_RETURN(const std::string value, impl_->database().Get(Family::kIdempotency, key));
  return DecodeAppliedKey(key, value);
}

absl::StatusOr<Money> RocksdbLedgerStore::ReadRefunded(const std::string& generation_id) const {
  return impl_->GetMoney(Family::kRefunded, generation_id);
}

absl::StatusOr<KeyTotalsRow> RocksdbLedgerStore::ReadKeyTotals(const std::string& workspace_id,
                                                               const std::string& key_id) const {
  const std::string key = KeyTotalsKey(workspace_id, key_id);
  TG_ASSIGN_OR_RETURN(const std::string value, impl_->database().Get(Family::kKeyTotals, key));
  return DecodeKeyTotals(key, value);
}

absl::StatusOr<Money> RocksdbLedgerStore::ReadBalance(const std::string& account) const {
  return impl_->GetMoney(Family::kBalances, account);
}

absl::StatusOr<std::vector<std::string>> RocksdbLedgerStore::ReadGeneration(
    const std::string& workspace_id, const std::string& generation_id) const {
  std::vector<ListedGeneration> attempts;
  TG_RETURN_IF_ERROR(impl_->database().Scan(
      Family::kGenerations,
      GenerationBucketPrefix(workspace_id, "", GenerationBucket(generation_id)),
      [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_RETURN_IF_ERROR(FindInGenerationRow(key, value, generation_id, attempts));
        return true;
      }));
  if (attempts.empty()) return absl::NotFoundError("no such generation");
  std::sort(attempts.begin(), attempts.end());
  if (attempts.size() > kGenerationAttemptsMax) attempts.resize(kGenerationAttemptsMax);
  std::vector<std::string> records;
  for (const ListedGeneration& attempt : attempts) {
    TG_ASSIGN_OR_RETURN(Entry entry, ReadEntry(attempt.sequence));
    if (!entry.usage.has_value()) return absl::DataLossError("a generation without its record");
    records.push_back(std::move(entry.usage->record));
  }
  return records;
}

absl::StatusOr<std::vector<std::string>> RocksdbLedgerStore::ListGenerationIds(
    const GenerationQuery& query) const {
  const std::string prefix = GenerationListPrefix(query.workspace_id, query.key_id);
  const std::string newest = query.before_id.empty()
                                 ? prefix
                                 : GenerationBucketPrefix(query.workspace_id, query.key_id,
                                                          GenerationBucket(query.before_id));
  const std::unique_ptr<rocksdb::Iterator> it = impl_->database().NewIterator(Family::kGenerations);
  it->SeekForPrev(ToSlice(PrefixEnd(newest)));
  std::vector<std::string> ids;
  std::set<std::string> in_bucket;
  std::string bucket;
  // Rows of one bucket overlap: its ids are in order once all of them are read.
  const auto finish_bucket = [&] {
    for (auto id = in_bucket.rbegin(); id != in_bucket.rend() && ids.size() < query.limit; ++id) {
      ids.push_back(*id);
    }
    in_bucket.clear();
  };
  for (; it->Valid() && it->key().starts_with(ToSlice(prefix)); it->Prev()) {
    TG_ASSIGN_OR_RETURN(const GenerationRow row,
                        DecodeGenerationRow(ToView(it->key()), ToView(it->value())));
    if (row.bucket != bucket) {
      finish_bucket();
      if (ids.size() >= query.limit) break;
      bucket = row.bucket;
    }
    for (const ListedGeneration& one : row.listed) {
      if (query.before_id.empty() || one.id < query.before_id) in_bucket.insert(one.id);
    }
  }
  TG_RETURN_IF_ERROR(FromRocksdb(it->status()));
  finish_bucket();
  return ids;
}

absl::StatusOr<std::string> RocksdbLedgerStore::ReadPriceRule(const std::string& version) const {
  return impl_->database().Get(Family::kPriceRules, version);
}

absl::StatusOr<std::string> RocksdbLedgerStore::ReadPriceVersion(const std::string& id) const {
  return impl_->database().Get(Family::kPriceVersions, id);
}

absl::StatusOr<std::string> RocksdbLedgerStore::ReadQuarantined(const RecordKey& record) const {
  return impl_->database().Get(Family::kQuarantine, EncodeRecordKey(record));
}

}  // namespace tollgate::billing
