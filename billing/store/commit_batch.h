// A commit as one RocksDB batch.
#ifndef TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_
#define TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_

#include <rocksdb/write_batch.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "billing/books/commit.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_chunk.h"

namespace tollgate::billing {

inline constexpr std::string_view kConfigRevisionKey = "revision";
inline constexpr std::string_view kConfigResourcePrefix = "resource/";

// The first key after all that begin with `prefix`; `prefix` must not be all 0xff.
std::string PrefixEnd(std::string prefix);

// The rows of digests that the store has of a lane: the sequences at which they end, ascending.
// Known of those lanes that this process has written.
using DigestRowEnds = std::map<LaneKey, std::deque<std::uint64_t>>;

// Puts rows into one batch, family by family.
class CommitBatch {
 public:
  // All must outlive this; the ends and the packer are those of the store's only writer.
  CommitBatch(const RocksdbDatabase& database, DigestRowEnds& digest_ends, ChunkPacker& packer,
              const Commit& commit);

  // Takes the commit over.  May read rows that were written before this process began.
  absl::Status Build();

  rocksdb::WriteBatch& batch() { return batch_; }

 private:
  void Put(Family family, std::string_view key, std::string_view value) {
    batch_.Put(database_.family(family), ToSlice(key), ToSlice(value));
  }
  void Delete(Family family, std::string_view key) {
    batch_.Delete(database_.family(family), ToSlice(key));
  }
  void DeletePrefix(Family family, const std::string& prefix) {
    // Others may not have range deletions: see RocksdbDatabase::Open().
    CHECK(family == Family::kConfig || family == Family::kDigests);
    batch_.DeleteRange(database_.family(family), ToSlice(prefix), ToSlice(PrefixEnd(prefix)));
  }

  void AddJournal();
  void AddEntries();
  void AddChunk(const UsageRun& run, std::size_t begin, std::size_t end);
  void AddLeases();
  void AddCredits();
  void AddLanes();
  absl::Status AddDigests();
  absl::StatusOr<std::deque<std::uint64_t>*> DigestEndsOf(const LaneKey& lane);
  void ForgetDigests(const LaneKey& lane);
  void AddConfig(const ConfigChange& change);
  void KeepFirst(Family family, const std::map<std::string, std::string>& versions);

  const RocksdbDatabase& database_;
  DigestRowEnds& digest_ends_;
  ChunkPacker& packer_;
  const Commit& commit_;
  rocksdb::WriteBatch batch_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_
