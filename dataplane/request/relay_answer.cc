// The stage Relay for an answer that comes whole: read, metered, settled, written.
#include <algorithm>

#include "base/string_views.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {

void RequestRun::NoteUsage(const UsageReport& usage) {
  if (usage.present) NoteTokens(usage.tokens);
}

// A later report replaces what an earlier one said of the input, and of the output, unless it takes
// something back: some formats report the one at the start of a stream and the other at its end.
void RequestRun::NoteTokens(const TokenUsage& later) {
  const ir::Usage earlier{.present = usage_reported_,
                          .tokens = usage_reported_ ? usage_ : TokenUsage()};
  const ir::Usage said{.present = true, .tokens = later};
  const TokenUsage& input = (said.input() >= earlier.input() ? said : earlier).tokens;
  const TokenUsage& output = (said.output() >= earlier.output() ? said : earlier).tokens;
  usage_ = input;
  usage_.output_text = output.output_text;
  usage_.output_reasoning = output.output_reasoning;
  usage_.output_audio = output.output_audio;
  usage_.output_image = output.output_image;
  usage_.requests = std::max(later.requests, earlier.tokens.requests);
  usage_.searches = std::max(later.searches, earlier.tokens.searches);
  usage_reported_ = true;
}

void RequestRun::NoteFacts(const AnswerFacts& facts) {
  content_bytes_ += facts.content_bytes;
  if (response_id_.empty() && !facts.id.empty()) response_id_.assign(facts.id);
  if (!facts.finish_reason.empty()) native_finish_.assign(facts.finish_reason);
  NoteUsage(facts.usage);
}

Task<AttemptEnd> RequestRun::RelayAnswer(const PlannedAttempt& attempt) {
  InputBuffer& buffer = upstream_->buffer();
  BodyReader reader(head_.framing, head_.content_length, context_.options.answer_bytes_max);
  const bool keep_alive = head_.keep_alive;
  first_byte_us_ = buffer.empty() ? 0 : MicrosecondsSinceStart();
  BodyState state = reader.Decode(buffer);
  while (state == BodyState::kMore) {
    buffer.Reserve(std::clamp<std::size_t>(reader.WantedBytes(), 1,
                                           std::max(kRelayReadBytes, reader.decoded())));
    ArmUpstream(attempt.provider->idle_timeout);
    const MonotonicTime waiting = context_.clock.Monotonic();
    auto [error, bytes] =
        co_await upstream_->transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    upstream_wait_ns_ += context_.clock.Monotonic().nanoseconds() - waiting.nanoseconds();
    TimerWheel::Clear(upstream_->timer());
    if (error) {
      const bool ended = error == asio::error::eof && cause_ == Cause::kNone;
      state = ended ? reader.OnEnd() : BodyState::kBad;
      break;
    }
    if (first_byte_us_ == 0) first_byte_us_ = MicrosecondsSinceStart();
    buffer.Commit(bytes);
    state = reader.Decode(buffer);
  }
  if (state != BodyState::kDone) co_return FailAttempt(attempt, FaultOfUpstream());
  const std::string_view body = buffer.view().substr(0, reader.decoded());
  AnswerFacts facts;
  if (translated_) {
    if (!ReadTranslatedAnswer(body)) co_return FailAttempt(attempt, UpstreamError::kProtocol);
  } else {
    facts = format_->ReadAnswer(body);
    if (!facts.valid || facts.is_error || !facts.has_choices) {
      co_return FailAttempt(attempt, UpstreamError::kProtocol);
    }
    NoteFacts(facts);
  }
  if (!usage_reported_) {
    usage_ = EstimateUsage(body_.size(), content_bytes_, input_bound_, output_bound_);
  }
  SettleAttempt(
      attempt,
      client_left_ ? usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED : usage::v1::ATTEMPT_OUTCOME_SUCCESS,
      usage_reported_ ? Known::kReported : Known::kEstimated);
  outcome_ = client_left_ ? RequestOutcome::kClientClosed : RequestOutcome::kSuccess;
  if (context_.spool.durability() == Durability::kDisk) co_await WaitDurable();
  if (!client_left_ && translated_) {
    SendTranslatedAnswer(attempt);
    if (!client_->FlushNow()) co_await client_->FlushRest();
  } else if (!client_left_) {
    const std::string usd = charge_total_.ToUsdString();
    AppendAnswerHeaders(attempt, usd);
    const UsageReport& usage = facts.usage;
    std::string& cost = out_texts_.emplace_back();
    if (surface_->keeps_answers()) {
      EditIds(attempt, body, facts);
      EditCost(usage, usd);
      client_->SendOwned(200, "application/json", header_lines_, EditedAnswer(body));
    } else if (usage.close == 0) {
      client_->Send(200, "application/json", header_lines_, {body});
    } else if (usage.cost_end != 0) {
      cost = usd;
      client_->Send(200, "application/json", header_lines_,
                    {body.substr(0, usage.cost_begin), cost, body.substr(usage.cost_end)});
    } else {
      if (!usage.empty) cost = ",";
      surface_->AppendCost(usd, cost);
      client_->Send(200, "application/json", header_lines_,
                    {body.substr(0, usage.close), cost, body.substr(usage.close)});
    }
    if (!client_->FlushNow()) co_await client_->FlushRest();
    out_texts_.clear();
  }
  const bool clean = keep_alive && buffer.size() == reader.decoded();
  buffer.Consume(buffer.size());
  KeepConnection(clean);
  co_return AttemptEnd::kAnswered;
}

}  // namespace tollgate::dataplane
