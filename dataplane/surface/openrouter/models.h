// Models and who sells them, as OpenRouter's clients read them.
// Source: https://openrouter.ai/docs/api-reference/models/get-models.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_MODELS_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_MODELS_H_

#include <span>
#include <string>

#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// Appends `{"data":[…],"total_count":…,"links":{"next":null}}`: there are no pages.
void WriteOpenRouterModels(std::span<const ListedModel> models, absl::Time now, std::string& out);

// Appends `{"data":{…}}` of one.
void WriteOpenRouterModel(const ListedModel& model, absl::Time now, std::string& out);

// Appends `{"data":{…,"endpoints":[…]}}`.  REQUIRED: at least one.
void WriteOpenRouterEndpoints(std::span<const ListedModel> endpoints, absl::Time now,
                              std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_MODELS_H_
