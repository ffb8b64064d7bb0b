// A ConfigStore that forgets: for tests.
#ifndef TOLLGATE_CONTROLPLANE_STORE_MEMORY_STORE_H_
#define TOLLGATE_CONTROLPLANE_STORE_MEMORY_STORE_H_

#include <array>
#include <map>
#include <mutex>
#include <string>

#include "controlplane/store/config_store.h"

namespace tollgate::controlplane {

// See the interface.  "Durable" is as long as this object lives.
class MemoryStore final : public ConfigStore {
 public:
  absl::Status Write(const StoreBatch& batch) override;
  absl::StatusOr<std::optional<std::string>> Get(Table table, std::string_view key) override;
  absl::StatusOr<std::vector<StoreEntry>> Scan(Table table, const ScanOptions& options) override;

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;

  std::mutex mutex_;
  std::array<Rows, kTables> tables_;  // Guarded by mutex_.
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_STORE_MEMORY_STORE_H_
