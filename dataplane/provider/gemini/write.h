// Writes a translated request for Gemini's generateContent.
// Source: https://ai.google.dev/api/generate-content.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_

#include <string>

#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// Appends the body.
void WriteGeminiRequest(const ir::Request& request, const SendDecision& decision,
                        ir::Omissions& omissions, std::string& out);

// Writes the member `systemInstruction`, if there is any.
void WriteGeminiSystem(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json);

// Writes the value of `contents`.
void WriteGeminiContents(const ir::Request& request, ir::Omissions& omissions, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_GEMINI_WRITE_H_
