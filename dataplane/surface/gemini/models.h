// Models as Gemini's clients list them.
// Source: https://ai.google.dev/api/models.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_MODELS_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_MODELS_H_

#include <optional>
#include <span>
#include <string>

#include "dataplane/request/errors.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// A page of `pageSize` models (50 when it is not said, at most 1000) behind the one that
// `pageToken` names; `nextPageToken` is not there on the last.
std::optional<GatewayError> AppendGeminiModels(std::span<const ListedModel> models,
                                               const ModelListQuery& query, std::string& out);

void AppendGeminiModel(const ListedModel& model, std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_MODELS_H_
