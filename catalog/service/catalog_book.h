// The catalog as it is served: one immutable snapshot for readers, one writer, and those who want
// to know of changes.
#ifndef TOLLGATE_CATALOG_SERVICE_CATALOG_BOOK_H_
#define TOLLGATE_CATALOG_SERVICE_CATALOG_BOOK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "catalog/model/facts.h"
#include "catalog/model/merge.h"
#include "catalog/store/catalog_store.h"

namespace tollgate::catalog {

// A snapshot: never changes.
struct CatalogSnapshot {
  CatalogState state;
  // Grows with each change; 1 after the start.  Of this process only.
  std::int64_t revision = 1;
};

enum class ImportMode { kApply, kDryRun };

// Thread-safe.
class CatalogBook {
 public:
  // Loads what is kept.  All arguments must outlive the book.  The errors of CatalogStore::Load().
  static absl::StatusOr<std::unique_ptr<CatalogBook>> Open(CatalogStore& store, const Clock& clock);

  // Brings the seed catalog in, unless the store has it already: the seed's digest is kept, so that
  // a start costs nothing until a new seed comes with a new program.
  absl::Status ImportSeed();

  std::shared_ptr<const CatalogSnapshot> snapshot() const;

  // Merge() (model/merge.h) into the catalog; durable and visible to snapshot() when it returns.
  // The errors of Merge() and CatalogStore::Write().  A dry run changes nothing.
  absl::StatusOr<Change> Import(const Facts& facts, ImportMode mode);

  // Calls `listener` after each change with the new snapshot, on the thread of the import, until
  // Unsubscribe(); it must not block nor call back into the book, but for snapshot().  Returns a
  // handle.  Unsubscribe() returns when the listener does not run any more.
  using Listener = std::function<void(const std::shared_ptr<const CatalogSnapshot>&)>;
  std::int64_t Subscribe(Listener listener);
  void Unsubscribe(std::int64_t handle);

 private:
  CatalogBook(CatalogStore& store, const Clock& clock, StoredCatalog stored);

  absl::StatusOr<Change> Write(const Facts& facts, std::optional<std::string> seed_digest)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_);

  // Constant after construction.
  CatalogStore& store_;
  const Clock& clock_;

  // Serializes imports; held while the store writes.  Taken before the other two.
  absl::Mutex writer_mutex_;
  std::string seed_digest_ ABSL_GUARDED_BY(writer_mutex_);

  mutable absl::Mutex snapshot_mutex_;
  std::shared_ptr<const CatalogSnapshot> snapshot_ ABSL_GUARDED_BY(snapshot_mutex_);

  absl::Mutex listeners_mutex_;
  std::map<std::int64_t, Listener> listeners_ ABSL_GUARDED_BY(listeners_mutex_);
  std::int64_t next_handle_ ABSL_GUARDED_BY(listeners_mutex_) = 1;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SERVICE_CATALOG_BOOK_H_
