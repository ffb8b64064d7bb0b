// The audit entry of one change.
#ifndef TOLLGATE_CONTROLPLANE_WRITER_AUDIT_H_
#define TOLLGATE_CONTROLPLANE_WRITER_AUDIT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "controlplane/resource/kind.h"
#include "tollgate/admin/v1/audit_service.pb.h"

namespace tollgate::controlplane {

// What is recorded.  Either record may be null, not both.
struct AuditedChange {
  std::uint64_t sequence;
  absl::Time time;
  std::string actor;
  std::string method;
  std::string request_id;
  const Record* before;
  const Record* after;
};

// The entry.  It holds the resources as the admin API answers them, that is without secrets, and
// nothing else of the records.
admin::v1::AuditEntry MakeAuditEntry(const AuditedChange& change);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WRITER_AUDIT_H_
