// One Watch stream.
#ifndef TOLLGATE_CATALOG_SERVICE_WATCH_REACTOR_H_
#define TOLLGATE_CATALOG_SERVICE_WATCH_REACTOR_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "catalog/service/catalog_service.h"

namespace tollgate::catalog {

// The facts of these providers as they are at `now`: the providers that there are, their offerings
// with the prices in force and announced, and the models that they sell; each kind by id.
v1::Facts SelectFacts(const CatalogState& state, const std::set<std::string>& provider_ids,
                      absl::Time now);

// Sends the facts at once and again after each change of them; when changes come faster than the
// peer reads, only the newest is sent.  Deletes itself in OnDone().
class WatchReactor final : public grpc::ServerWriteReactor<v1::WatchResponse> {
 public:
  WatchReactor(CatalogService& service, std::set<std::string> provider_ids);

  // Begins; call once, after the service knows of it.
  void Start();
  // Ends the stream with `status`, once.
  void End(const absl::Status& status);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Offer(std::shared_ptr<const CatalogSnapshot> snapshot);
  // Sends the pending snapshot's facts if they differ from those sent before.
  void SendPending() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Constant after Start().
  CatalogService& service_;
  const std::set<std::string> provider_ids_;
  std::int64_t subscription_ = 0;

  absl::Mutex mutex_;
  // The newest snapshot that was not looked at yet; null = none.
  std::shared_ptr<const CatalogSnapshot> pending_ ABSL_GUARDED_BY(mutex_);
  std::int64_t revision_seen_ ABSL_GUARDED_BY(mutex_) = 0;
  // What is being or was last sent; belongs to gRPC while writing_.
  v1::WatchResponse response_ ABSL_GUARDED_BY(mutex_);
  std::string sent_ ABSL_GUARDED_BY(mutex_);  // Its serialization.
  bool sent_any_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SERVICE_WATCH_REACTOR_H_
