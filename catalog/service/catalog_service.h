// CatalogService (tollgate/catalog/v1/catalog.proto) over a CatalogBook.
#ifndef TOLLGATE_CATALOG_SERVICE_CATALOG_SERVICE_H_
#define TOLLGATE_CATALOG_SERVICE_CATALOG_SERVICE_H_

#include <set>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/digest.h"
#include "catalog/service/admin_check.h"
#include "catalog/service/catalog_book.h"
#include "tollgate/catalog/v1/catalog.grpc.pb.h"

namespace tollgate::catalog {

class WatchReactor;

// Streams of Watch at one time: one per control plane and a few curious people.
inline constexpr std::size_t kWatchersMax = 64;
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;
// Providers that one Watch may name.
inline constexpr int kWatchedProvidersMax = 1000;

// Thread-safe.  Reading is open to everybody who reaches the listener: prices are public.
class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  // `book` and `clock` must outlive this; it must outlive the server and all its streams.
  CatalogService(CatalogBook& book, const Clock& clock, std::vector<Sha256Digest> admin_tokens);
  ~CatalogService() override;

  // Ends all Watch streams with UNAVAILABLE and takes no new ones, so that the server's shutdown
  // need not wait for them.
  void Stop();

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::Model* response) override;
  grpc::ServerUnaryReactor* ListProviders(grpc::CallbackServerContext* context,
                                          const v1::ListProvidersRequest* request,
                                          v1::ListProvidersResponse* response) override;
  grpc::ServerUnaryReactor* ListOfferings(grpc::CallbackServerContext* context,
                                          const v1::ListOfferingsRequest* request,
                                          v1::ListOfferingsResponse* response) override;
  grpc::ServerUnaryReactor* GetPriceVersion(grpc::CallbackServerContext* context,
                                            const v1::GetPriceVersionRequest* request,
                                            pricing::v1::PriceVersion* response) override;
  grpc::ServerUnaryReactor* Import(grpc::CallbackServerContext* context,
                                   const v1::ImportRequest* request,
                                   v1::ImportResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(grpc::CallbackServerContext* context,
                                                     const v1::WatchRequest* request) override;

 private:
  friend class WatchReactor;

  absl::Status DoImport(const grpc::CallbackServerContext& context,
                        const v1::ImportRequest& request, v1::ImportResponse& response);
  void Forget(WatchReactor* watcher);

  CatalogBook& book_;
  const Clock& clock_;
  const AdminCheck admin_;

  absl::Mutex watchers_mutex_;
  std::set<WatchReactor*> watchers_ ABSL_GUARDED_BY(watchers_mutex_);
  bool stopped_ ABSL_GUARDED_BY(watchers_mutex_) = false;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SERVICE_CATALOG_SERVICE_H_
