#include "billing/store/commit_batch.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/generation_index.h"
#include "billing/store/row_codec.h"

namespace tollgate::billing {
namespace {

std::string Concat(std::string_view a, std::string_view b) {
  std::string text(a);
  text.append(b);
  return text;
}

// Room that is made at once: for the rows beside those of usage, and for each entry of usage, as
// small as packing makes it.
constexpr std::size_t kBatchRestBytes = 16u << 10;
constexpr std::size_t kUsualUsageBytes = 384;

std::size_t BytesOf(const Commit& commit) {
  std::size_t bytes = kBatchRestBytes;
  for (const UsageRun& run : commit.runs) bytes += run.lines.size() * kUsualUsageBytes;
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

CommitBatch::CommitBatch(const RocksdbDatabase& database, DigestRowEnds& digest_ends,
                         ChunkPacker& packer, const Commit& commit)
    : database_(database),
      digest_ends_(digest_ends),
      packer_(packer),
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
  // Chunk by chunk: what was just packed is still near when its lines are listed.
  for (const UsageRun& run : commit_.runs) {
    for (std::size_t begin = 0; begin < run.lines.size(); begin += kChunkRowsMax) {
      const std::size_t end = std::min(begin + kChunkRowsMax, run.lines.size());
      AddChunk(run, begin, end);
      generations.Add(run, begin, end);
      for (std::size_t i = begin; i < end; ++i) {
        workspaces.Of(run.View(run.lines[i].workspace_id), EntryKind::kUsage)
            .push_back(run.SequenceOf(i));
      }
    }
  }
  for (const GenerationIndex::Row& row : generations.TakeRows()) {
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

void CommitBatch::AddChunk(const UsageRun& run, std::size_t begin, std::size_t end) {
  const std::uint32_t from = run.lines[begin].row.begin;
  const std::uint32_t to = run.lines[end - 1].row.begin + run.lines[end - 1].row.size;
  Put(Family::kJournal, SequenceKey(run.SequenceOf(end - 1)),
      packer_.Pack(run.View({from, to - from})));
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
  for (const DigestRun& run : commit_.lanes.digests) {
    TG_ASSIGN_OR_RETURN(std::deque<std::uint64_t>* const ends, DigestEndsOf(run.lane));
    const std::uint64_t last = run.first_sequence + run.digests.size() - 1;
    Put(Family::kDigests, EncodeRecordKey({run.lane, last}), EncodeDigests(run.digests));
    ends->push_back(last);
    for (; ends->front() + kLaneDigestsMax <= last; ends->pop_front()) {
      Delete(Family::kDigests, EncodeRecordKey({run.lane, ends->front()}));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::deque<std::uint64_t>*> CommitBatch::DigestEndsOf(const LaneKey& lane) {
  const auto [found, is_new] = digest_ends_.try_emplace(lane);
  std::deque<std::uint64_t>& ends = found->second;
  if (!is_new) return &ends;
  TG_RETURN_IF_ERROR(
      database_.Scan(Family::kDigests, EncodeLaneKey(lane),
                     [&](std::string_view key, std::string_view) -> absl::StatusOr<bool> {
                       TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(key));
                       ends.push_back(last);
                       return true;
                     }));
  return &ends;
}

void CommitBatch::ForgetDigests(const LaneKey& lane) {
  DeletePrefix(Family::kDigests, EncodeLaneKey(lane));
  digest_ends_.erase(lane);
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
  KeepFirst(Family::kPriceVersions, change.price_versions);
  KeepFirst(Family::kPriceRules, change.price_rules);
}

// Immutable: what a charge was computed with stays as it was.
void CommitBatch::KeepFirst(Family family, const std::map<std::string, std::string>& versions) {
  for (const auto& [id, version] : versions) {
    if (absl::IsNotFound(database_.Get(family, id).status())) Put(family, id, version);
  }
}

}  // namespace tollgate::billing
