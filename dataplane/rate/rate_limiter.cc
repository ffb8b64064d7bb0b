#include "dataplane/rate/rate_limiter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

// When one of as many as may run at once will be over is not known.
constexpr absl::Duration kConcurrentRetryAfter = absl::Seconds(1);
constexpr absl::Duration kMinute = absl::Minutes(1);

void Tighten(const RateLeft& left, ProviderRate& tightest) {
  if (tightest.remaining.has_value() && *tightest.remaining <= left.remaining) return;
  tightest = {left.limit, left.remaining, left.reset};
}

}  // namespace

RateAdmission::~RateAdmission() { CHECK(size_ == 0) << "a request was not counted out"; }

std::shared_ptr<RateMeter> RateLimiter::MeterOf(const RateSubject& subject, MonotonicTime now) {
  name_.assign(subject.kind);
  name_ += '/';
  name_ += subject.id;
  const auto known = meters_.find(name_);
  if (known != meters_.end()) return known->second;
  if (meters_.size() >= kCacheEntriesMax) meters_.clear();
  return meters_.emplace(name_, book_->Open(name_, now)).first->second;
}

// Counts a request that runs: against this node's share, or a slot that is lent.
bool RateLimiter::TakeRunning(const RateSubject& subject, RateAdmission* admission,
                              RateAdmission::Part& part) {
  const std::int64_t most = part.limits.concurrent_requests;
  part.running = true;
  const std::int64_t before = part.meter->running.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t nodes = admission->nodes_;
  if (nodes == 1 || most >= kDivisible * nodes || !slots().connected()) {
    return before < std::max<std::int64_t>(most / nodes, 1);
  }
  const std::string name = absl::StrCat("concurrent/", AbslView(subject.kind), "/",
                                        AbslView(subject.id));
  if (slots().Take(name, most)) {
    part.slot = name;
    return true;
  }
  admission->awaited_slot_ = name;
  admission->awaited_limit_ = most;
  return false;
}

// Counts a request against a limit of fewer requests a minute than there are nodes: each takes a
// slot for a minute.
bool RateLimiter::BorrowRequest(const RateSubject& subject, RateAdmission* admission,
                                MonotonicTime now) {
  const std::int64_t most = subject.limits.requests_per_minute;
  const std::string name =
      absl::StrCat("requests/", AbslView(subject.kind), "/", AbslView(subject.id));
  if (slots().Take(name, most)) {
    slots().Return(name, now + kMinute, now);
    return true;
  }
  admission->awaited_slot_ = name;
  admission->awaited_limit_ = most;
  return false;
}

std::optional<RateRefusal> RateLimiter::Begin(std::span<const RateSubject> subjects,
                                              MonotonicTime now, RateAdmission* admission) {
  CHECK(!admission->limited() && subjects.size() <= RateAdmission::kSubjectsMax);
  admission->nodes_ = book_->nodes();
  admission->tokens_ = 0;
  admission->slots_ = &slots();
  admission->awaited_slot_.clear();
  std::array<const RateSubject*, RateAdmission::kSubjectsMax> limited{};
  for (const RateSubject& subject : subjects) {
    const RateLimits& limits = subject.limits;
    if (limits == RateLimits()) continue;
    limited[admission->size_] = &subject;
    RateAdmission::Part& part = admission->parts_[admission->size_++];
    part.meter = MeterOf(subject, now);
    part.limits = limits;
    part.kind = subject.kind;
    part.running = false;
    part.slot.clear();
    part.requests_lent = admission->nodes_ > limits.requests_per_minute &&
                         limits.requests_per_minute > 0 && slots().connected();
  }
  for (std::size_t i = 0; i < admission->size_; ++i) {
    RateAdmission::Part& part = admission->parts_[i];
    const std::int64_t most = part.limits.concurrent_requests;
    if (most > 0 && !TakeRunning(*limited[i], admission, part)) {
      return RateRefusal{RateRefusal::kConcurrent, part.kind, most, kConcurrentRetryAfter};
    }
  }
  for (std::size_t i = 0; i < admission->size_; ++i) {
    const RateAdmission::Part& part = admission->parts_[i];
    const std::int64_t most = part.limits.requests_per_minute;
    if (most == 0 || part.requests_lent) continue;
    const absl::Duration wait = part.meter->requests.Take(1, {most, admission->nodes_}, now);
    if (wait == absl::ZeroDuration()) continue;
    GiveRequestsBack(*admission, i, now);
    return RateRefusal{RateRefusal::kRequests, part.kind, most, wait};
  }
  for (std::size_t i = 0; i < admission->size_; ++i) {  // Last: a slot cannot be given back.
    const RateAdmission::Part& part = admission->parts_[i];
    if (!part.requests_lent || BorrowRequest(*limited[i], admission, now)) continue;
    GiveRequestsBack(*admission, admission->size_, now);
    return RateRefusal{RateRefusal::kRequests, part.kind, part.limits.requests_per_minute,
                       kMinute / part.limits.requests_per_minute};
  }
  if (!slots().connected() && AnyBelowNodes(*admission)) slots().CountUnlent();
  return std::nullopt;
}

