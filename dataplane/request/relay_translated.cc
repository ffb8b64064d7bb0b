// Translation within the stages Attempt and Relay: where a body does not pass through.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/string_views.h"
#include "base/utf8.h"
#include "dataplane/json/cursor.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {

// Reads the request, once for all attempts, but where ids depend on the attempt.  False: it is at
// fault, and error() says why.
bool RequestRun::ReadForTranslation() {
  if (translation_ == nullptr) translation_ = std::make_unique<Translation>();
  Translation& translation = *translation_;
  if (!translation_begun_) translation.Begin();
  translation_begun_ = true;
  if (translation.read && !scan_.item_ids.empty()) translation.Begin();
  translation.BeginAttempt();
  if (translation.read) return true;
  std::optional<GatewayError> error =
      surface_->ReadRequest(body_, call_, scan_, translation.request);
  if (error.has_value()) {
    error_ = *std::move(error);
    return false;
  }
  translation.request.stream = scan_.stream;
  translation.read = true;
  return true;
}

// Writes the request for an attempt.  False: it cannot be sent so, and error() says why.
bool RequestRun::TranslateRequest(const PlannedAttempt& attempt, const SendDecision& decision) {
  Translation& translation = *translation_;
  ir::Omissions omissions(format_->name());
  format_->WriteRequest(translation.request, *attempt.provider, decision, omissions,
                        translation.written);
  if (omissions.refused()) {
    const std::string& param = omissions.refused_param();
    const std::string_view own = surface_->ParamName(param);
    Fail(ErrorCode::kUnsupportedParameter,
         absl::StrReplaceAll(omissions.refusal(), {{absl::StrCat("`", param, "`"),
                                                    absl::StrCat("`", AbslView(own), "`")}}));
    error_.param = own;
    return false;
  }
  translation.warnings = std::move(omissions.warnings());
  for (ir::Warning& warning : translation.warnings) {
    if (const std::string_view own = surface_->ParamName(warning.feature); own != warning.feature) {
      warning.feature = own;
    }
  }
  return true;
}

// Tells the surface what is known before the answer.
void RequestRun::FillAnswerContext(const PlannedAttempt& attempt) {
  AnswerContext& context = translation_->context;
  context.call = &call_;
  context.scan = &scan_;
  context.generation_id = generation_id_;
  context.requested_model = scan_.model;
  context.model_id = attempt.model->id;
  context.provider_id = attempt.provider->id;
  context.provider_model_id = attempt.offering->provider_model_id;
  context.created = wall_start_;
  context.input_tokens_estimate =
      EstimateUsage(body_.size(), 0, input_bound_, output_bound_).input_text;
  context.hide_reasoning = translation_->request.reasoning.hidden;
  context.warnings = translation_->warnings;
}

// Tells the surface by which name the client finds the answer, once the provider has said its id.
void RequestRun::NameTranslatedAnswer(const PlannedAttempt& attempt) {
  const bool own = surface_->formats() >> static_cast<unsigned>(attempt.provider->format) & 1;
  const bool kept = own && surface_->keeps_answers() && scan_.store && !response_id_.empty();
  if (kept) translation_->context.kept_name = ClientIdOf(attempt, response_id_);
}

AnswerCost RequestRun::CostOfAnswer(const PlannedAttempt& attempt) const {
  AnswerCost cost;
  cost.charge = charge_total_;
  cost.market_cost = market_cost_;
  TokenUsage input = usage_;
  input.output_text = input.output_reasoning = input.output_audio = input.output_image = 0;
  cost.market_input_cost = std::min(CostOf(attempt, input), market_cost_);
  cost.byok = attempt.credential->byok();
  cost.usage.present = true;
  cost.usage.tokens = usage_;
  cost.estimated = !usage_reported_;
  cost.attempts = attempt_notes_;
  return cost;
}

void RequestRun::NoteAttempt(const PlannedAttempt& attempt, bool success, std::string_view error) {
  const absl::Time now = context_.clock.Wall();
  attempt_notes_.push_back({.model_id = attempt.model->id,
                            .provider_id = attempt.provider->id,
                            .provider_model_id = attempt.offering->provider_model_id,
                            .byok = attempt.credential->byok(),
                            .success = success,
                            .status = last_status_,
                            .error = error,
                            .start = wall_start_ + absl::Microseconds(attempt_start_us_),
                            .end = now});
}

namespace {

std::int64_t ContentBytes(const std::vector<ir::Part>& parts) {
  std::size_t bytes = 0;
  for (const ir::Part& part : parts) {
    if (const auto* text = part.As<ir::Text>()) bytes += text->text.size();
    if (const auto* reasoning = part.As<ir::Reasoning>()) bytes += reasoning->text.size();
    if (const auto* refusal = part.As<ir::Refusal>()) bytes += refusal->text.size();
    if (const auto* call = part.As<ir::ToolCall>()) {
      bytes += call->name.size() + call->arguments.size();
    }
  }
  return static_cast<std::int64_t>(bytes);
}

std::int64_t ContentBytes(const ir::Event& event) {
  return static_cast<std::int64_t>(event.text.size() + event.name.size());
}

std::int64_t ContentBytes(const ir::EventList& events) {
  std::int64_t bytes = 0;
  for (const ir::Event& event : events) bytes += ContentBytes(event);
  return bytes;
}

}  // namespace

