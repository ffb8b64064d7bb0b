// What the rpcs of the admin services do, over any kind of resource and without gRPC.
//
// Requests and responses are those of tollgate.admin.v1, read by reflection: Get<Kind>Request has
// an id, List<Kinds>Request a page and filters, Create<Kind>Request the resource, and so on.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_API_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_API_H_

#include <string_view>

#include "absl/status/status.h"
#include "controlplane/resource/kind.h"
#include "controlplane/service/authenticator.h"
#include "controlplane/store/config_store.h"
#include "controlplane/writer/config_writer.h"
#include "tollgate/admin/v1/audit_service.pb.h"
#include "tollgate/admin/v1/key_service.pb.h"

namespace tollgate::controlplane {

// Pages (AIP-158).
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1'000;
// How many audit entries one call looks at: a filter that fits rarely gets a short page and a
// token.
inline constexpr std::size_t kAuditScanMax = 10'000;
// All that may be in one request; resources are far smaller.
inline constexpr std::size_t kRequestBytesMax = 256 * 1024;

// Thread-safe.  Every function fills `response` or returns an error with a reason.
class AdminApi {
 public:
  // The arguments must outlive this.
  AdminApi(ConfigWriter& writer, ConfigStore& store) : writer_(writer), store_(store) {}

  absl::Status Get(const Kind& kind, const Message& request, Message& response) const;
  absl::Status List(const Kind& kind, const Message& request, Message& response) const;

  // `method` is the full name of the rpc, for the audit.
  absl::Status Create(const Kind& kind, const Principal& principal, std::string_view method,
                      const Message& request, Message& response);
  absl::Status Update(const Kind& kind, const Principal& principal, std::string_view method,
                      const Message& request, Message& response);
  absl::Status Delete(const Kind& kind, const Principal& principal, std::string_view method,
                      const Message& request, Message& response);

  absl::Status RevokeKey(const Principal& principal, std::string_view method,
                         const admin::v1::RevokeKeyRequest& request, admin::v1::Key& response);

  absl::Status ListAuditEntries(const admin::v1::ListAuditEntriesRequest& request,
                                admin::v1::ListAuditEntriesResponse& response) const;

 private:
  ConfigWriter& writer_;
  ConfigStore& store_;
};

// InvalidArgument when the request is too large or has a field that its type does not know, which
// would otherwise be dropped in silence.
absl::Status CheckRequest(const Message& request);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_ADMIN_API_H_
