// Writes translated answers and streams in the AI SDK's shapes, of the specification that the
// client speaks: CallHead::version "2", "3" or "4".
// Source: @ai-sdk/provider, LanguageModelV2Content to V4, LanguageModelV2StreamPart to V4.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_ANSWER_H_

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/ai_sdk_gateway/metadata.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

void WriteGatewayAnswer(const ir::Response& response, const AnswerContext& context,
                        const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewGatewayStreamWriter(const AnswerContext& context);

// Writes the members of a finished answer: `finishReason`, `usage` and `providerMetadata`.
void WriteGatewayEnd(ir::FinishReason finish, std::string_view native_finish,
                     const AnswerContext& context, const AnswerCost& cost,
                     const LeftOutParts& left_out, const FamilyMetadata& family, JsonWriter& json);

// Writes the member `warnings`, a list that may be empty.
void WriteGatewayWarnings(const AnswerContext& context, JsonWriter& json);

// Writes a source as a whole element; `number` counts those of an answer.
void WriteGatewaySource(const ir::Citation& citation, std::int64_t number, JsonWriter& json);
// Writes a file of the model's likewise.
void WriteGatewayFile(const ir::Media& media, const AnswerContext& context, JsonWriter& json);

// Writes the value of `error`, of errors before and within a stream: message, type and, within a
// stream, what the status would have been.
void WriteGatewayError(const GatewayError& error, bool in_stream, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_ANSWER_H_
