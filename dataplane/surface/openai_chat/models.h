// Models as OpenAI's clients read them, with what Vercel's and OpenRouter's look for besides.
// Source: https://platform.openai.com/docs/api-reference/models.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MODELS_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MODELS_H_

#include <span>
#include <string>

#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// Appends `{"object":"list","data":[…],"has_more":false}`: there are no pages.
void WriteOpenAiModels(std::span<const ListedModel> models, absl::Time now, std::string& out);

// Appends one: `{"id":…,"object":"model",…}`.
void WriteOpenAiModel(const ListedModel& model, absl::Time now, std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MODELS_H_
