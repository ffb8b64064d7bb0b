// Writes a translated request for Gemini's generateContent.
// Source: https://ai.google.dev/api/generate-content.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_

#include <string>
#include <string_view>

#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// Stands for the signature of what another model wrote: without any, the API refuses a call.
// Source: https://ai.google.dev/gemini-api/docs/thought-signatures.
inline constexpr std::string_view kForeignThoughtSignature = "skip_thought_signature_validator";

// Appends the body.
void WriteGeminiRequest(const ir::Request& request, const Provider& provider,
                        const SendDecision& decision, ir::Omissions& omissions, std::string& out);

// Writes the member `systemInstruction`, if there is any.
void WriteGeminiSystem(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json);

// Writes the value of `contents`.  `call_ids`: whether calls and results have their ids, which
// Google's other platform does not know.
void WriteGeminiContents(const ir::Request& request, bool call_ids, ir::Omissions& omissions,
                         JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_
