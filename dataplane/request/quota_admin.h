// How the node changes quotas: it asks the control plane, on behalf of a key.
#ifndef TOLLGATE_DATAPLANE_REQUEST_QUOTA_ADMIN_H_
#define TOLLGATE_DATAPLANE_REQUEST_QUOTA_ADMIN_H_

#include <functional>

#include "absl/status/statusor.h"

namespace tollgate::admin::v1 {
class CreateQuotaRequest;
class GetQuotaRequest;
class Quota;
class UpdateQuotaRequest;
}  // namespace tollgate::admin::v1

namespace tollgate::dataplane {

// Asks admin.v1.QuotaService.  Calls `done` once, on any thread; it must only post.
class QuotaAdmin {
 public:
  using Done = std::function<void(absl::StatusOr<admin::v1::Quota>)>;

  virtual ~QuotaAdmin() = default;
  virtual void GetQuota(const admin::v1::GetQuotaRequest& request, Done done) = 0;
  virtual void CreateQuota(const admin::v1::CreateQuotaRequest& request, Done done) = 0;
  virtual void UpdateQuota(const admin::v1::UpdateQuotaRequest& request, Done done) = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_QUOTA_ADMIN_H_
