#include "billing/store/rocksdb_ledger_store.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_chunk.h"
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

// The blocks of digests that this process has written, by key: a record changes one slot of one.
using DigestBlocks = std::map<std::string, std::string>;

// Puts rows into one batch, family by family.
class BatchBuilder {
 public:
  BatchBuilder(const RocksdbDatabase& database, DigestBlocks& digest_blocks)
      : database_(database), digest_blocks_(digest_blocks) {}

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
    RowChunk chunk;
    std::map<std::pair<std::string, EntryKind>, std::vector<std::uint64_t>> by_workspace;
    for (std::size_t i = 0; i < commit.entries.size(); ++i) {
      const Entry& entry = commit.entries[i];
      chunk.Add(EncodeEntry(entry));
      if (chunk.full() || i + 1 == commit.entries.size()) {
        Put(Family::kJournal, SequenceKey(entry.sequence), chunk.Take());
      }
      const Transfer& transfer = entry.transfer;
      std::vector<std::uint64_t>& numbers = by_workspace[{transfer.workspace_id, transfer.kind}];
      numbers.push_back(entry.sequence);
      if (numbers.size() == kChunkNumbersMax) {
        AddNumbers(transfer.workspace_id, transfer.kind, &numbers);
      }
    }
    for (auto& [key, numbers] : by_workspace) AddNumbers(key.first, key.second, &numbers);
    for (const auto& [account, balance] : commit.balances) {
      Put(Family::kBalances, account, EncodeMoney(balance));
    }
    for (const AppliedKey& key : commit.keys) {
      Put(Family::kIdempotency, key.idempotency_key, EncodeAppliedKey(key));
    }
  }

  void AddLeases(const Commit& commit) {
    for (const LeaseKey& key : commit.removed_leases) {
      Delete(Family::kLeases, EncodeLeaseKey(key));
    }
    for (const auto& [key, row] : commit.leases) {
      Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
    }
    for (const std::string& name : commit.removed_accounts) Delete(Family::kAccounts, name);
    for (const auto& [name, row] : commit.accounts) {
      Put(Family::kAccounts, name, EncodeAccount(row));
    }
    for (const auto& [id, row] : commit.nodes) Put(Family::kNodes, id, EncodeNode(row));
  }

  void AddCredits(const Commit& commit) {
    for (const CreditRow& row : commit.credits) {
      if (row.remaining.is_zero()) {
        Delete(Family::kCredits, CreditKey(row));
      } else {
        Put(Family::kCredits, CreditKey(row), EncodeCredit(row));
      }
    }
    for (const auto& [id, amount] : commit.refunded) {
      Put(Family::kRefunded, id, EncodeMoney(amount));
    }
    for (const OutboxRow& row : commit.outbox) {
      Put(Family::kOutbox, SequenceKey(row.number), EncodeMessage(row));
    }
    for (const std::uint64_t number : commit.sent) Delete(Family::kOutbox, SequenceKey(number));
  }

  void AddUsage(const Commit& commit) {
    for (const auto& [key, row] : commit.lanes.lanes) {
      Put(Family::kWatermarks, EncodeLaneKey(key), SequenceKey(row.watermark));
    }
    for (const LaneKey& lane : commit.lanes.forgotten_digests) ForgetDigests(lane);
    AddRecords(commit.usage);
    AddGenerations(commit.usage);
    for (const QuarantineRow& row : commit.quarantined) {
      Put(Family::kQuarantine, EncodeRecordKey(row.record), row.bytes);
    }
  }

  // May need blocks that were written before this process began.
  absl::Status AddDigests(const std::vector<DigestRow>& rows) {
    std::set<DigestBlocks::iterator, ByKey> touched;
    auto block = digest_blocks_.end();
    const DigestRow* former = nullptr;
    for (const DigestRow& row : rows) {
      if (former == nullptr || former->record.lane != row.record.lane ||
          row.record.sequence / kDigestBlockSlots != former->record.sequence / kDigestBlockSlots) {
        TG_ASSIGN_OR_RETURN(block, DigestBlock(DigestBlockKey(row.record)));
        touched.insert(block);
      }
      PutDigest(row, block->second);
      former = &row;
    }
    for (const auto& one : touched) Put(Family::kDigests, one->first, one->second);
    return absl::OkStatus();
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
    for (const auto& [id, version] : change.price_versions) {
      // Immutable: what a charge was computed with stays as it was.
      if (absl::IsNotFound(database_.Get(Family::kPriceVersions, id).status())) {
        Put(Family::kPriceVersions, id, version);
      }
    }
  }

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  struct ByKey {
    bool operator()(const DigestBlocks::iterator& a, const DigestBlocks::iterator& b) const {
      return a->first < b->first;
    }
  };

  absl::StatusOr<DigestBlocks::iterator> DigestBlock(const std::string& key) {
    const auto known = digest_blocks_.find(key);
    if (known != digest_blocks_.end()) return known;
    absl::StatusOr<std::string> stored = database_.Get(Family::kDigests, key);
    if (absl::IsNotFound(stored.status())) stored = EmptyDigestBlock();
    TG_RETURN_IF_ERROR(stored.status());
    return digest_blocks_.emplace(key, *std::move(stored)).first;
  }

  void ForgetDigests(const LaneKey& lane) {
    const std::string prefix = EncodeLaneKey(lane);
    DeletePrefix(Family::kDigests, prefix);
    digest_blocks_.erase(digest_blocks_.lower_bound(prefix),
                         digest_blocks_.lower_bound(PrefixEnd(prefix)));
  }

  void AddNumbers(const std::string& workspace_id, EntryKind kind,
                  std::vector<std::uint64_t>* numbers) {
    if (numbers->empty()) return;
    Put(Family::kJournalByWorkspace, WorkspaceEntryKey(workspace_id, kind, numbers->back()),
        EncodeNumbers(*numbers));
    numbers->clear();
  }

  void AddRecords(const std::vector<UsageRow>& rows) {
    RowChunk chunk;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const RecordKey& record = rows[i].record;
      chunk.Add(rows[i].bytes);
      const bool goes_on = i + 1 < rows.size() && rows[i + 1].record.lane == record.lane &&
                           rows[i + 1].record.sequence == record.sequence + 1;
      if (chunk.full() || !goes_on) Put(Family::kUsage, EncodeRecordKey(record), chunk.Take());
    }
  }

  void AddGenerations(const std::vector<UsageRow>& rows) {
    // In order, since a key that goes next to the one before it finds its place at once.
    std::vector<const UsageRow*> by_generation;
    std::vector<std::string> by_key;
    by_generation.reserve(rows.size());
    by_key.reserve(rows.size());
    for (const UsageRow& row : rows) {
      by_generation.push_back(&row);
      by_key.push_back(KeyString(row.workspace_id) + KeyString(row.key_id) + row.generation_id);
    }
    std::sort(by_generation.begin(), by_generation.end(), [](const auto* a, const auto* b) {
      return std::tie(a->generation_id, a->attempt) < std::tie(b->generation_id, b->attempt);
    });
    std::sort(by_key.begin(), by_key.end());
    for (const UsageRow* row : by_generation) {
      Put(Family::kGenerations, GenerationKey(*row), "");
      Put(Family::kGenerationsByWorkspace, KeyString(row->workspace_id) + row->generation_id, "");
    }
    for (const std::string& key : by_key) Put(Family::kGenerationsByKey, key, "");
  }

  const RocksdbDatabase& database_;
  DigestBlocks& digest_blocks_;
  rocksdb::WriteBatch batch_;
};

}  // namespace

