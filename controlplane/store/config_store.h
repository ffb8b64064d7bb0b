// Where the control plane keeps configuration: a few ordered tables and one kind of write.
//
// Everything that has a meaning (which key, which message) is in store/schema.h, so that another
// database needs nothing but ordered tables and a transaction.  docs/formats/config-store.md.
#ifndef TOLLGATE_CONTROLPLANE_STORE_CONFIG_STORE_H_
#define TOLLGATE_CONTROLPLANE_STORE_CONFIG_STORE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tollgate::controlplane {

// The tables.  The numbers index arrays and are not stored.
enum class Table { kMeta, kResources, kMemos, kAudit, kRevisions, kFacts };
inline constexpr int kTables = 6;

// "meta", "resources" …: the names under which a database keeps them.
std::string_view TableName(Table table);

// Changes that are made together or not at all, in order.
class StoreBatch {
 public:
  struct Operation {
    Table table;
    std::string key;
    std::optional<std::string> value;  // Absent = delete; what is not there stays so.
  };

  void Put(Table table, std::string key, std::string value) {
    operations_.push_back({table, std::move(key), std::move(value)});
  }
  void Delete(Table table, std::string key) {
    operations_.push_back({table, std::move(key), std::nullopt});
  }

  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }

 private:
  std::vector<Operation> operations_;
};

struct StoreEntry {
  std::string key;
  std::string value;

  friend bool operator==(const StoreEntry&, const StoreEntry&) = default;
};

struct ScanOptions {
  std::string after{};    // Begin behind this key in the direction of the scan; empty = at the end
                          // of the table from which the scan comes.
  bool reverse = false;   // From the greatest key down.
  std::size_t limit = 0;  // At most so many; 0 = all.
};

// Keys are ordered as unsigned bytes.  Thread-safe: one writer at a time, readers at any time.
class ConfigStore {
 public:
  virtual ~ConfigStore() = default;

  // Makes all changes of the batch, atomically, and returns when they are durable.  After an error
  // it is not known whether they were made: the store refuses every further write with
  // FailedPrecondition (reads go on) until the process restarts and looks.
  virtual absl::Status Write(const StoreBatch& batch) = 0;

  // The value; nullopt when there is none.
  virtual absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) = 0;

  // Entries in order, of one moment.
  virtual absl::StatusOr<std::vector<StoreEntry>> Scan(Table table, const ScanOptions& options) = 0;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_STORE_CONFIG_STORE_H_
