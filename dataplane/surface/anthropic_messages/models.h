// Models as Anthropic's clients read them, in pages.
// Source: https://docs.claude.com/en/api/models-list.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_MODELS_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_MODELS_H_

#include <optional>
#include <span>
#include <string>

#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// Appends the page that `limit` (1 to 1,000, else 20), `after_id` and `before_id` of the query ask
// for.  An error for a limit out of range, for both ids, and for one that is not listed.
std::optional<GatewayError> WriteMessagesModels(std::span<const ListedModel> models,
                                                const ModelListQuery& query, std::string& out);

// Appends one: `{"type":"model","id":…}`.
void WriteMessagesModel(const ListedModel& model, std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_MODELS_H_
