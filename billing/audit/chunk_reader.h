// Single rows out of families of chunks (billing/store/row_chunk.h), for a reader that walks over
// many runs of rows at once: the chunks that were looked at last are kept.
#ifndef TOLLGATE_BILLING_AUDIT_CHUNK_READER_H_
#define TOLLGATE_BILLING_AUDIT_CHUNK_READER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_chunk.h"

namespace tollgate::billing {

// One chunk a run; at some ten thousand bytes each, a few megabytes.
inline constexpr std::size_t kChunksKeptMax = 256;

// Rows with consecutive numbers.  Not thread-safe.
class ChunkReader {
 public:
  ChunkReader(const RocksdbDatabase& database, Family family) : it_(database.NewIterator(family)) {}

  // The row with this number among those whose keys begin with `prefix`; valid until the next
  // call.  NotFound; DataLoss for a chunk that is none.
  absl::StatusOr<std::string_view> Read(const std::string& prefix, std::uint64_t number);

 private:
  struct Chunk {
    std::string bytes;
    ChunkRows read;
    std::uint64_t first = 1;
  };

  std::unique_ptr<rocksdb::Iterator> it_;
  std::map<std::string, Chunk> chunks_;  // The last one by prefix; at most kChunksKeptMax.
};

// Which numbers are listed.  Not thread-safe.
class NumberReader {
 public:
  NumberReader(const RocksdbDatabase& database, Family family)
      : it_(database.NewIterator(family)) {}

  // Whether the number is among those whose keys begin with `prefix`.  DataLoss for a chunk that
  // is none.
  absl::StatusOr<bool> Has(const std::string& prefix, std::uint64_t number);

 private:
  std::unique_ptr<rocksdb::Iterator> it_;
  std::map<std::string, std::vector<std::uint64_t>> chunks_;  // As above.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_CHUNK_READER_H_
