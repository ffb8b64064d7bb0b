// What a provider keeps of a conversation: asked for again with the credential that made it, for
// the workspace that it was made for (kept_answer.h).  Nothing of this is charged.
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/http/target.h"
#include "dataplane/request/kept_answer.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/showable_message.h"

namespace tollgate::dataplane {
namespace {

// What `kept_response` of a scan is called where there is one.
constexpr std::string_view kPrevious = "previous_response_id";

constexpr std::string_view kUnknownName =
    "No answer of this id is kept for this key's workspace. Use the id of an answer that this "
    "gateway gave it, or send the items themselves.";
constexpr std::string_view kCredentialGone =
    "The credential that made this answer is no longer there, and no other can be asked for it. "
    "Send the items of the conversation themselves.";

// Parameters of these requests that are passed on.
constexpr std::array<std::string_view, 6> kQueryNames = {
    "after", "include", "include[]", "include_obfuscation", "limit", "order"};

std::string_view MethodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET ";
    case Method::kDelete:
      return "DELETE ";
    default:
      return "POST ";
  }
}

// Whether another provider's view of the request would be the same.
bool IsRequestFault(int status) {
  return status >= 400 && status < 500 && status != 401 && status != 402 && status != 403 &&
         status != 408 && status != 429;
}

}  // namespace

bool RequestRun::RefuseKept(std::string message) {
  Fail(ErrorCode::kResponseNotFound, std::move(message));
  return false;
}

// Narrows the plan of a request that goes on with what a provider keeps.
bool RequestRun::FindKept(PlanRequirements& requirements) {
  if (!scan_.kept_reference.empty()) requirements.own_credentials = true;
  if (scan_.kept_response.empty()) return true;
  const KeptAnswer kept =
      FindKeptAnswer(context_.peppers, snapshot().catalog(), surface_->formats(),
                     principal_->workspace_id(), scan_.kept_response);
  switch (kept.kind) {
    case KeptAnswer::Kind::kFound:
      requirements.credential = kept.credential;
      scan_.kept_response_sent = kept.provider_id;
      return true;
    case KeptAnswer::Kind::kForeign:  // Whatever the workspace has in accounts of its own.
      requirements.own_credentials = true;
      return true;
    case KeptAnswer::Kind::kOfAnother:
      RefuseKept(std::string(kUnknownName));
      break;
    case KeptAnswer::Kind::kCredentialGone:
      RefuseKept(std::string(kCredentialGone));
      break;
  }
  error_.status = 400;
  error_.param = kPrevious;
  return false;
}

// Nothing is left of a plan that FindKept() narrowed: says why.
void RequestRun::ExplainKept() {
  if (!scan_.kept_response_sent.empty()) {
    Fail(ErrorCode::kUnsupportedParameter,
         absl::StrCat("`", AbslView(kPrevious),
                      "` names an answer that a provider keeps which "
                      "does not serve this model now. Ask the model that gave the answer, or send "
                      "the items of the conversation themselves."));
    error_.param = kPrevious;
    return;
  }
  const bool foreign = !scan_.kept_response.empty();
  const std::string_view param = foreign ? kPrevious : scan_.kept_reference;
  if (param.empty()) return;
  Fail(ErrorCode::kUnsupportedParameter,
       absl::StrCat("`", AbslView(param),
                    "` names what a provider keeps, and only this workspace's "
                    "own account at a provider of this model can be asked for it; there is none. ",
                    foreign ? "Use the id of an answer that this gateway gave, or send" : "Send",
                    " the items of the conversation themselves."));
  error_.param = param;
}

// Takes from the head what its bytes are needed for, and finds whose answer it is about.
bool RequestRun::TakeKept(std::string_view path, std::string_view wildcard) {
  const KeptAnswer kept = FindKeptAnswer(context_.peppers, snapshot().catalog(),
                                         surface_->formats(), principal_->workspace_id(), wildcard);
  if (kept.kind != KeptAnswer::Kind::kFound) {
    return RefuseKept(std::string(kept.kind == KeptAnswer::Kind::kCredentialGone ? kCredentialGone
                                                                                 : kUnknownName));
  }
  kept_attempt_ = {.provider = kept.credential->provider, .credential = kept.credential};
  format_ = FormatOf(kept.credential->provider->format);
  kept_id_.clear();
  const RequestHead& head = client_->head();
  kept_request_line_ = MethodName(head.method);
  kept_request_line_ += kept_attempt_.provider->origin.path_prefix;
  if (!format_->AppendKeptPath(kept.provider_id, kept_request_line_)) {
    return RefuseKept(std::string(kUnknownName));
  }
  const std::size_t behind =
      static_cast<std::size_t>(wildcard.data() - path.data()) + wildcard.size();
  kept_request_line_ += path.substr(behind);
  const std::size_t mark = head.path_and_query.find('?');
  return mark == std::string_view::npos || TakeKeptQuery(head.path_and_query.substr(mark + 1));
}