// Reads a whole answer; false when it is none.
bool RequestRun::ReadTranslatedAnswer(std::string_view body) {
  Translation& translation = *translation_;
  if (!IsValidUtf8(body) || !format_->ReadResponse(body, translation.response)) return false;
  response_id_.assign(translation.response.id);
  for (const ir::Choice& choice : translation.response.choices) {
    content_bytes_ += ContentBytes(choice.parts);
    native_finish_.assign(choice.native_finish);
    translation.finish = choice.finish;
  }
  if (translation.response.usage.present) NoteTokens(translation.response.usage.tokens);
  return true;
}

// Writes the answer that was read, once it is settled.
void RequestRun::SendTranslatedAnswer(const PlannedAttempt& attempt) {
  NoteAttempt(attempt, true, {});
  FillAnswerContext(attempt);
  NameTranslatedAnswer(attempt);
  const AnswerCost cost = CostOfAnswer(attempt);
  std::string body;
  surface_->WriteAnswer(translation_->response, translation_->context, cost, body);
  AppendAnswerHeaders(attempt, charge_total_.ToUsdString());
  AppendWarningsHeader(translation_->warnings, header_lines_);
  client_->SendOwned(200, "application/json", header_lines_, std::move(body));
}

void RequestRun::BeginTranslatedStream(const PlannedAttempt& attempt) {
  FillAnswerContext(attempt);
  translation_->reader = format_->NewEventReader();
  translation_->writer = surface_->NewStreamWriter(translation_->context);
}

void RequestRun::NoteEvent(const ir::Event& event, StreamState& stream) {
  switch (event.type) {
    case ir::EventType::kStart:
      response_id_.assign(event.id);
      NameTranslatedAnswer(plan_[attempt_index_]);
      if (event.usage.present) NoteTokens(event.usage.tokens);
      return;
    case ir::EventType::kPartStart:
      translation_->NoteOpen(event);
      content_bytes_ += ContentBytes(event);
      return;
    case ir::EventType::kPartEnd:
      translation_->NoteClosed(event.choice);
      return;
    case ir::EventType::kDelta:
      content_bytes_ += ContentBytes(event);
      return;
    case ir::EventType::kUsage:
      if (event.usage.present) NoteTokens(event.usage.tokens);
      return;
    case ir::EventType::kFinish:
      native_finish_.assign(event.native_finish);
      translation_->finish = event.finish;
      return;
    case ir::EventType::kEnd:
      stream.end_seen = true;
      return;
    case ir::EventType::kError:
      stream.provider_error = true;
      return;
    default:
      return;
  }
}

void RequestRun::WriteEvents(StreamState& stream) {
  Translation& translation = *translation_;
  for (const ir::Event& event : translation.events) {
    NoteEvent(event, stream);
    if (stream.end_seen || stream.provider_error) break;
    if (!client_left_) translation.writer->Write(event, translation.out);
  }
  translation.events.clear();
}

// One event of the provider's, blank line included.
void RequestRun::TranslateEvent(std::string_view event, StreamState& stream) {
  Translation& translation = *translation_;
  // Read already, when its content was not covered yet.
  if (!translation.events.empty()) return TakeCovered(stream);
  std::string_view data = SseData(event, sse_scratch_);
  if (!IsValidUtf8(data)) {
    // What is written is JSON, whatever came: half a character is nothing to break a stream for.
    std::string mended = RepairUtf8(data, kSseEventBytesMax);
    sse_scratch_.swap(mended);
    data = sse_scratch_;
  }
  if (!data.empty()) {
    if (!translation.reader->Read(SseName(event), data, translation.events)) {
      stream.broken = true;
    }
    if (!translation.events.empty()) return TakeCovered(stream);
  }
  // A comment or a ping keeps connections alive; what else says nothing to this client comes with
  // events that do.
  const std::string_view name = SseName(event);
  const bool keeps_alive = data.empty() || name == "ping" || name == "keepalive";
  if (keeps_alive && stream.started && !client_left_ && !stream.broken) {
    translation.out += surface_->keep_alive(call_);
  }
}

// Writes the events that were read, if what they hold is covered.
void RequestRun::TakeCovered(StreamState& stream) {
  if (CoverEvent(ContentBytes(translation_->events))) {
    WriteEvents(stream);
  } else {
    stream.short_of_money = true;
  }
}

// Ends the client's stream by its length, whatever is open.
void RequestRun::EndTranslatedShort(const PlannedAttempt& attempt) {
  Translation& translation = *translation_;
  translation.events.clear();
  NoteAttempt(attempt, true, {});
  if (client_left_) return;
  translation.EndOpenParts(translation.events);
  for (std::int32_t choice = 0; choice < scan_.choices; ++choice) {
    ir::Event finish;
    finish.type = ir::EventType::kFinish;
    finish.choice = choice;
    finish.finish = ir::FinishReason::kLength;
    finish.native_finish = "length";
    translation.events.push_back(finish);
  }
  for (const ir::Event& event : translation.events) {
    translation.writer->Write(event, translation.out);
  }
  translation.events.clear();
  AnswerCost cost = CostOfAnswer(attempt);
  cost.stopped = &error_;
  translation.writer->Finish(cost, translation.out);
}

// The provider closed its stream.
void RequestRun::EndTranslatedInput(StreamState& stream) {
  if (stream.end_seen || stream.broken || stream.provider_error) return;
  translation_->reader->AtEnd(translation_->events);
  WriteEvents(stream);
}

}  // namespace tollgate::dataplane
