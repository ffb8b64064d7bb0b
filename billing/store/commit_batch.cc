#include "billing/store/commit_batch.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/generation_index.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

std::string Concat(std::string_view a, std::string_view b) {
  std::string text(a);
  text.append(b);
  return text;
}

// Beside the records and entries of usage, for an eighth more and this.
constexpr std::size_t kBatchRestBytes = 16u << 10;

std::size_t BytesOf(const Commit& commit) {
  std::size_t bytes = kBatchRestBytes;
  for (const UsageRun& run : commit.runs) bytes += run.rows.size() + run.rows.size() / 8;
  return bytes;
}

// Gathers which entries are a workspace's, by kind.
class WorkspaceNumbers {
 public:
  // A run of one workspace's entries finds its place without looking.
  std::vector<std::uint64_t>& Of(std::string_view workspace_id, EntryKind kind) {
    if (last_ == nullptr || last_id_ != workspace_id || last_kind_ != kind) {
      last_ = &numbers_[{std::string(workspace_id), kind}];
      last_id_ = workspace_id;
      last_kind_ = kind;
    }
    return *last_;
  }
  const std::map<std::pair<std::string, EntryKind>, std::vector<std::uint64_t>>& all() const {
    return numbers_;
  }

 private:
  std::map<std::pair<std::string, EntryKind>, std::vector<std::uint64_t>> numbers_;
  std::vector<std::uint64_t>* last_ = nullptr;
  std::string_view last_id_;
  EntryKind last_kind_ = EntryKind::kTopUp;
};

}  // namespace

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

CommitBatch::CommitBatch(const RocksdbDatabase& database, DigestBlocks& digest_blocks,
                         const Commit& commit)
    : database_(database),
      digest_blocks_(digest_blocks),
      commit_(commit),
      batch_(BytesOf(commit)) {}

absl::Status CommitBatch::Build() {
  AddJournal();
  AddLeases();
  TG_RETURN_IF_ERROR(AddDigests());
  AddCredits();
  AddLanes();
  for (const ConfigChange& change : commit_.config) AddConfig(change);
  return absl::OkStatus();
}

void CommitBatch::AddJournal() {
  AddEntries();
  GenerationIndex generations;
  WorkspaceNumbers workspaces;
  for (const Entry& entry : commit_.entries) {
    workspaces.Of(entry.transfer.workspace_id, entry.transfer.kind).push_back(entry.sequence);
  }
  for (const UsageRun& run : commit_.runs) {
    AddRun(run);
    generations.Add(run);
    for (std::size_t i = 0; i < run.lines.size(); ++i) {
      workspaces.Of(run.View(run.lines[i].workspace_id), EntryKind::kUsage)
          .push_back(run.SequenceOf(i));
    }
  }
  for (const GenerationIndex::Row& row : generations.rows()) {
    Put(Family::kGenerations, row.Key(), row.value);
  }
  for (const auto& [key, numbers] : workspaces.all()) {
    for (std::size_t begin = 0; begin < numbers.size(); begin += kChunkNumbersMax) {
      const std::size_t end = std::min(begin + kChunkNumbersMax, numbers.size());
      Put(Family::kJournalByWorkspace, WorkspaceEntryKey(key.first, key.second, numbers[end - 1]),
          EncodeNumbers({numbers.begin() + begin, numbers.begin() + end}));
    }
  }
  for (const auto& [account, balance] : commit_.balances) {
    Put(Family::kBalances, account, EncodeMoney(balance));
  }
  for (const AppliedKey& key : commit_.keys) {
    Put(Family::kIdempotency, key.idempotency_key, EncodeAppliedKey(key));
  }
}

// A chunk has consecutive entries: between two of these there may be runs.
void CommitBatch::AddEntries() {
  RowChunk chunk;
  const std::vector<Entry>& entries = commit_.entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    chunk.Add(EncodeEntry(entries[i]));
    const bool goes_on =
        i + 1 < entries.size() && entries[i + 1].sequence == entries[i].sequence + 1;
    if (chunk.full() || !goes_on) {
      Put(Family::kJournal, SequenceKey(entries[i].sequence), chunk.Take());
    }
  }
}

