// Writes translated answers and streams as OpenAI's responses.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ANSWER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/ir/response.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

void WriteResponsesAnswer(const ir::Response& response, const AnswerContext& context,
                          const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewResponsesStreamWriter(const AnswerContext& context);

// Appends the event that ends a stream which passed through by its length.  `output` are the items
// that came, as JSON elements without brackets.
void AppendResponsesStop(const StreamStop& stop, std::string_view generation_id,
                         std::int64_t sequence_number, std::string_view output, std::string& out);

// The object that a response is, in an answer and in events.
struct ResponsesObject {
  std::string_view id;
  std::string_view model;
  std::int64_t created = 0;              // Unix seconds.
  std::string_view status;               // "in_progress", "completed", "incomplete", "failed".
  std::string_view incomplete_reason{};  // Of "incomplete".
  const GatewayError* error = nullptr;   // Of "failed".
  std::int64_t output_limit = -1;        // -1 = none was asked for.
  std::string_view output{};             // The items, as JSON elements without brackets.
  std::string_view service_tier{};       // Empty = not said.
  std::string_view generation_id;
  const AnswerCost* cost = nullptr;        // With the usage; null as long as it is not known.
  const AnswerContext* context = nullptr;  // Of a translated answer; else null.
};

void WriteResponsesObject(const ResponsesObject& object, JsonWriter& json);

// What is known of a translated answer from the beginning.
ResponsesObject ResponsesObjectOf(const AnswerContext& context);

// Sets status and reason.
void FinishResponsesObject(ir::FinishReason finish, ResponsesObject& object);

// Begins an event, up to the members of its own.
void BeginResponsesEvent(std::string_view type, std::int64_t sequence_number, std::string& out,
                         JsonWriter& json);
void EndResponsesEvent(std::string& out, JsonWriter& json);

// Appends the event `error`.
void AppendResponsesError(const GatewayError& error, std::string_view generation_id,
                          std::int64_t sequence_number, std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_ANSWER_H_
