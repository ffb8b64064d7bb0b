// What a provider keeps of a conversation: asked for again with the credential that made it, for
// the workspace that it was made for (kept_name.h).  Nothing of this is charged.
#include <array>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/http/target.h"
#include "dataplane/request/kept_name.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/showable_message.h"

namespace tollgate::dataplane {
namespace {

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

// Takes from the head what its bytes are needed for, and finds whose answer it is about.
bool RequestRun::TakeKept(std::string_view path, std::string_view wildcard) {
  const KeptName kept = ReadKeptName(context_.peppers, snapshot().catalog(), surface_->formats(),
                                     KeptKind::kAnswer, principal_->workspace_id(), wildcard);
  if (kept.kind != KeptName::Kind::kFound) {
    return RefuseKept(
        std::string(kept.kind == KeptName::Kind::kCredentialGone ? kCredentialGone : kUnknownName));
  }
  kept_attempt_ = {.provider = kept.credential->provider, .credential = kept.credential};
  format_ = FormatOf(kept.credential->provider->format);
  given_names_.clear();
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
    // An item of the page before; else nothing is one.
    const std::string_view value = StdView(pair.substr(pair.find('=') + 1));
    const std::string_view item =
        ProviderIdOf(context_.peppers, KeptKind::kItem, principal_->workspace_id(),
                     kept_attempt_.credential->id, value);
    if (item.empty()) {
      kept_request_line_ += StdView(pair);
    } else {
      absl::StrAppend(&kept_request_line_, AbslView(name), "=", AbslView(item));
    }
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