// Of such a limit each node lets one request pass while billing cannot lend.
bool RateLimiter::AnyBelowNodes(const RateAdmission& admission) {
  for (std::size_t i = 0; i < admission.size_; ++i) {
    const RateLimits& limits = admission.parts_[i].limits;
    for (const std::int64_t most : {limits.requests_per_minute, limits.concurrent_requests}) {
      if (most > 0 && most < admission.nodes_) return true;
    }
  }
  return false;
}

// What was taken of the first `count` subjects' requests goes back: a refused one counts nowhere.
void RateLimiter::GiveRequestsBack(const RateAdmission& admission, std::size_t count,
                                   MonotonicTime now) {
  for (std::size_t i = 0; i < count; ++i) {
    const RateAdmission::Part& part = admission.parts_[i];
    if (part.limits.requests_per_minute == 0 || part.requests_lent) continue;
    part.meter->requests.Settle(1, 0, {part.limits.requests_per_minute, admission.nodes_}, now);
  }
}

std::optional<RateRefusal> RateLimiter::TakeTokens(std::int64_t tokens, MonotonicTime now,
                                                   RateAdmission* admission) {
  for (std::size_t i = 0; i < admission->size_; ++i) {
    const RateAdmission::Part& part = admission->parts_[i];
    const std::int64_t most = part.limits.tokens_per_minute;
    if (most == 0) continue;
    const absl::Duration wait = part.meter->tokens.Take(tokens, {most, admission->nodes_}, now);
    if (wait == absl::ZeroDuration()) continue;
    for (std::size_t j = 0; j < i; ++j) {
      const RateAdmission::Part& other = admission->parts_[j];
      if (other.limits.tokens_per_minute == 0) continue;
      other.meter->tokens.Settle(tokens, 0, {other.limits.tokens_per_minute, admission->nodes_},
                                 now);
    }
    return RateRefusal{RateRefusal::kTokens, part.kind, most, wait};
  }
  admission->tokens_ = tokens;
  return std::nullopt;
}

ProviderRates RateLimiter::Headroom(const RateAdmission& admission, MonotonicTime now) {
  ProviderRates headroom;
  for (std::size_t i = 0; i < admission.size_; ++i) {
    const RateAdmission::Part& part = admission.parts_[i];
    if (const std::int64_t most = part.limits.requests_per_minute; part.requests_lent) {
      Tighten({.limit = most, .remaining = 0, .reset = kMinute}, headroom.requests);
    } else if (most > 0) {
      Tighten(part.meter->requests.Left({most, admission.nodes_}, now), headroom.requests);
    }
    if (const std::int64_t most = part.limits.tokens_per_minute; most > 0) {
      Tighten(part.meter->tokens.Left({most, admission.nodes_}, now), headroom.tokens);
    }
  }
  return headroom;
}

void RateLimiter::End(std::int64_t tokens, MonotonicTime now, RateAdmission* admission) {
  for (std::size_t i = 0; i < admission->size_; ++i) {
    RateAdmission::Part& part = admission->parts_[i];
    if (part.running) part.meter->running.fetch_sub(1, std::memory_order_relaxed);
    if (!part.slot.empty()) admission->slots_->Return(part.slot, now, now);
    part.slot.clear();
    if (const std::int64_t most = part.limits.tokens_per_minute; most > 0) {
      part.meter->tokens.Settle(admission->tokens_, tokens, {most, admission->nodes_}, now);
    }
    part.meter.reset();
  }
  admission->size_ = 0;
}

}  // namespace tollgate::dataplane
