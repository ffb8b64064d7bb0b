// The last stage of each attempt, Settle: its record in the spool, its hold, its cost; and what is
// reported when the request is over.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

namespace usage_v1 = usage::v1;

void AppendInteger(std::int64_t value, std::string& out) {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// The gateway's word for a reason that passed through, in the words of any format.
std::string_view FinishWord(std::string_view native) {
  struct Row {
    std::string_view native;
    std::string_view word;
  };
  constexpr Row kRows[] = {
      {"stop", "stop"},
      {"length", "length"},
      {"tool_calls", "tool_calls"},
      {"function_call", "tool_calls"},
      {"content_filter", "content_filter"},
      // Responses.
      {"completed", "stop"},
      {"max_output_tokens", "length"},
      // Messages.
      {"end_turn", "stop"},
      {"stop_sequence", "stop"},
      {"pause_turn", "stop"},
      {"max_tokens", "length"},
      {"model_context_window_exceeded", "length"},
      {"tool_use", "tool_calls"},
      {"refusal", "content_filter"},
      // Gemini.
      {"STOP", "stop"},
      {"MAX_TOKENS", "length"},
      {"SAFETY", "content_filter"},
      {"PROHIBITED_CONTENT", "content_filter"},
      {"BLOCKLIST", "content_filter"},
      {"SPII", "content_filter"},
      {"RECITATION", "content_filter"},
  };
  for (const Row& row : kRows) {
    if (row.native == native) return row.word;
  }
  return native.empty() ? std::string_view() : std::string_view("error");
}

void AddUsage(const TokenUsage& usage, TokenUsage& sum) {
  sum.input_text += usage.input_text;
  sum.input_image += usage.input_image;
  sum.input_audio += usage.input_audio;
  sum.input_video += usage.input_video;
  sum.input_file += usage.input_file;
  sum.cache_read += usage.cache_read;
  sum.cache_write_5m += usage.cache_write_5m;
  sum.cache_write_1h += usage.cache_write_1h;
  sum.input_audio_cache_read += usage.input_audio_cache_read;
  sum.output_text += usage.output_text;
  sum.output_reasoning += usage.output_reasoning;
  sum.output_audio += usage.output_audio;
  sum.output_image += usage.output_image;
}

}  // namespace

std::int64_t RequestRun::MicrosecondsSinceStart() const {
  return (context_.clock.Monotonic().nanoseconds() - client_->request_start().nanoseconds()) / 1000;
}

// All that is known before the attempt is sent.
void RequestRun::BeginRecord(const PlannedAttempt& attempt) {
  error_code_ = {};
  attempt_start_us_ = MicrosecondsSinceStart();
  const auto* const rule = attempt.rule;
  record_.Begin({
      .generation_id = generation_id_,
      .attempt = attempts_made_,
      .organization_id = principal_->organization_id(),
      .workspace_id = principal_->workspace_id(),
      .key_id = principal_->key_id(),
      .requested_model = scan_.model,
      .model_id = attempt.model->id,
      .provider_id = attempt.provider->id,
      .offering_id = attempt.offering->id,
      .credential_id = attempt.credential->id,
      .byok = attempt.credential->byok(),
      .price_version_id = attempt.price->compiled.version_id(),
      .request_time = wall_start_,
      .attempt_start_us = attempt_start_us_,
      .streamed = scan_.stream,
      .surface = surface_->name(),
      .user = scan_.user,
      .tags = scan_.tags,
      .region = attempt.offering->region,
      .project_id = principal_->project_id(),
      .member_id = principal_->member_id(),
      .quota_entity = Named().quota_entity,
      .run = caps_.run,
      .price_rule_id = rule == nullptr ? std::string_view() : rule->id,
      .price_rule_version = rule == nullptr ? std::string_view() : rule->version,
      .price_adjust_ppm = rule == nullptr ? 0 : rule->factor.ppm - PriceFactor().ppm,
  });
}

Money RequestRun::CostOf(const PlannedAttempt& attempt, const TokenUsage& usage) const {
  return attempt.price->compiled.Charge(usage, wall_start_, attempt.factor());
}

void RequestRun::SettleAttempt(const PlannedAttempt& attempt, usage_v1::AttemptOutcome outcome,
                               Known known, Payer payer) {
  NoteHeld(attempt, known != Known::kNone && payer == Payer::kCustomer);
  const bool last = outcome != usage_v1::ATTEMPT_OUTCOME_PROVIDER_ERROR;
  Money price;   // What the customer is asked, or on their own credential what counts on budgets.
  Money market;  // At list price.
  if (known != Known::kNone) {
    price = CostOf(attempt, usage_);
    market = attempt.rule == nullptr ? price : attempt.price->compiled.Charge(usage_, wall_start_);
    AddUsage(usage_, usage_total_);
  }
  // A budget that counts what runs on the customer's own credentials counts it at market cost.
  const bool byok = attempt.credential->byok();
  const Money drawn = payer == Payer::kOperator ? Money::Zero() : price;
  const Money charge = byok ? Money::Zero() : drawn;
  const Money cost = byok ? Money::Zero() : market;
  market_cost_ = market;
  const std::string_view record = record_.Final({
      .outcome = outcome,
      .attempts = last ? attempts_made_ : 0,
      .holds = hold_.parts(),
      .usage = known == Known::kNone ? nullptr : &usage_,
      .usage_source = known == Known::kReported    ? usage_v1::USAGE_SOURCE_PROVIDER
                      : known == Known::kEstimated ? usage_v1::USAGE_SOURCE_ESTIMATED
                                                   : usage_v1::USAGE_SOURCE_NONE,
      .charge = charge,
      .cost = cost,
      .market_cost = market,
      .drawn = drawn,
      .first_byte_us = first_byte_us_,
      .end_us = MicrosecondsSinceStart(),
      .provider_status = static_cast<std::uint32_t>(last_status_),
      .provider_response_id = response_id_,
      .finish_reason = translated_ && !native_finish_.empty()
                           ? ir::FinishReasonWord(translation_->finish)
                           : FinishWord(native_finish_),
      .native_finish_reason = native_finish_,
      .error_code = error_code_,
  });
  // No account pays more than was held on it: what a provider takes beyond is the operator's.
  const Money paid =
      hold_.size() > 0 && hold_[0].leased ? std::min(charge, hold_[0].amount) : charge;
  context_.lane.AppendFinal(std::move(intent_), record);
  context_.leases.Settle(std::move(hold_), drawn);
  charge_total_ = charge_total_.TryAdd(paid).value_or(Money::Max());
  ProviderCounts& counts = *counts_;
  counts.charge_nano_usd.Add(charge.nano_usd());
  counts.cost_nano_usd.Add(cost.nano_usd());
  if (known != Known::kNone) context_.metrics.CountTokens(counts, usage_);
}

