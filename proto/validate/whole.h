// Checks of a whole configuration: that what its resources refer to is there.
#ifndef TOLLGATE_PROTO_VALIDATE_WHOLE_H_
#define TOLLGATE_PROTO_VALIDATE_WHOLE_H_

#include <span>

#include "absl/status/status.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate {

// Checks the references among resources that ValidateResource() accepts one by one:
//   no key comes twice, and no two API keys have the same digest;
//   a key, an alias, a route and a credential name a workspace that is there (or none, where that
//   is allowed), a budget's scope of a workspace or a key too;
//   a credential names a provider, an offering a provider and a model that are there.
// What a route or an alias says of models and providers that are not there is allowed: they may
// come.  InvalidArgument, reason DANGLING_REFERENCE or DUPLICATE_RESOURCE, naming the resource.
// Time linear in the number of resources.  Pure; thread-safe.
absl::Status ValidateWhole(std::span<const config::v1::Resource* const> resources);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_WHOLE_H_
