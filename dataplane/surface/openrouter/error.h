// Errors as OpenRouter's clients read them: the code is the HTTP status, a number.
// Source: https://openrouter.ai/docs/api-reference/errors.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_ERROR_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_ERROR_H_

#include <string_view>

#include "dataplane/json/writer.h"
#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// Writes the value of `error`: code, message, and in `metadata` the kind of error, our own code,
// the field and the generation, where there are any.
void WriteOpenRouterError(const GatewayError& error, std::string_view generation_id,
                          JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENROUTER_ERROR_H_
