// `reasoning_details`: what models thought, with the signatures by which they know it again, as
// OpenRouter's and Vercel's clients keep it from turn to turn.
#ifndef TOLLGATE_DATAPLANE_IR_REASONING_DETAILS_H_
#define TOLLGATE_DATAPLANE_IR_REASONING_DETAILS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/json/document.h"
#include "dataplane/json/writer.h"

namespace tollgate::dataplane::ir {

// Whether a detail of this `format` is one that WriteReasoningDetails() may have written.
bool IsFormatOfDetails(std::string_view format);

// Appends the reasoning of a list of details to the parts of a message.
void ReadReasoningDetails(JsonValue details, std::vector<Part>& parts);

// Gives the calls of a message the signatures that details name them by (their `id`).
void AttachSignatures(JsonValue details, std::vector<Part>& parts);

// Writes the details of one reasoning as elements: one for its text and signature, one for what is
// opaque of it.  `index` counts those of a message; returns the next.
std::int64_t WriteReasoningDetails(const Reasoning& reasoning, const Signature& signature,
                                   std::int64_t index, JsonWriter& json);
// Writes the signature of the call `id` as an element.
std::int64_t WriteCallSignature(std::string_view id, const Signature& signature, std::int64_t index,
                                JsonWriter& json);

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_REASONING_DETAILS_H_
