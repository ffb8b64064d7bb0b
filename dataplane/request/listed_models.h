// Which models a caller may call: what the surfaces' lists of models are made of.
#ifndef TOLLGATE_DATAPLANE_REQUEST_LISTED_MODELS_H_
#define TOLLGATE_DATAPLANE_REQUEST_LISTED_MODELS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/snapshot/snapshot.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// A model is listed when the key allows it and some provider whose format is spoken sells it at a
// price in force, with a credential for it; an alias when one of its models is.  Without a
// principal: what the system's credentials reach.  The results point into the snapshot.

// The aliases by name, then the models by name.
std::vector<ListedModel> ListModels(const Snapshot& snapshot, const Principal* principal,
                                    absl::Time now);

// The model or alias of that name, nullopt when it is not listed; `name` outlives the result.
std::optional<ListedModel> FindListedModel(const Snapshot& snapshot, const Principal* principal,
                                           std::string_view name, absl::Time now);

// Each offering by which that model can be called, the cheapest first; empty when it is not listed.
std::vector<ListedModel> ListEndpoints(const Snapshot& snapshot, const Principal* principal,
                                       std::string_view name, absl::Time now);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_LISTED_MODELS_H_
