// Whether a generation is in the lists of its workspace and key, for a reader that asks for them in
// the order of the journal: the rows that were looked at last are kept.
#ifndef TOLLGATE_BILLING_AUDIT_GENERATION_READER_H_
#define TOLLGATE_BILLING_AUDIT_GENERATION_READER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "billing/store/generation_index.h"
#include "billing/store/rocksdb_database.h"

namespace tollgate::billing {

// At some ten thousand bytes each, a few megabytes.
inline constexpr std::size_t kGenerationRowsKeptMax = 256;

// Not thread-safe.
class GenerationReader {
 public:
  explicit GenerationReader(const RocksdbDatabase& database)
      : it_(database.NewIterator(Family::kGenerations)) {}

  // Whether the attempt is in the list of the workspace, or of one of its keys.  DataLoss for a row
  // that is none.
  absl::StatusOr<bool> Has(const std::string& workspace_id, const std::string& key_id,
                           const ListedGeneration& attempt);

 private:
  std::unique_ptr<rocksdb::Iterator> it_;
  std::map<std::string, std::vector<ListedGeneration>> rows_;  // The last one by prefix.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_GENERATION_READER_H_
