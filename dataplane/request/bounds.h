// Bounds from above of what a request can cost (architecture.md §8), and the estimate of what it
// did cost when the provider does not say.
#ifndef TOLLGATE_DATAPLANE_REQUEST_BOUNDS_H_
#define TOLLGATE_DATAPLANE_REQUEST_BOUNDS_H_

#include <cstddef>
#include <cstdint>

#include "base/compiled_price.h"
#include "base/money.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/route/planner.h"

namespace tollgate::dataplane {

// Input tokens at most: a byte of text is at least a token of no byte-level tokenizer, templates
// add a bounded number per message, and what the provider fetches has a bound of its own.
std::int64_t InputTokensBound(const ScannedRequest& request, std::size_t body_bytes);

// Output tokens per choice at most: the caller's limit, else the offering's, else a default that is
// then sent along (`must_send`).
struct OutputBound {
  std::int64_t tokens = 0;
  bool must_send = false;
};
OutputBound OutputTokensBound(const ScannedRequest& request, const Offering& offering);

// What an attempt can cost at most with `output_tokens` per choice.
Money AttemptBound(const PlannedAttempt& attempt, std::int64_t input_tokens,
                   std::int64_t output_tokens, std::int64_t choices);

// The dearest of the plan, with `limit` (if not negative) on the output of each.
Money PlanBound(const AttemptPlan& plan, const ScannedRequest& request, std::int64_t input_tokens,
                std::int64_t limit);

// The dearest of the plan with the first `tokens` of output, over all choices.
Money ChunkBound(const AttemptPlan& plan, std::int64_t input_tokens, std::int64_t tokens);

// What `tokens` of output more can cost an attempt at most.
Money ExtensionBound(const PlannedAttempt& attempt, std::int64_t input_tokens, std::int64_t tokens);

// Output tokens per choice that every attempt of the plan can afford with `money`; negative when
// not even the input is covered.
std::int64_t AffordableOutput(const AttemptPlan& plan, const ScannedRequest& request,
                              std::int64_t input_tokens, Money money);

// The usage that is charged when none was reported: a token for four bytes that were sent and
// received, never more than what was bounded.
TokenUsage EstimateUsage(std::size_t body_bytes, std::int64_t content_bytes,
                         std::int64_t input_bound, std::int64_t output_bound);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_BOUNDS_H_
