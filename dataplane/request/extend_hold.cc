// The hold of a stream while it runs: how it begins, grows, and what happens when it cannot.  Both
// relays of streams call this; stream_hold.h has the rule.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/wait_timer.h"

namespace tollgate::dataplane {
namespace {

bool Reasons(const Model& model) {
  return std::find(model.capabilities.begin(), model.capabilities.end(), "reasoning") !=
         model.capabilities.end();
}

}  // namespace

// A model that reasons may owe for what it does not show: content bounds nothing there.
bool RequestRun::MayHoldInChunks() const {
  if (!scan_.stream || scan_.output_limit >= 0 || output_clamp_ >= 0) return false;
  return std::none_of(plan_.begin(), plan_.end(),
                      [](const PlannedAttempt& attempt) { return Reasons(*attempt.model); });
}

// What is set aside before anything is sent.
Money RequestRun::FirstHold() const {
  return in_chunks_ ? ChunkBound(plan_, input_bound_, kStreamChunkTokens)
                    : PlanBound(plan_, scan_, input_bound_, output_clamp_);
}

bool RequestRun::HoldNow() {
  if (context_.leases.TryHold(accounts_, FirstHold(), &hold_).kind != HoldResult::kHeld) {
    return false;
  }
  if (!in_chunks_) return true;
  // In chunks only where the whole could be had besides: what is sent along then limits nothing.
  const Money whole = PlanBound(plan_, scan_, input_bound_, output_clamp_);
  const Money rest =
      std::max(whole.TrySubtract(FirstHold()).value_or(Money::Zero()), Money::Zero());
  if (context_.leases.Reachable(accounts_) >= rest) return true;
  context_.leases.Release(std::move(hold_));
  in_chunks_ = false;
  return context_.leases.TryHold(accounts_, whole, &hold_).kind == HoldResult::kHeld;
}

// Called once it is known what is sent: `limit` output tokens over all choices.
void RequestRun::StartStreamHold(std::int64_t limit) {
  if (in_chunks_) {
    stream_hold_.StartInChunks(std::min(kStreamChunkTokens, limit), limit);
  } else {
    stream_hold_.StartWhole(limit);
  }
  output_bound_ = stream_hold_.held();
  asked_ahead_ = false;
  short_account_ = nullptr;
}

bool RequestRun::CoverEvent(std::int64_t content_bytes) {
  StreamHold::Coverage coverage = stream_hold_.Look(content_bytes);
  const std::int64_t wanted = stream_hold_.Wanted(content_bytes);
  // On disk an extension must be synced before it is used: GrowHold() waits for that.
  if (wanted > 0 && context_.spool.durability() == Durability::kProcess && ExtendHold(wanted)) {
    coverage = stream_hold_.Look(content_bytes);
  }
  if (coverage == StreamHold::Coverage::kCovered) {
    stream_hold_.Take(content_bytes);
    return true;
  }
  wanted_tokens_ =
      coverage == StreamHold::Coverage::kNeedsMore ? std::max<std::int64_t>(wanted, 1) : 0;
  return false;
}

bool RequestRun::ExtendHold(std::int64_t tokens) {
  const Money more = ExtensionBound(plan_[attempt_index_], input_bound_, tokens);
  const HoldResult result = context_.leases.Extend(&hold_, more);
  if (result.kind != HoldResult::kHeld) {
    short_account_ = result.account;
    // Asked for while there is time, so that the stream need not wait.
    if (!asked_ahead_) extension_waiter_ = context_.leases.Wait(accounts_, more, [] {});
    asked_ahead_ = true;
    return false;
  }
  if (asked_ahead_) context_.leases.Forget(extension_waiter_);
  asked_ahead_ = false;
  // What the spool does not know of is held and not used.
  if (!context_.lane.AppendExtension(intent_, more).ok()) return false;
  stream_hold_.Grown(tokens);
  output_bound_ = stream_hold_.held();
  return true;
}

// Waits for the money that CoverEvent() lacked; false when the stream must end.
Task<bool> RequestRun::GrowHold() {
  if (wanted_tokens_ == 0) co_return false;  // The provider is beyond its limit.
  if (asked_ahead_) context_.leases.Forget(extension_waiter_);
  asked_ahead_ = false;
  const Money more = ExtensionBound(plan_[attempt_index_], input_bound_, wanted_tokens_);
  const MonotonicTime deadline = context_.clock.Monotonic() + context_.options.lease_wait_max;
  for (;;) {
    const bool grown = ExtendHold(wanted_tokens_);
    if (asked_ahead_) context_.leases.Forget(extension_waiter_);
    asked_ahead_ = false;
    if (grown) {
      if (context_.spool.durability() == Durability::kProcess) co_return true;
      co_return co_await WaitDurable();
    }
    const absl::Duration left = deadline - context_.clock.Monotonic();
    if (left <= absl::ZeroDuration() || cause_ != Cause::kNone || short_account_ == nullptr) {
      co_return false;
    }
    auto timer = std::make_shared<WaitTimer>(context_.io.get_executor());
    timer->expires_after(absl::ToChronoNanoseconds(left));
    const LeasePool::WaiterId waiter = context_.leases.Wait(
        accounts_, more,
        [timer, &io = context_.io] { asio::post(io, [timer] { timer->cancel(); }); });
    co_await timer->async_wait(kUseTask);
    context_.leases.Forget(waiter);
    const HoldResult::Kind why = context_.leases.ExplainExtension(*short_account_).kind;
    if (why == HoldResult::kInsufficientBalance || why == HoldResult::kBudgetExceeded) {
      co_return ExtendHold(wanted_tokens_);
    }
  }
}

// Why the stream ends before its end, as error_.
void RequestRun::ExplainShortStream() {
  if (wanted_tokens_ == 0) {
    Fail(ErrorCode::kOutputLimitReached);
    return;
  }
  if (short_account_ == nullptr) {
    Fail(ErrorCode::kSpoolFull);
    return;
  }
  ExplainShort(context_.leases.ExplainExtension(*short_account_),
               " The answer was ended where what was reserved for it ends.");
}

// Ends a stream whose hold cannot grow: what came so far is the answer, stopped by its length.
Task<AttemptEnd> RequestRun::EndShort(const PlannedAttempt& attempt, StreamState& stream) {
  ExplainShortStream();
  upstream_->transport().Close();
  const bool reported = CompleteUsage();
  native_finish_ = "length";
  error_code_ = RowOf(error_.code).name;
  SettleAttempt(
      attempt,
      client_left_ ? usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED : usage::v1::ATTEMPT_OUTCOME_STOPPED,
      reported ? Known::kReported : Known::kEstimated);
  outcome_ = client_left_ ? RequestOutcome::kClientClosed : RequestOutcome::kSuccess;
  context_.metrics.CountError(error_.code);
  if (context_.spool.durability() == Durability::kDisk) co_await WaitDurable();
  if (translated_) {
    EndTranslatedShort(attempt);
    co_await WriteStream(stream, true);
    co_return AttemptEnd::kAnswered;
  }
  StreamStop stop;
  stop.response_id = response_id_;
  stop.model = scan_.model;
  stop.created = absl::ToUnixSeconds(wall_start_);
  stop.choices = scan_.choices;
  stop.include_usage = scan_.include_usage;
  stop.open_part = stream.open_part;
  stop.events = stream.events;
  stop.cost = CostOfAnswer(attempt);
  stop.cost.stopped = &error_;
  if (surface_->keeps_answers() && !response_id_.empty()) {
    stop.response_id = ClientIdOf(attempt, response_id_);
  }
  std::string& text = out_texts_.emplace_back();
  if (passed_ != nullptr) {
    passed_->AppendStop(stop, generation_id_, text);
  } else {
    surface_->AppendStreamStop(stop, generation_id_, text);
  }
  out_pieces_.push_back(text);
  co_await WriteStream(stream, true);
  co_return AttemptEnd::kAnswered;
}

// Before an attempt is settled: a stream in chunks whose provider reports more than its content
// showed holds that too, if it can.
void RequestRun::NoteHeld(const PlannedAttempt& attempt, bool used) {
  if (asked_ahead_) context_.leases.Forget(extension_waiter_);
  asked_ahead_ = false;
  if (!scan_.stream || stream_hold_.whole()) return;
  if (used && hold_.size() > 0) {
    const Money over = CostOf(attempt, usage_).TrySubtract(hold_[0].amount).value_or(Money::Max());
    if (over > Money::Zero() && context_.leases.Extend(&hold_, over).kind == HoldResult::kHeld) {
      // The final record, which follows at once, says the same.
      context_.lane.AppendExtension(intent_, over).IgnoreError();
    }
  }
}

}  // namespace tollgate::dataplane
