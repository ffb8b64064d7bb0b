// How an update changes a resource (AIP-134).
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_FIELD_UPDATE_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_FIELD_UPDATE_H_

#include <google/protobuf/field_mask.pb.h>

#include "absl/status/status.h"
#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

// Most paths of a mask: more than any resource has fields.
inline constexpr int kMaskPathsMax = 64;

// Replaces in `resource` the fields that `mask` names by those of `patch`: an empty mask names the
// fields of `patch` that are not empty, "*" names all.  What the server sets (id, etag,
// create_time, update_time) stays as it is, named or not.
// InvalidArgument: INVALID_FIELD (field update_mask) for a path that does not exist;
// IMMUTABLE_FIELD for a change of a field that cannot change.
absl::Status ApplyUpdate(const Kind& kind, const Message& patch,
                         const google::protobuf::FieldMask& mask, Message& resource);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_FIELD_UPDATE_H_