class RocksdbLedgerStore::Impl {
 public:
  explicit Impl(std::unique_ptr<RocksdbDatabase> database) : database_(std::move(database)) {}

  const RocksdbDatabase& database() const { return *database_; }
  RocksdbDatabase& database() { return *database_; }
  DigestBlocks& digest_blocks() { return digest_blocks_; }

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

  absl::Status LoadDigests(std::vector<DigestRow>* rows) const {
    return database_->Scan(
        Family::kDigests, "",
        [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
          TG_ASSIGN_OR_RETURN(const std::vector<DigestRow> block, DecodeDigestBlock(key, value));
          rows->insert(rows->end(), block.begin(), block.end());
          return true;
        });
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
    TG_ASSIGN_OR_RETURN(const std::string_view row, ReadRow(ToView(it->value()), last, number));
    return std::string(row);
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
    TG_ASSIGN_OR_RETURN(const std::string_view newest,
                        ReadRow(ToView(it->value()), sequence, sequence));
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
  DigestBlocks digest_blocks_;  // The writer's.
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

absl::Status RocksdbLedgerStore::Write(const Commit& commit) {
  BatchBuilder builder(impl_->database(), impl_->digest_blocks());
  builder.AddLedger(commit);
  builder.AddLeases(commit);
  TG_RETURN_IF_ERROR(builder.AddDigests(commit.lanes.digests));
  builder.AddCredits(commit);
  builder.AddUsage(commit);
  for (const ConfigChange& change : commit.config) builder.AddConfig(change);
  return impl_->database().Write(builder.batch());
}

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
    TG_ASSIGN_OR_RETURN(const std::vector<std::string_view> rows, ReadRows(ToView(it->value())));
    for (const std::string_view row : rows) {
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

absl::StatusOr<Money> RocksdbLedgerStore::ReadBalance(const std::string& account) const {
  return impl_->GetMoney(Family::kBalances, account);
}

absl::StatusOr<std::vector<std::string>> RocksdbLedgerStore::ReadGeneration(
    const std::string& generation_id) const {
  std::vector<std::string> records;
  const std::string prefix = KeyString(generation_id);
  TG_RETURN_IF_ERROR(impl_->database().Scan(
      Family::kGenerations, prefix,
      [&](std::string_view key, std::string_view) -> absl::StatusOr<bool> {
        TG_ASSIGN_OR_RETURN(const std::string_view record,
                            RecordOfGenerationKey(key.substr(prefix.size())));
        TG_ASSIGN_OR_RETURN(const std::uint64_t sequence, SequenceAtEnd(record));
        const std::string lane(record.substr(0, record.size() - SequenceKey(sequence).size()));
        TG_ASSIGN_OR_RETURN(std::string bytes, impl_->ReadChunked(Family::kUsage, lane, sequence));
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

absl::StatusOr<std::string> RocksdbLedgerStore::ReadPriceVersion(const std::string& id) const {
  return impl_->database().Get(Family::kPriceVersions, id);
}

absl::StatusOr<std::string> RocksdbLedgerStore::ReadQuarantined(const RecordKey& record) const {
  return impl_->database().Get(Family::kQuarantine, EncodeRecordKey(record));
}

}  // namespace tollgate::billing
