// Writes a translated request as OpenAI's responses.
// Source: https://platform.openai.com/docs/api-reference/responses/create.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_WRITE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_WRITE_H_

#include <string>

#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/format.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// Appends the body.  Nothing is to be kept by the provider unless the caller, or its API, says so;
// thoughts are asked for in a form that can be sent back.
void WriteResponsesRequest(const ir::Request& request, const Provider& provider,
                           const SendDecision& decision, ir::Omissions& omissions,
                           std::string& out);

// Writes the value of `input`.
void WriteResponsesInput(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json);

// The least output limit that the API takes, in tokens.
inline constexpr std::int64_t kResponsesOutputLimitMin = 16;

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_OPENAI_RESPONSES_WRITE_H_
