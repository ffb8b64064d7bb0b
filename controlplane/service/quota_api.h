// What the rpcs of QuotaService do, without gRPC: a quota is a hard budget on one key or one quota
// entity, and who may see and change it is decided by the key on whose behalf a node asks.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_API_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_API_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "controlplane/service/authenticator.h"
#include "controlplane/writer/config_writer.h"
#include "tollgate/admin/v1/quota_service.pb.h"

namespace tollgate::controlplane {

// Thread-safe.  Errors carry a reason (quota_service.proto).
class QuotaApi {
 public:
  // The arguments must outlive this.
  QuotaApi(ConfigWriter& writer, const Clock& clock) : writer_(writer), clock_(clock) {}

  absl::StatusOr<admin::v1::Quota> Get(const admin::v1::GetQuotaRequest& request) const;

  // `principal` is who sends the request, `method` the full name of the rpc; the audit names the
  // acting key besides.
  absl::StatusOr<admin::v1::Quota> Create(const Principal& principal, std::string_view method,
                                          const admin::v1::CreateQuotaRequest& request);
  absl::StatusOr<admin::v1::Quota> Update(const Principal& principal, std::string_view method,
                                          const admin::v1::UpdateQuotaRequest& request);

 private:
  // Whose quota it is.
  struct Subject {
    config::v1::ScopeKind kind = config::v1::SCOPE_KIND_UNSPECIFIED;
    std::string id;
    std::string workspace_id;
    std::string entity_name;  // Of a quota entity.
  };

  template <typename Request>
  absl::StatusOr<Subject> Resolve(const Request& request, bool writes) const;
  absl::StatusOr<RecordPtr> Find(const Subject& subject) const;
  absl::Status EnsureEntity(const Caller& caller, const Subject& subject);
  static admin::v1::Quota QuotaOf(const Subject& subject, const admin::v1::Budget& budget);

  ConfigWriter& writer_;
  const Clock& clock_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_QUOTA_API_H_