void RequestRun::BeginHeaderLines() {
  header_lines_.assign("x-generation-id: ");
  header_lines_ += generation_id_;
  header_lines_ += "\r\n";
  header_lines_ += surface_->request_id_field();
  header_lines_ += ": ";
  header_lines_ += generation_id_;
  header_lines_ += "\r\n";
}

void RequestRun::AppendAnswerHeaders(const PlannedAttempt& attempt, std::string_view cost) {
  BeginHeaderLines();
  header_lines_ += "x-tollgate-provider: ";
  header_lines_ += attempt.provider->id;
  header_lines_ += "\r\nx-tollgate-attempts: ";
  AppendInteger(attempts_made_, header_lines_);
  header_lines_ += "\r\n";
  AppendRateHeaders(header_lines_);
  if (limited_by_.has_value()) {
    header_lines_ += "x-tollgate-output-limit: ";
    AppendInteger(output_clamp_, header_lines_);
    header_lines_ += "\r\nx-tollgate-limited-by: ";
    header_lines_ += RowOf(*limited_by_).name;
    header_lines_ += "\r\n";
  }
  if (cost.empty()) return;
  header_lines_ += "x-tollgate-cost: ";
  header_lines_ += cost;
  header_lines_ += "\r\n";
}

void RequestRun::End() {
  CountOut();
  context_.clock.Refresh();
  WorkerMetrics& metrics = context_.metrics;
  const std::int64_t total_ns =
      context_.clock.Monotonic().nanoseconds() - client_->request_start().nanoseconds();
  ProviderCounts& counts = counts_ != nullptr ? *counts_ : metrics.provider({});
  counts.requests[static_cast<std::size_t>(outcome_)].Add(1);
  metrics.latency.Observe(total_ns);
  if (scan_.stream && first_byte_us_ > 0) metrics.first_token.Observe(first_byte_us_ * 1000);
  if (outcome_ == RequestOutcome::kSuccess) {
    metrics.overhead.Observe(std::max<std::int64_t>(total_ns - upstream_wait_ns_, 0));
  }
  metrics.requests_in_flight.Add(-1);
  WriteAccessLog();
  upstream_.reset();
  principal_.reset();
  snapshot_.reset();
  for (std::string* text : {&response_id_, &native_finish_, &sse_scratch_}) {
    if (text->capacity() > kBufferKeepBytesMax) std::string().swap(*text);
  }
  client_ = nullptr;
}

void RequestRun::WriteAccessLog() {
  AccessLine& line = access_line_;
  line.Begin();
  line.Text("{\"time\":", log_time_.Text(wall_start_));
  line.Text(",\"generation_id\":", generation_id_);
  line.Text(",\"surface\":", surface_->name());
  line.Text(",\"outcome\":", RequestOutcomeName(outcome_));
  line.Number(",\"status\":", client_->status());
  if (outcome_ != RequestOutcome::kSuccess && outcome_ != RequestOutcome::kClientClosed &&
      outcome_ != RequestOutcome::kEstimated && outcome_ != RequestOutcome::kCounted &&
      outcome_ != RequestOutcome::kRetrieved) {
    line.Text(",\"error_code\":", RowOf(error_.code).name);
  }
  if (principal_.has_value()) {
    line.Text(",\"key_id\":", principal_->key_id());
    line.Text(",\"workspace_id\":", principal_->workspace_id());
  }
  line.Text(",\"requested_model\":", scan_.model);
  line.Text(",\"model\":", model_id_);
  line.Text(",\"provider\":", provider_id_);
  line.Number(",\"attempts\":", attempts_made_);
  line.Flag(",\"stream\":", scan_.stream);
  const ir::Usage usage{.present = true, .tokens = usage_total_};
  line.Number(",\"input_tokens\":", usage.input());
  line.Number(",\"output_tokens\":", usage.output());
  line.Number(",\"charge_nano_usd\":", charge_total_.nano_usd());
  line.Number(",\"first_byte_us\":", first_byte_us_);
  line.Number(",\"duration_us\":", MicrosecondsSinceStart());
  context_.access_log.Write(line.End());
}

}  // namespace tollgate::dataplane
