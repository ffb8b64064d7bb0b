// The stage Admit: the rate limits of the key, its member and its workspace.
#include <array>
#include <boost/asio/post.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/wait_timer.h"

namespace tollgate::dataplane {

// Before the body is read: requests a minute, and at the same time.
bool RequestRun::CountIn() {
  const std::array<RateSubject, 3> subjects = {
      RateSubject{"key", principal_->key_id(), principal_->key_limits()},
      RateSubject{"member", principal_->member_id(), principal_->member_limits()},
      RateSubject{"workspace", principal_->workspace_id(), principal_->workspace_limits()}};
  const auto refusal = context_.rates.Begin(subjects, client_->request_start(), &admission_);
  return !refusal.has_value() || RefuseRate(*refusal);
}

// Waits as long as for money.
Task<bool> RequestRun::CountInWaiting() {
  const MonotonicTime deadline = context_.clock.Monotonic() + context_.options.lease_wait_max;
  while (!admission_.awaited_slot().empty()) {
    const absl::Duration left = deadline - context_.clock.Monotonic();
    if (left <= absl::ZeroDuration()) break;
    // Shared with the callback, which may still be on its way when the wait is over.
    auto timer = std::make_shared<WaitTimer>(context_.io.get_executor());
    timer->expires_after(absl::ToChronoNanoseconds(left));
    SlotPool& slots = context_.rates.slots();
    const SlotPool::WaiterId waiter = slots.Wait(
        admission_.awaited_slot(), admission_.awaited_limit(),
        [timer, &io = context_.io] { asio::post(io, [timer] { timer->cancel(); }); });
    co_await timer->async_wait(kUseTask);
    slots.Forget(waiter);
    RateLimiter::End(0, context_.clock.Monotonic(), &admission_);
    if (CountIn()) {
      error_ = GatewayError();
      co_return true;
    }
  }
  co_return false;
}

// Once the body is known: tokens a minute.  What the answer takes is counted when it has come.
bool RequestRun::CountTokens() {
  if (!admission_.limited()) return true;
  const TokenUsage least = EstimateUsage(body_.size(), 0, input_bound_, 0);
  const auto refusal =
      context_.rates.TakeTokens(least.input_text, client_->request_start(), &admission_);
  return !refusal.has_value() || RefuseRate(*refusal);
}

bool RequestRun::RefuseRate(const RateRefusal& refusal) {
  const bool concurrent = refusal.limit == RateRefusal::kConcurrent;
  const std::string_view what = concurrent ? "requests at the same time"
                                : refusal.limit == RateRefusal::kTokens ? "tokens a minute"
                                                                        : "requests a minute";
  Fail(concurrent ? ErrorCode::kConcurrencyLimited : ErrorCode::kRateLimited,
       absl::StrCat("This ", AbslView(refusal.kind), " may make ", refusal.allowed, " ",
                    AbslView(what), "; try again after the stated time."));
  error_.retry_after = refusal.retry_after;
  return false;
}

// For every answer of the request, whatever it is: our own limits, else the provider's.
void RequestRun::AppendRateHeaders(std::string& lines) const {
  const ProviderRates rates =
      admission_.limited() ? RateLimiter::Headroom(admission_, context_.clock.Monotonic())
                           : provider_rates_;
  if (!rates.empty()) surface_->AppendRates(rates, context_.clock.Wall(), lines);
}

void RequestRun::CountOut() {
  if (!admission_.limited()) return;
  const TokenUsage& used = usage_total_;
  RateLimiter::End(used.input_text + used.input_audio + used.cache_read + used.cache_write_5m +
                       used.output_text + used.output_reasoning + used.output_audio,
                   context_.clock.Monotonic(), &admission_);
}

}  // namespace tollgate::dataplane