bool RequestRun::TakeKeptQuery(std::string_view query) {
  char separator = '?';
  for (const absl::string_view pair : absl::StrSplit(AbslView(query), '&', absl::SkipEmpty())) {
    const std::string_view name = StdView(pair.substr(0, pair.find('=')));
    std::string plain = absl::AsciiStrToLower(AbslView(name));
    if (plain == "include%5b%5d") plain = "include[]";
    if (plain == "stream" && StdView(pair) == "stream=false") continue;
    if (std::find(kQueryNames.begin(), kQueryNames.end(), plain) == kQueryNames.end()) {
      Fail(ErrorCode::kUnsupportedParameter,
           plain == "stream" ? "A kept answer is not streamed here; leave `stream` out."
                             : "An answer that is kept takes `after`, `include`, `limit` and "
                               "`order` in its query; leave the rest out.");
      error_.param = plain == "stream" ? "stream" : "query";
      return false;
    }
    kept_request_line_ += std::exchange(separator, '&');
    kept_request_line_ += StdView(pair);
  }
  return true;
}

Task<void> RequestRun::AskKeptAnswer() {
  client_->set_interruptible(this);
  const PlannedAttempt& attempt = kept_attempt_;
  provider_id_ = attempt.provider->id;
  counts_ = &context_.metrics.provider(provider_id_);
  ++attempts_made_;
  body_pieces_.clear();
  sent_body_bytes_ = 0;
  request_head_ = kept_request_line_;
  EndRequestHead(attempt);
  attempt_deadline_ = context_.clock.Monotonic() + attempt.provider->total_timeout;
  outcome_ = RequestOutcome::kFailed;
  const std::optional<UpstreamError> fault = co_await Ask(attempt);
  if (fault.has_value()) {
    counts_->errors[static_cast<std::size_t>(*fault)].Add(1);
    Fail(*fault == UpstreamError::kTimeout ? ErrorCode::kProviderTimeout
                                           : ErrorCode::kAllProvidersFailed);
    co_return co_await Refuse();
  }
  co_await AnswerKept(attempt);
  upstream_.reset();
}

Task<void> RequestRun::AnswerKept(const PlannedAttempt& attempt) {
  const int status = head_.status;
  const std::optional<absl::Duration> retry_after =
      ParseRetryAfter(head_.retry_after, head_.retry_after_ms, context_.clock.Wall());
  const bool good = status == 200;
  const std::uint64_t bytes_max =
      good ? context_.options.answer_bytes_max : std::uint64_t{kProviderErrorBytesMax};
  const absl::Duration patience = good ? attempt.provider->idle_timeout : kErrorBodyTimeout;
  const std::string_view body = co_await ReadShortBody(attempt, bytes_max, patience);
  const AnswerFacts facts = good ? format_->ReadAnswer(body) : AnswerFacts();
  if (!facts.valid) {
    RefuseAsProvider(attempt, status, retry_after, body);
    co_return co_await Refuse();
  }
  outcome_ = RequestOutcome::kRetrieved;
  if (client_left_) {
    outcome_ = RequestOutcome::kClientClosed;
    co_return;
  }
  EditIds(attempt, body, facts);
  std::string edited = EditedAnswer(body);
  out_texts_.clear();
  header_lines_.assign("x-tollgate-provider: ");
  header_lines_ += provider_id_;
  header_lines_ += "\r\n";
  AppendRateHeaders(header_lines_);
  client_->SendOwned(200, "application/json", header_lines_, std::move(edited));
  if (!client_->FlushNow()) co_await client_->FlushRest();
}

void RequestRun::RefuseAsProvider(const PlannedAttempt& attempt, int status,
                                  std::optional<absl::Duration> retry_after,
                                  std::string_view body) {
  const ProviderError refusal = format_->ReadError(status, body);
  if (status == 429) {
    Fail(ErrorCode::kProvidersCooling);
    error_.retry_after = retry_after;
  } else if (IsRequestFault(status)) {
    const std::string message = ShowableMessage(refusal.message, *attempt.credential);
    Fail(status == 404 ? ErrorCode::kResponseNotFound : ErrorCode::kProviderRejected, message);
    error_.status = status;
    outcome_ = RequestOutcome::kRejected;
  } else {
    Fail(ErrorCode::kAllProvidersFailed);
  }
}

}  // namespace tollgate::dataplane
