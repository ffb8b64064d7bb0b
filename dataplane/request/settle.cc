// The last stage of each attempt, Settle: its record in the spool, its hold, its cost; and what is
// reported when the request is over.
#include <array>
#include <charconv>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "base/utf8.h"
#include "dataplane/json/cursor.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

namespace usage_v1 = usage::v1;
namespace pricing_v1 = pricing::v1;

void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  out->set_seconds(nanoseconds / 1'000'000'000);
  out->set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
}

void Assign(std::string_view value, std::string* out) { out->assign(value.data(), value.size()); }

void AppendInteger(std::int64_t value, std::string& out) {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// A text that somebody else wrote: cut to what a record keeps, and mended, since protobuf refuses
// to read what is not UTF-8.
void AssignForeign(std::string_view value, std::string* out) {
  if (value.size() <= kRecordStringBytesMax && IsValidUtf8(value)) {
    Assign(value, out);
  } else {
    *out = RepairUtf8(value, kRecordStringBytesMax);
  }
}

// The enumerations of base/pricing.h are those of price.proto less the zero.
void AddQuantities(const TokenUsage& usage, usage_v1::UsageRecord& record) {
  for (const Quantity& quantity : ToQuantities(usage)) {
    pricing_v1::Quantity* out = record.add_quantities();
    out->set_unit(static_cast<pricing_v1::Unit>(static_cast<int>(quantity.unit) + 1));
    out->set_direction(
        static_cast<pricing_v1::Direction>(static_cast<int>(quantity.direction) + 1));
    out->set_modality(static_cast<pricing_v1::Modality>(static_cast<int>(quantity.modality) + 1));
    out->set_cache(static_cast<pricing_v1::CacheClass>(static_cast<int>(quantity.cache) + 1));
    out->set_count(quantity.count);
  }
}

// The gateway's word for a provider's reason.
std::string_view FinishWord(std::string_view native) {
  if (native == "function_call") return "tool_calls";
  for (const std::string_view word : {"stop", "length", "tool_calls", "content_filter"}) {
    if (native == word) return word;
  }
  return native.empty() ? std::string_view() : std::string_view("error");
}

void AddUsage(const TokenUsage& usage, TokenUsage& sum) {
  sum.input_text += usage.input_text;
  sum.input_audio += usage.input_audio;
  sum.cache_read += usage.cache_read;
  sum.cache_write_5m += usage.cache_write_5m;
  sum.output_text += usage.output_text;
  sum.output_reasoning += usage.output_reasoning;
  sum.output_audio += usage.output_audio;
}

}  // namespace

std::int64_t RequestRun::MicrosecondsSinceStart() const {
  return (context_.clock.Monotonic().nanoseconds() - client_->request_start().nanoseconds()) / 1000;
}

// All that is known before the attempt is sent; the charge is the hold.
void RequestRun::FillRecord(const PlannedAttempt& attempt) {
  record_.Clear();
  Assign(generation_id_, record_.mutable_generation_id());
  record_.set_attempt(attempts_made_);
  Assign(principal_->organization_id(), record_.mutable_organization_id());
  Assign(principal_->workspace_id(), record_.mutable_workspace_id());
  Assign(principal_->key_id(), record_.mutable_key_id());
  Assign(principal_->project_id(), record_.mutable_project_id());
  Assign(principal_->member_id(), record_.mutable_member_id());
  AssignForeign(scan_.model, record_.mutable_requested_model());
  Assign(attempt.model->id, record_.mutable_model_id());
  Assign(attempt.provider->id, record_.mutable_provider_id());
  Assign(attempt.offering->id, record_.mutable_offering_id());
  Assign(attempt.credential->id, record_.mutable_credential_id());
  record_.set_byok(attempt.credential->byok());
  Assign(attempt.price->compiled.version_id(), record_.mutable_price_version_id());
  if (attempt.rule != nullptr) {
    Assign(attempt.rule->id, record_.mutable_price_rule_id());
    Assign(attempt.rule->version, record_.mutable_price_rule_version());
    record_.set_price_adjust_ppm(attempt.rule->factor.ppm - PriceFactor().ppm);
  }
  record_.set_service_tier(pricing_v1::SERVICE_TIER_STANDARD);
  for (std::size_t i = 0; i < hold_.size(); ++i) {
    const Hold::Part& part = hold_[i];
    usage_v1::Hold* out = record_.add_holds();
    Assign(part.account->name, out->mutable_account());
    out->set_amount_nano_usd(part.amount.nano_usd());
    out->set_leased(part.account->hard);
    out->set_lease_incarnation(part.lease_incarnation);
    if (record_.byok()) out->set_drawn_nano_usd(part.amount.nano_usd());
  }
  if (hold_.size() > 0 && !record_.byok()) {
    record_.set_charge_nano_usd(hold_[0].amount.nano_usd());
  }
  SetTime(wall_start_, record_.mutable_request_time());
  record_.set_attempt_start_us(MicrosecondsSinceStart());
  record_.set_streamed(scan_.stream);
  Assign(surface_->name(), record_.mutable_surface());
  AssignForeign(scan_.user, record_.mutable_user());
  Assign(attempt.offering->region, record_.mutable_region());
}

Money RequestRun::CostOf(const PlannedAttempt& attempt, const TokenUsage& usage) const {
  return attempt.price->compiled.Charge(usage, wall_start_, attempt.factor());
}

