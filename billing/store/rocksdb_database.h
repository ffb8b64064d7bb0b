// The RocksDB database under RocksdbLedgerStore: its column families, and typed access to them.
#ifndef TOLLGATE_BILLING_STORE_ROCKSDB_DATABASE_H_
#define TOLLGATE_BILLING_STORE_ROCKSDB_DATABASE_H_

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tollgate::billing {

// In the order of kFamilyNames.
enum class Family : std::size_t {
  kDefault,  // Only "format_version".
  kJournal,
  kJournalByWorkspace,
  kBalances,
  kIdempotency,
  kAccounts,
  kLeases,
  kNodes,
  kWatermarks,
  kDigests,
  kGenerations,
  kQuarantine,
  kConfig,
  kCredits,
  kRefunded,
  kOutbox,
  kPriceVersions,
  kKeyTotals,
  kPriceRules,
};
inline constexpr std::size_t kFamilyCount = 19;

rocksdb::Slice ToSlice(std::string_view view);
std::string_view ToView(const rocksdb::Slice& slice);

// NotFound, Unavailable (held by another process, or in a state that takes no writes), DataLoss
// (corruption) or Internal.
absl::Status FromRocksdb(const rocksdb::Status& status);

// Thread-safe.
class RocksdbDatabase {
 public:
  static absl::StatusOr<std::unique_ptr<RocksdbDatabase>> Open(const std::string& path);
  // Opens it for reading alone, at one point in time; nothing of it is changed. Families that an
  // older program did not make are empty.  NotFound when there is none; FailedPrecondition when a
  // program has it open, or the format is unknown.  Nobody can open it meanwhile.
  static absl::StatusOr<std::unique_ptr<RocksdbDatabase>> OpenReadOnly(const std::string& path);
  ~RocksdbDatabase();

  rocksdb::ColumnFamilyHandle* family(Family family) const {
    return families_[static_cast<std::size_t>(family)];
  }

  // Writes a batch and syncs the log.
  absl::Status Write(rocksdb::WriteBatch& batch);

  // NotFound for a missing key.
  absl::StatusOr<std::string> Get(Family family, std::string_view key) const;

  // Calls `row` for each pair whose key begins with `prefix`, in order, until it says false or
  // fails.
  absl::Status Scan(Family family, std::string_view prefix,
                    const std::function<absl::StatusOr<bool>(std::string_view key,
                                                             std::string_view value)>& row) const;

  std::unique_ptr<rocksdb::Iterator> NewIterator(Family family) const;

  // About how many rows a family has: for progress.
  std::uint64_t EstimateRows(Family family) const;

 private:
  RocksdbDatabase() = default;
  absl::Status CheckFormat();

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // Null for what is missing, read-only.
  rocksdb::FileLock* lock_ = nullptr;                   // Of a store that is only read.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_ROCKSDB_DATABASE_H_
