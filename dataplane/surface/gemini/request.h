// Reads requests of Gemini's generateContent, to be translated.
// Source: https://ai.google.dev/api/generate-content.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"
#include "dataplane/request/errors.h"
#include "dataplane/surface/call_head.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

// As Surface::ReadRequest(); of a call for a count, `generateContentRequest` is the request.
std::optional<GatewayError> ReadGeminiRequest(std::string_view body, const CallHead& call,
                                              ir::Request& out);

// Reads `systemInstruction` into a message of its own.
void ReadGeminiSystem(JsonValue value, FieldReader& fields, ir::Request& out);

// Reads `contents`: each content becomes one message, or several where results of tools stand
// beside what the user says.
void ReadGeminiContents(JsonValue value, FieldReader& fields, ir::Request& out);

// Reads `tools` and `toolConfig`.
void ReadGeminiTools(JsonValue value, FieldReader& fields, ir::Request& out);
void ReadGeminiToolConfig(JsonValue value, FieldReader& fields, ir::Request& out);

// Reads `generationConfig`.  What no field of the representation stands for becomes an Extra called
// "generationConfig.<member>".
void ReadGeminiConfig(JsonValue value, FieldReader& fields, ir::Request& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_REQUEST_H_
