// Reads whole families of a store, and tells how far it is.
#ifndef TOLLGATE_BILLING_AUDIT_STORE_SCAN_H_
#define TOLLGATE_BILLING_AUDIT_STORE_SCAN_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "billing/store/rocksdb_database.h"

namespace tollgate::billing {

// Told now and then: which part, and how many rows of about how many.
using AuditProgress =
    std::function<void(std::string_view part, std::uint64_t done, std::uint64_t about)>;

class StoreScan {
 public:
  // Both must outlive this; `progress` may be empty.
  StoreScan(const RocksdbDatabase& database, const AuditProgress& progress)
      : database_(database), progress_(progress) {}

  using Row = std::function<absl::Status(std::string_view key, std::string_view value)>;

  // Calls `row` for each row of the family, in order of key.  Ends with its first error, to which
  // the name of the part is added.
  absl::Status ForEach(Family family, std::string_view part, const Row& row) const;

  const RocksdbDatabase& database() const { return database_; }

 private:
  const RocksdbDatabase& database_;
  const AuditProgress& progress_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_STORE_SCAN_H_
