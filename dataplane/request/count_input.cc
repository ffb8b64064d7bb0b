// Counting the tokens of a request's input: by the provider where it speaks the surface's JSON and
// can, else by the gateway.  Neither is charged, and nothing is held.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/request/pass_through.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/showable_message.h"
#include "dataplane/request/token_estimate.h"

namespace tollgate::dataplane {
namespace {

// Statuses that say that the request itself is wrong.  404 and 405 are not among them: some
// providers that are compatible with a format do not have this path.
bool IsRequestFault(int status) { return status == 400 || status == 413 || status == 422; }

}  // namespace

Task<void> RequestRun::CountInput() {
  client_->set_interruptible(this);
  for (const PlannedAttempt& attempt : plan_) {
    if (!PassesThrough(*surface_, *attempt.provider, scan_, body_)) continue;
    std::optional<std::int64_t> tokens;
    const bool good = co_await CountByProvider(attempt, tokens);
    upstream_.reset();
    if (!good) co_return co_await Refuse();
    if (tokens.has_value()) co_return co_await AnswerCount(*tokens, false);
    break;  // The others would take as long to fail.
  }
  if (!ReadForTranslation()) co_return co_await Refuse();
  co_await AnswerCount(EstimateInputTokens(translation_->request), true);
}

// Asks the provider.  False: the request is at fault, and error() says how.  No tokens: it could
// not say.
Task<bool> RequestRun::CountByProvider(const PlannedAttempt& attempt,
                                       std::optional<std::int64_t>& tokens) {
  format_ = FormatOf(attempt.provider->format);
  translated_ = false;
  const SendDecision decision{.provider_model_id = attempt.offering->provider_model_id,
                              .model = attempt.model,
                              .offering = attempt.offering};
  BeginRequestHead(attempt);
  if (!format_->AppendCountPath(decision, request_head_)) co_return true;
  provider_id_ = attempt.provider->id;
  counts_ = &context_.metrics.provider(provider_id_);
  model_id_ = attempt.model->id;
  ++attempts_made_;
  splice_.Reset();
  format_->Rewrite(scan_, *attempt.provider, decision, splice_);
  body_pieces_.clear();
  sent_body_bytes_ = splice_.Apply(body_, body_pieces_);
  EndRequestHead(attempt);
  attempt_deadline_ = context_.clock.Monotonic() + attempt.provider->total_timeout;
  const std::optional<UpstreamError> fault = co_await Ask(attempt);
  if (fault.has_value()) {
    counts_->errors[static_cast<std::size_t>(*fault)].Add(1);
    co_return true;
  }
  const int status = head_.status;
  const std::string_view body =
      co_await ReadShortBody(attempt, kProviderErrorBytesMax, kErrorBodyTimeout);
  if (status == 200) {
    tokens = format_->ReadTokenCount(body);
  } else if (IsRequestFault(status)) {
    const ProviderError refusal = format_->ReadError(status, body);
    Fail(ErrorCode::kProviderRejected, ShowableMessage(refusal.message, *attempt.credential));
    error_.status = status;
    outcome_ = RequestOutcome::kRejected;
    co_return false;
  }
  co_return true;
}

Task<void> RequestRun::AnswerCount(std::int64_t tokens, bool estimated) {
  outcome_ = RequestOutcome::kCounted;
  std::string body;
  surface_->AppendTokenCount(tokens, body);
  header_lines_.assign("x-tollgate-count: ");
  header_lines_ += estimated ? "estimate\r\n" : "provider\r\n";
  if (!estimated) {
    absl::StrAppend(&header_lines_, "x-tollgate-provider: ", AbslView(provider_id_), "\r\n");
  }
  AppendRateHeaders(header_lines_);
  client_->SendOwned(200, "application/json", header_lines_, std::move(body));
  if (!client_->FlushNow()) co_await client_->FlushRest();
}

}  // namespace tollgate::dataplane