void CommitBatch::AddRun(const UsageRun& run) {
  for (std::size_t begin = 0; begin < run.lines.size(); begin += kChunkRowsMax) {
    const std::size_t last = std::min(begin + kChunkRowsMax, run.lines.size()) - 1;
    const std::uint32_t from = run.lines[begin].row.begin;
    const std::uint32_t to = run.lines[last].row.begin + run.lines[last].row.size;
    Put(Family::kJournal, SequenceKey(run.SequenceOf(last)), run.View({from, to - from}));
  }
}

void CommitBatch::AddLeases() {
  for (const LeaseKey& key : commit_.removed_leases) {
    Delete(Family::kLeases, EncodeLeaseKey(key));
  }
  for (const auto& [key, row] : commit_.leases) {
    Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
  }
  for (const std::string& name : commit_.removed_accounts) Delete(Family::kAccounts, name);
  for (const auto& [name, row] : commit_.accounts) {
    Put(Family::kAccounts, name, EncodeAccount(row));
  }
  for (const auto& [id, row] : commit_.nodes) Put(Family::kNodes, id, EncodeNode(row));
}

void CommitBatch::AddCredits() {
  for (const CreditRow& row : commit_.credits) {
    if (row.remaining.is_zero()) {
      Delete(Family::kCredits, CreditKey(row));
    } else {
      Put(Family::kCredits, CreditKey(row), EncodeCredit(row));
    }
  }
  for (const auto& [id, amount] : commit_.refunded) {
    Put(Family::kRefunded, id, EncodeMoney(amount));
  }
  for (const KeyTotalsRow& row : commit_.key_totals) {
    Put(Family::kKeyTotals, KeyTotalsKey(row.workspace_id, row.key_id), EncodeKeyTotals(row));
  }
  for (const OutboxRow& row : commit_.outbox) {
    Put(Family::kOutbox, SequenceKey(row.number), EncodeMessage(row));
  }
  for (const std::uint64_t number : commit_.sent) Delete(Family::kOutbox, SequenceKey(number));
}

void CommitBatch::AddLanes() {
  for (const auto& [key, row] : commit_.lanes.lanes) {
    Put(Family::kWatermarks, EncodeLaneKey(key), SequenceKey(row.watermark));
  }
  for (const LaneKey& lane : commit_.lanes.forgotten_digests) ForgetDigests(lane);
  for (const QuarantineRow& row : commit_.quarantined) {
    Put(Family::kQuarantine, EncodeRecordKey(row.record), row.bytes);
  }
}

absl::Status CommitBatch::AddDigests() {
  std::map<std::string, const std::string*> touched;
  for (const DigestRun& run : commit_.lanes.digests) {
    TG_RETURN_IF_ERROR(AddDigestRun(run, touched));
  }
  for (const auto& [key, block] : touched) Put(Family::kDigests, key, *block);
  return absl::OkStatus();
}

absl::Status CommitBatch::AddDigestRun(const DigestRun& run,
                                       std::map<std::string, const std::string*>& touched) {
  std::string* block = nullptr;
  for (std::size_t i = 0; i < run.digests.size(); ++i) {
    const std::uint64_t sequence = run.first_sequence + i;
    if (block == nullptr || sequence % kDigestBlockSlots == 0) {
      const std::string key = DigestBlockKey({run.lane, sequence});
      auto known = digest_blocks_.find(key);
      if (known == digest_blocks_.end()) {
        absl::StatusOr<std::string> stored = database_.Get(Family::kDigests, key);
        if (absl::IsNotFound(stored.status())) stored = EmptyDigestBlock();
        TG_RETURN_IF_ERROR(stored.status());
        known = digest_blocks_.emplace(key, *std::move(stored)).first;
      }
      block = &known->second;
      touched[known->first] = block;
    }
    PutDigest(sequence, run.digests[i], *block);
  }
  return absl::OkStatus();
}

void CommitBatch::ForgetDigests(const LaneKey& lane) {
  const std::string prefix = EncodeLaneKey(lane);
  DeletePrefix(Family::kDigests, prefix);
  digest_blocks_.erase(digest_blocks_.lower_bound(prefix),
                       digest_blocks_.lower_bound(PrefixEnd(prefix)));
}

void CommitBatch::AddConfig(const ConfigChange& change) {
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

}  // namespace tollgate::billing
