// Writes translated answers and streams as Gemini's.
// Source: https://ai.google.dev/api/generate-content#generatecontentresponse.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_ANSWER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/ir/event.h"
#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/gemini/thought_signature.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

void WriteGeminiAnswer(const ir::Response& response, const AnswerContext& context,
                       const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewGeminiStreamWriter(const AnswerContext& context);

// "STOP", "MAX_TOKENS", …; `native` where it is one of Google's own words.
std::string_view GeminiFinishReason(ir::FinishReason reason, std::string_view native);

// Writes the value of `usageMetadata`, the cost in it.
void WriteGeminiUsage(const AnswerCost& cost, JsonWriter& json);

// Writes the member `providerMetadata` of an open object: generation id, cost, attempts, warnings.
void WriteGeminiMetadata(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json);

// Writes one element of `parts`; a signature that is empty is left out.
void WriteGeminiText(std::string_view text, bool thought, std::string_view signature,
                     JsonWriter& json);
void WriteGeminiCall(std::string_view id, std::string_view name, std::string_view arguments,
                     std::string_view signature, JsonWriter& json);
void WriteGeminiMedia(const ir::Media& media, JsonWriter& json);


// Writes the members `avgLogprobs` and `logprobsResult` of a candidate that is open; `entries` are
// those of OpenAI's `content`.
void WriteGeminiLogprobs(JsonValue entries, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_ANSWER_H_
