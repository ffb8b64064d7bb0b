// The stage Attempt: sends the request to one provider after another until one answers.
#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/request/await_callback.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/pass_through.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/showable_message.h"

namespace tollgate::dataplane {
namespace {

// What each request to a provider says, from behind the host to the length of its body.
constexpr std::string_view kAnswerHeadLines =
    "\r\ncontent-type: application/json\r\naccept: application/json\r\n"
    "accept-encoding: identity\r\nuser-agent: tollgate/0.1\r\ncontent-length: ";
constexpr std::string_view kStreamHeadLines =
    "\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n"
    "accept-encoding: identity\r\nuser-agent: tollgate/0.1\r\ncontent-length: ";

UpstreamError ErrorOf(DialError error) {
  switch (error) {
    case DialError::kResolve:
      return UpstreamError::kResolve;
    case DialError::kTls:
      return UpstreamError::kTls;
    case DialError::kTimeout:
      return UpstreamError::kTimeout;
    case DialError::kConnect:
    case DialError::kForbidden:
    case DialError::kNone:
      break;
  }
  return UpstreamError::kConnect;
}

// What clients of any surface know these refusals by, whichever words the provider has for them;
// empty for all others.
std::string_view CommonCode(ProviderErrorClass error_class) {
  if (error_class == ProviderErrorClass::kContentFilter) return "content_filter";
  if (error_class == ProviderErrorClass::kContextLength) return "context_length_exceeded";
  return {};
}

void AppendInteger(std::size_t value, std::string& out) {
  std::array<char, 24> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() && EqualsIgnoringCase(text.substr(0, lower.size()), lower);
}

// What an error status is to the request: another attempt may fare better.  Nullopt: no other
// provider would think otherwise.  A class that the body states goes before the status, since some
// say 400 of a key that they do not know.
std::optional<UpstreamError> FaultOfStatus(int status, ProviderErrorClass error_class) {
  if (error_class == ProviderErrorClass::kContentFilter ||
      error_class == ProviderErrorClass::kContextLength) {
    return std::nullopt;
  }
  if (status == 408) return UpstreamError::kStatus408;
  if (status == 429) return UpstreamError::kStatus429;
  if (status >= 500) return UpstreamError::kStatus5xx;
  if (status == 401 || status == 402 || status == 403) return UpstreamError::kCredential;
  switch (error_class) {
    case ProviderErrorClass::kCredential:
    case ProviderErrorClass::kQuota:
      return UpstreamError::kCredential;
    case ProviderErrorClass::kRateLimit:
      return UpstreamError::kStatus429;
    case ProviderErrorClass::kOverloaded:
    case ProviderErrorClass::kServer:
      return UpstreamError::kStatus5xx;
    default:
      return std::nullopt;
  }
}

}  // namespace

void RequestRun::OnClientGone() { NoteClientGone(); }

void RequestRun::NoteClientGone() {
  if (client_left_) return;
  client_left_ = true;
  if (!context_.options.drain.drain) {
    cause_ = Cause::kClientCancelled;
    if (upstream_ != nullptr) upstream_->transport().Close();
    return;
  }
  drain_deadline_ = context_.clock.Monotonic() + context_.options.drain.time_max;
  if (upstream_ != nullptr && upstream_->timer().armed()) ArmUpstream(absl::InfiniteDuration());
}

void RequestRun::OnStop() {
  if (cause_ == Cause::kNone) cause_ = Cause::kStopped;
  if (upstream_ != nullptr) upstream_->transport().Close();
}

// Sets the time until which the provider must be heard of: `timeout`, within the attempt's own
// time.
void RequestRun::ArmUpstream(absl::Duration timeout) {
  const MonotonicTime now = context_.clock.Monotonic();
  absl::Duration left = std::min(timeout, attempt_deadline_ - now);
  if (client_left_) left = std::min(left, drain_deadline_ - now);
  context_.wheel.Arm(upstream_->timer(), std::max(left, absl::ZeroDuration()));
}

UpstreamError RequestRun::FaultOfUpstream() const {
  return upstream_ != nullptr && upstream_->timed_out() ? UpstreamError::kTimeout
                                                        : UpstreamError::kCut;
}

Task<void> RequestRun::Attempt() {
  client_->set_interruptible(this);
  for (;;) {
    if (client_->gone()) {  // The node stopped, or the client left, while money was waited for.
      context_.leases.Release(std::move(hold_));
      client_left_ = true;
      Fail(ErrorCode::kStopped);
      break;
    }
    const PlannedAttempt& attempt = plan_[attempt_index_];
    const AttemptEnd end = co_await AttemptOne(attempt);
    DCHECK(!hold_.open() && !intent_.open());
    if (end == AttemptEnd::kAnswered) co_return;
    if (end == AttemptEnd::kRefused) break;
    if (!NextAttempt()) {
      ExplainFailure();
      break;
    }
    if (!Reserve() && !co_await ReserveWaiting()) break;
  }
  co_await Refuse();
}

// Moves to the next attempt whose credential does not rest; false when there is none.
bool RequestRun::NextAttempt() {
  if (cause_ != Cause::kNone || client_->CheckGone()) return false;
  const MonotonicTime now = context_.clock.Monotonic();
  while (++attempt_index_ < plan_.size()) {
    const Credential& credential = *plan_[attempt_index_].credential;
    if (!context_.cooldowns.RestsUntil(credential.cooldown_key, now).has_value()) return true;
  }
  return false;
}

// The error of a request whose attempts have all failed.
void RequestRun::ExplainFailure() {
  outcome_ = RequestOutcome::kFailed;
  if (cause_ == Cause::kStopped) {
    Fail(ErrorCode::kStopped);
    return;
  }
  if (client_->gone()) {
    client_left_ = true;
    outcome_ = RequestOutcome::kClientClosed;
    Fail(ErrorCode::kAllProvidersFailed);
    return;
  }
  if (attempts_made_ == 0) {  // No provider could be sent it: error() says why.
    outcome_ = RequestOutcome::kRefused;
    return;
  }
  const std::string tried = attempts_made_ == 1 ? "The provider that was tried"
                                                : absl::StrCat("All ", attempts_made_, " attempts");
  if (last_fault_ == UpstreamError::kStatus429) {
    // The soonest of those that rest says when to come back, be they tried now or left out.
    const MonotonicTime now = context_.clock.Monotonic();
    error_.retry_after = last_retry_after_;
    if (plan_.soonest_rest() != MonotonicTime::InfiniteFuture()) {
      const absl::Duration left = std::max(plan_.soonest_rest() - now, absl::ZeroDuration());
      error_.retry_after = std::min(error_.retry_after.value_or(left), left);
    }
    for (const PlannedAttempt& attempt : plan_) {
      const auto until = context_.cooldowns.RestsUntil(attempt.credential->cooldown_key, now);
      if (!until.has_value()) continue;
      error_.retry_after = std::min(error_.retry_after.value_or(*until - now), *until - now);
    }
    Fail(ErrorCode::kProvidersCooling);
    return;
  }
  if (last_fault_ == UpstreamError::kTimeout) {
    Fail(ErrorCode::kProviderTimeout, absl::StrCat(tried, " did not answer in time; try again."));
    return;
  }
  Fail(ErrorCode::kAllProvidersFailed,
       absl::StrCat(tried, " failed (",
                    AbslView(UpstreamErrorName(last_fault_.value_or(UpstreamError::kConnect))),
                    "); try again."));
}

Task<void> RequestRun::Refuse() {
  context_.metrics.CountError(error_.code);
  if (client_left_) {
    outcome_ = RequestOutcome::kClientClosed;
    co_return;
  }
  std::string body;
  surface_->AppendError(error_, generation_id_, body);
  BeginHeaderLines();
  if (!provider_id_.empty()) {
    absl::StrAppend(&header_lines_, "x-tollgate-provider: ", AbslView(provider_id_), "\r\n");
  }
  absl::StrAppend(&header_lines_, "x-tollgate-attempts: ", attempts_made_, "\r\n");
  AppendRetryAfter(error_, header_lines_);
  AppendErrorLines(error_, header_lines_);
  AppendRateHeaders(header_lines_);
  client_->SendOwned(error_.http_status(), "application/json", header_lines_, std::move(body));
  if (!client_->FlushNow()) co_await client_->FlushRest();
}

Task<bool> RequestRun::WaitDurable() {
  if (context_.spool.durability() == Durability::kProcess) co_return true;
  const absl::Status status = co_await AwaitCallback<absl::Status>(
      context_.io, [this](std::function<void(absl::Status)> done) {
        context_.spool.WhenDurable(context_.lane.position(), std::move(done));
      });
  co_return status.ok();
}

Task<AttemptEnd> RequestRun::AttemptOne(const PlannedAttempt& attempt) {
  format_ = FormatOf(attempt.provider->format);
  CHECK(format_ != nullptr) << "the plan has a format that is not spoken";
  translated_ = !PassesThrough(*surface_, *attempt.provider, scan_, body_);
  const SendDecision decision = Decide(attempt);
  ChooseItemIds(attempt);
  provider_rates_ = ProviderRates();
  if (translated_) {
    AttemptEnd unsent = AttemptEnd::kAnswered;
    if (!ReadForTranslation()) {
      unsent = AttemptEnd::kRefused;
    } else if (MustFetchAny(*attempt.provider) && !co_await FetchMedia(*attempt.provider)) {
      unsent = AttemptEnd::kNext;
    } else if (!TranslateRequest(attempt, decision)) {
      unsent = AttemptEnd::kNext;
    }
    if (unsent != AttemptEnd::kAnswered) {
      context_.leases.Release(std::move(hold_));
      co_return unsent;
    }
  }
  ++attempts_made_;
  provider_id_ = attempt.provider->id;
  counts_ = &context_.metrics.provider(provider_id_);
  model_id_ = attempt.model->id;
  usage_ = TokenUsage();
  usage_reported_ = false;
  content_bytes_ = 0;
  response_id_.clear();
  given_names_.clear();
  native_finish_.clear();
  last_status_ = 0;
  first_byte_us_ = 0;
  BeginRecord(attempt);
  absl::StatusOr<IntentRef> intent = context_.lane.AppendIntent(
      record_.Intent(hold_.parts()), record_.FinalBytesMax(hold_.parts()));
  if (!intent.ok()) {
    context_.leases.Release(std::move(hold_));
    Fail(ErrorCode::kSpoolFull);
    error_.retry_after = absl::Seconds(1);
    co_return AttemptEnd::kRefused;
  }
  intent_ = *std::move(intent);
  if (context_.spool.durability() == Durability::kDisk && !co_await WaitDurable()) {
    SettleAttempt(attempt, usage::v1::ATTEMPT_OUTCOME_STOPPED, Known::kNone);
    Fail(ErrorCode::kSpoolFull);
    co_return AttemptEnd::kRefused;
  }
  BuildRequest(attempt, decision);
  attempt_deadline_ = context_.clock.Monotonic() + attempt.provider->total_timeout;
  const AttemptEnd end = co_await Exchange(attempt);
  upstream_.reset();
  co_return end;
}

// Decides what does not depend on the format.
SendDecision RequestRun::Decide(const PlannedAttempt& attempt) {
  const OutputBound bound = OutputTokensBound(scan_, *attempt.offering);
  SendDecision decision;
  decision.provider_model_id = attempt.offering->provider_model_id;
  decision.stream = scan_.stream;
  decision.keep = surface_->keeps_answers() && scan_.store;
  decision.model = attempt.model;
  decision.offering = attempt.offering;
  std::int64_t output = bound.tokens;
  if (output_clamp_ >= 0 && output_clamp_ < output) {
    output = decision.output_limit = output_clamp_;
  } else if (bound.must_send) {
    decision.output_limit = bound.tokens;
  }
  StartStreamHold(output * scan_.choices);
  return decision;
}

// Decides what is sent: the head, and the body with its edits, or the one that was written.
void RequestRun::BuildRequest(const PlannedAttempt& attempt, const SendDecision& decision) {
  body_pieces_.clear();
  if (translated_) {
    body_pieces_.push_back(translation_->written.body);
    sent_body_bytes_ = translation_->written.body.size();
  } else {
    splice_.Reset();
    format_->Rewrite(scan_, *attempt.provider, decision, splice_);
    sent_body_bytes_ = splice_.Apply(body_, body_pieces_);
  }
  BeginRequestHead(attempt);
  if (translated_) {
    request_head_ += translation_->written.path;
  } else {
    format_->AppendPath(decision, request_head_);
  }
  EndRequestHead(attempt);
}

// The head up to the path of the operation.
void RequestRun::BeginRequestHead(const PlannedAttempt& attempt) {
  request_head_.assign("POST ");
  request_head_ += attempt.provider->origin.path_prefix;
}

// The rest of it, but for the credential.
void RequestRun::EndRequestHead(const PlannedAttempt& attempt) {
  const Origin& origin = attempt.provider->origin;
  request_head_ += " HTTP/1.1\r\nhost: ";
  origin.AppendHostHeader(request_head_);
  request_head_ += scan_.stream ? kStreamHeadLines : kAnswerHeadLines;
  AppendInteger(sent_body_bytes_, request_head_);
  request_head_ += "\r\n";
  if (translated_) {
    request_head_ += translation_->written.header_lines;
  } else {
    format_->AppendHeaders(call_.passed, request_head_);
  }
}

// The credential's line is sent from where it is kept: it is copied nowhere.
void RequestRun::FillPieces(const PlannedAttempt& attempt) {
  send_pieces_.clear();
  send_pieces_.emplace_back(request_head_.data(), request_head_.size());
  if (const auto& line = attempt.credential->header_line; line != nullptr && !line->empty()) {
    send_pieces_.emplace_back(line->Reveal().data(), line->Reveal().size());
  }
  send_pieces_.emplace_back("\r\n", 2);
  for (const std::string_view piece : body_pieces_) {
    send_pieces_.emplace_back(piece.data(), piece.size());
  }
}

Task<AttemptEnd> RequestRun::Exchange(const PlannedAttempt& attempt) {
  const std::optional<UpstreamError> error = co_await Ask(attempt);
  if (error.has_value()) co_return FailAttempt(attempt, *error);
  co_return co_await TakeStatus(attempt);
}

// Sends the request and reads the head of the answer; what went wrong, if something did.
Task<std::optional<UpstreamError>> RequestRun::Ask(const PlannedAttempt& attempt) {
  ProviderCounts& counts = *counts_;
  const Provider& provider = *attempt.provider;
  upstream_ = context_.pool.Take(provider.origin, MonotonicMs(context_.clock));
  for (;;) {
    const bool reused = upstream_ != nullptr;
    if (!reused) {
      DialResult dialed = co_await context_.dialer.Dial(provider.origin, provider.connect_timeout,
                                                        MonotonicMs(context_.clock));
      if (dialed.connection == nullptr) co_return ErrorOf(dialed.error);
      upstream_ = std::move(dialed.connection);
    }
    (reused ? counts.connections_reused : counts.connections_opened).Add(1);
    if (cause_ != Cause::kNone) co_return UpstreamError::kCut;
    any_byte_ = false;
    // Send and read the head: no byte of an answer and a connection that was idle means that the
    // provider closed it while the request was on its way, and never looked at it.
    if (co_await SendRequest(attempt) && co_await ReadHead(attempt)) co_return std::nullopt;
    if (reused && !any_byte_ && !upstream_->timed_out() && cause_ == Cause::kNone) {
      upstream_.reset();
      continue;
    }
    const bool protocol = any_byte_ && FaultOfUpstream() == UpstreamError::kCut;
    co_return protocol ? UpstreamError::kProtocol : FaultOfUpstream();
  }
}

Task<bool> RequestRun::SendRequest(const PlannedAttempt& attempt) {
  FillPieces(attempt);
  upstream_->CountRequest();
  sent_at_ = context_.clock.Monotonic();
  BytesList pieces(send_pieces_);
  error_code error;
  if (upstream_->transport().TryWrite(pieces, error)) co_return !error;
  Transport::Drop(pieces, 0);
  while (!pieces.empty()) {
    ArmUpstream(attempt.provider->idle_timeout);
    auto [write_error, written] = co_await upstream_->transport().WriteSome(pieces);
    if (write_error) co_return false;
    Transport::Drop(pieces, written);
  }
  co_return true;
}

// Reads the head of the answer into head_ and drops it from the buffer; its views are of no use
// then.
Task<bool> RequestRun::ReadHead(const PlannedAttempt& attempt) {
  InputBuffer& buffer = upstream_->buffer();
  HeadEnd end;
  int informational = 0;
  first_byte_deadline_ = context_.clock.Monotonic() + attempt.provider->first_byte_timeout;
  for (;;) {
    const HeadProgress progress = end.Find(buffer.view());
    if (progress == HeadProgress::kComplete) {
      if (!ParseResponseHead(buffer.view().substr(0, end.head_bytes()), head_)) co_return false;
      if (!head_.informational()) break;
      if (++informational > kInformationalHeadsMax) co_return false;
      buffer.Consume(end.head_bytes());
      end.Reset();
      continue;
    }
    if (progress != HeadProgress::kIncomplete) co_return false;
    buffer.Reserve(kReadBufferBytes / 4);
    ArmUpstream(first_byte_deadline_ - context_.clock.Monotonic());
    auto [error, bytes] =
        co_await upstream_->transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    TimerWheel::Clear(upstream_->timer());
    if (error) co_return false;
    any_byte_ = true;
    buffer.Commit(bytes);
  }
  upstream_wait_ns_ += context_.clock.Monotonic().nanoseconds() - sent_at_.nanoseconds();
  last_status_ = head_.status;
  buffer.Consume(end.head_bytes());
  co_return true;
}

// The views of head_ still point to the bytes that were consumed: they are good until the next
// read.
Task<AttemptEnd> RequestRun::TakeStatus(const PlannedAttempt& attempt) {
  if (head_.status < 200 || head_.status > 299) co_return co_await TakeErrorStatus(attempt);
  const bool plain =
      head_.content_encoding.empty() || EqualsIgnoringCase(head_.content_encoding, "identity");
  const bool events = StartsWithIgnoringCase(head_.content_type, "text/event-stream");
  // What was not asked for is not relayed: neither an encoding nor the other kind of answer.
  if (!plain || events != scan_.stream || head_.status != 200) {
    co_return FailAttempt(attempt, UpstreamError::kProtocol);
  }
  // The limits of an account that is the caller's own.
  if (attempt.credential->byok()) {
    provider_rates_ = format_->ReadRates(head_.fields, context_.clock.Wall());
  }
  if (scan_.stream) co_return co_await RelayStream(attempt);
  co_return co_await RelayAnswer(attempt);
}

Task<AttemptEnd> RequestRun::TakeErrorStatus(const PlannedAttempt& attempt) {
  const int status = head_.status;
  const std::optional<absl::Duration> retry_after =
      ParseRetryAfter(head_.retry_after, head_.retry_after_ms, context_.clock.Wall());
  if (status == 429) provider_rates_ = format_->ReadRates(head_.fields, context_.clock.Wall());
  const std::string_view body =
      co_await ReadShortBody(attempt, kProviderErrorBytesMax, kErrorBodyTimeout);
  const bool stopped = cause_ != Cause::kNone;
  if (stopped || status < 400) co_return FailAttempt(attempt, UpstreamError::kProtocol);
  const ProviderError provider_error = format_->ReadError(status, body);
  const std::optional<absl::Duration> rest =
      retry_after.has_value() ? retry_after : provider_error.retry_after;
  const std::optional<UpstreamError> fault = FaultOfStatus(status, provider_error.error_class);
  if (fault.has_value()) co_return FailAttempt(attempt, *fault, rest);
  // The client's own fault: no other provider would think otherwise.
  Fail(ErrorCode::kProviderRejected, ShowableMessage(provider_error.message, *attempt.credential));
  error_.provider_code = ShowableMessage(
      provider_error.code.empty() ? provider_error.type : provider_error.code, *attempt.credential);
  if (const std::string_view code = CommonCode(provider_error.error_class);
      translated_ && !code.empty()) {
    error_.provider_code = code;
  }
  error_.status = status;
  native_finish_.clear();
  error_code_ = RowOf(error_.code).name;
  SettleAttempt(attempt, usage::v1::ATTEMPT_OUTCOME_REJECTED, Known::kNone);
  outcome_ = RequestOutcome::kRejected;
  co_await Refuse();
  outcome_ = RequestOutcome::kRejected;
  co_return AttemptEnd::kAnswered;
}

// What can be had soon of the body of an error, or of a count; the connection is kept when all of
// it came.
Task<std::string_view> RequestRun::ReadShortBody(const PlannedAttempt& attempt,
                                                 std::uint64_t bytes_max, absl::Duration patience) {
  InputBuffer& buffer = upstream_->buffer();
  BodyReader reader(head_.framing, head_.content_length, bytes_max);
  const bool keep_alive = head_.keep_alive;
  BodyState state = reader.Decode(buffer);
  while (state == BodyState::kMore) {
    buffer.Reserve(kReadBufferBytes / 4);
    ArmUpstream(std::min(patience, attempt.provider->idle_timeout));
    auto [error, bytes] =
        co_await upstream_->transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    TimerWheel::Clear(upstream_->timer());
    if (error) co_return buffer.view().substr(0, reader.decoded());
    buffer.Commit(bytes);
    state = reader.Decode(buffer);
  }
  error_code ignored;
  const std::string_view body = buffer.view().substr(0, reader.decoded());
  if (state == BodyState::kDone && keep_alive && buffer.size() == reader.decoded()) {
    // Read it before the connection goes back: the text is copied to stay.
    sse_scratch_.assign(body);
    buffer.Consume(buffer.size());
    KeepConnection(true);
    co_return sse_scratch_;
  }
  co_return body;
}

void RequestRun::KeepConnection(bool reusable) {
  if (reusable && upstream_ != nullptr && upstream_->buffer().empty()) {
    context_.pool.Put(std::move(upstream_), MonotonicMs(context_.clock));
  }
  upstream_.reset();
}

AttemptEnd RequestRun::FailAttempt(const PlannedAttempt& attempt, UpstreamError kind,
                                   std::optional<absl::Duration> retry_after) {
  counts_->errors[static_cast<std::size_t>(kind)].Add(1);
  NoteAttempt(attempt, false, UpstreamErrorName(kind));
  last_fault_ = kind;
  last_retry_after_ = retry_after;
  outcome_ = RequestOutcome::kFailed;
  if (kind == UpstreamError::kStatus429 || kind == UpstreamError::kStatus5xx ||
      kind == UpstreamError::kCredential) {
    context_.cooldowns.RestAfterFailure(*attempt.credential, retry_after,
                                        context_.clock.Monotonic());
  }
  native_finish_.clear();
  // After a 200 the provider has begun to work, and will want its money for an answer that broke.
  const bool worked = last_status_ == 200;
  if (worked && !usage_reported_) {
    usage_ = EstimateUsage(body_.size(), content_bytes_, input_bound_, output_bound_);
  }
  const Known known = !worked           ? Known::kNone
                      : usage_reported_ ? Known::kReported
                                        : Known::kEstimated;
  const bool stopped = cause_ == Cause::kStopped || cause_ == Cause::kClientCancelled;
  SettleAttempt(attempt,
                stopped ? (cause_ == Cause::kStopped ? usage::v1::ATTEMPT_OUTCOME_STOPPED
                                                     : usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED)
                        : usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR,
                known, Payer::kOperator);
  return AttemptEnd::kNext;
}

}  // namespace tollgate::dataplane