void RequestRun::SettleAttempt(const PlannedAttempt& attempt, usage_v1::AttemptOutcome outcome,
                               Known known, Payer payer) {
  const bool last = outcome != usage_v1::ATTEMPT_OUTCOME_PROVIDER_ERROR;
  Money price;   // What the customer is asked, or on their own credential what counts on budgets.
  Money market;  // At list price.
  if (known != Known::kNone) {
    price = CostOf(attempt, usage_);
    market = attempt.rule == nullptr ? price
                                     : attempt.price->compiled.Charge(usage_, wall_start_);
    AddQuantities(usage_, record_);
    AddUsage(usage_, usage_total_);
  }
  // A budget that counts what runs on the customer's own credentials counts it at market cost.
  const bool byok = attempt.credential->byok();
  const Money drawn = payer == Payer::kOperator ? Money::Zero() : price;
  const Money charge = byok ? Money::Zero() : drawn;
  const Money cost = byok ? Money::Zero() : market;
  record_.set_usage_source(known == Known::kReported    ? usage_v1::USAGE_SOURCE_PROVIDER
                           : known == Known::kEstimated ? usage_v1::USAGE_SOURCE_ESTIMATED
                                                        : usage_v1::USAGE_SOURCE_NONE);
  record_.set_outcome(outcome);
  record_.set_attempts(last ? attempts_made_ : 0);
  record_.set_charge_nano_usd(charge.nano_usd());
  record_.set_cost_nano_usd(cost.nano_usd());
  record_.set_market_cost_nano_usd(market.nano_usd());
  if (byok) {
    for (usage_v1::Hold& hold : *record_.mutable_holds()) {
      hold.set_drawn_nano_usd(drawn.nano_usd());
    }
  }
  record_.set_first_byte_us(first_byte_us_);
  record_.set_end_us(MicrosecondsSinceStart());
  record_.set_provider_status(static_cast<std::uint32_t>(last_status_));
  finish_.assign(FinishWord(native_finish_));
  AssignForeign(response_id_, record_.mutable_provider_response_id());
  Assign(finish_, record_.mutable_finish_reason());
  AssignForeign(native_finish_, record_.mutable_native_finish_reason());
  context_.lane.AppendFinal(std::move(intent_), record_);
  context_.leases.Settle(std::move(hold_), drawn);
  charge_total_ = charge_total_.TryAdd(charge).value_or(Money::Max());
  ProviderCounts& counts = context_.metrics.provider(attempt.provider->id);
  counts.charge_nano_usd.Add(charge.nano_usd());
  counts.cost_nano_usd.Add(cost.nano_usd());
  if (known != Known::kNone) context_.metrics.CountTokens(counts, usage_);
}

void RequestRun::AppendAnswerHeaders(const PlannedAttempt& attempt, std::string_view cost) {
  header_lines_.assign("x-generation-id: ");
  header_lines_ += generation_id_;
  header_lines_ += "\r\nx-tollgate-provider: ";
  header_lines_ += attempt.provider->id;
  header_lines_ += "\r\nx-tollgate-attempts: ";
  AppendInteger(attempts_made_, header_lines_);
  header_lines_ += "\r\n";
  if (cost.empty()) return;
  header_lines_ += "x-tollgate-cost: ";
  header_lines_ += cost;
  header_lines_ += "\r\n";
}

void RequestRun::End() {
  WorkerMetrics& metrics = context_.metrics;
  const std::int64_t total_ns =
      context_.clock.Monotonic().nanoseconds() - client_->request_start().nanoseconds();
  metrics.provider(provider_id_).requests[static_cast<std::size_t>(outcome_)].Add(1);
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

// A line of the access log, built by appending: it is written for every request.
class LogLine {
 public:
  explicit LogLine(std::string& out) : out_(out) {}

  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Name(name);
    AppendJsonString(out_, value);
  }
  void Number(std::string_view name, std::int64_t value) {
    Name(name);
    AppendInteger(value, out_);
  }
  void Flag(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }

 private:
  void Name(std::string_view name) {
    out_ += ",\"";
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
};

void RequestRun::WriteAccessLog() {
  std::string& out = header_lines_;
  out.assign("{\"time\":\"");
  log_time_.Append(wall_start_, out);
  out += '"';
  LogLine line(out);
  line.Text("generation_id", generation_id_);
  line.Text("surface", surface_->name());
  line.Text("outcome", RequestOutcomeName(outcome_));
  line.Number("status", client_->status());
  if (outcome_ != RequestOutcome::kSuccess && outcome_ != RequestOutcome::kClientClosed) {
    line.Text("error_code", RowOf(error_.code).name);
  }
  if (principal_.has_value()) {
    line.Text("key_id", principal_->key_id());
    line.Text("workspace_id", principal_->workspace_id());
  }
  line.Text("requested_model", scan_.model);
  line.Text("model", model_id_);
  line.Text("provider", provider_id_);
  line.Number("attempts", attempts_made_);
  line.Flag("stream", scan_.stream);
  line.Number("input_tokens", usage_total_.input_text + usage_total_.input_audio +
                                  usage_total_.cache_read + usage_total_.cache_write_5m);
  line.Number("output_tokens",
              usage_total_.output_text + usage_total_.output_reasoning + usage_total_.output_audio);
  line.Number("charge_nano_usd", charge_total_.nano_usd());
  line.Number("first_byte_us", first_byte_us_);
  line.Number("duration_us", MicrosecondsSinceStart());
  out += '}';
  context_.access_log.Write(out);
}

}  // namespace tollgate::dataplane
