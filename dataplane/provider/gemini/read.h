// Reads Gemini's generateContent, whole, streamed or failed.
// Source: https://ai.google.dev/api/generate-content.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_GEMINI_READ_H_
#define TOLLGATE_DATAPLANE_PROVIDER_GEMINI_READ_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/ir/response.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// As ProviderFormat's.
AnswerFacts ReadGeminiFacts(std::string_view text);
bool ReadGeminiResponse(std::string_view body, ir::Response& out);
std::unique_ptr<EventReader> NewGeminiEventReader();
ProviderError ReadGeminiError(int status, std::string_view body);

// What the readers have in common.
// `calls`: whether a tool was called, which the API does not say by its reason.
ir::FinishReason ReadGeminiFinish(std::string_view word, bool calls);
ir::Usage ReadGeminiUsage(JsonValue value);
// The entries of OpenAI's `content` that a `logprobsResult` stands for, as a JSON array; empty when
// it has none.
std::string GeminiLogprobs(JsonValue result);
// The id of the n-th call of an answer that gave it none; every client wants one.
std::string GeminiCallId(std::string_view response_id, std::int64_t n);
// A media part: `inlineData` or `fileData`.  False when it has neither.
bool ReadGeminiMedia(JsonValue part, ir::Media& media);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_GEMINI_READ_H_
