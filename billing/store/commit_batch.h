// A commit as one RocksDB batch.
#ifndef TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_
#define TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "billing/books/commit.h"
#include "billing/store/rocksdb_database.h"

namespace tollgate::billing {

inline constexpr std::string_view kConfigRevisionKey = "revision";
inline constexpr std::string_view kConfigResourcePrefix = "resource/";

// The first key after all that begin with `prefix`; `prefix` must not be all 0xff.
std::string PrefixEnd(std::string prefix);

// The blocks of digests that this process has written, by key: a record changes one slot of one.
using DigestBlocks = std::map<std::string, std::string>;

// Puts rows into one batch, family by family.
class CommitBatch {
 public:
  // Both must outlive this; the blocks are those of the store's only writer.
  CommitBatch(const RocksdbDatabase& database, DigestBlocks& digest_blocks, const Commit& commit);

  // Takes the commit over.  May read blocks that were written before this process began.
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
    batch_.DeleteRange(database_.family(family), ToSlice(prefix), ToSlice(PrefixEnd(prefix)));
  }

  void AddJournal();
  void AddEntries();
  void AddRun(const UsageRun& run);
  void AddLeases();
  void AddCredits();
  void AddLanes();
  absl::Status AddDigests();
  absl::Status AddDigestRun(const DigestRun& run,
                            std::map<std::string, const std::string*>& touched);
  void ForgetDigests(const LaneKey& lane);
  void AddConfig(const ConfigChange& change);

  const RocksdbDatabase& database_;
  DigestBlocks& digest_blocks_;
  const Commit& commit_;
  rocksdb::WriteBatch batch_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_COMMIT_BATCH_H_
