#include "dataplane/request/bounds.h"

#include <algorithm>
#include <limits>

#include "dataplane/limits.h"

namespace tollgate::dataplane {
namespace {

// Tokens × choices, saturating far below where money would.
std::int64_t Times(std::int64_t tokens, std::int64_t choices) {
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  return tokens > kMost / choices ? kMost : tokens * choices;
}

}  // namespace

std::int64_t InputTokensBound(const ScannedRequest& request, std::size_t body_bytes) {
  return static_cast<std::int64_t>(body_bytes) + kRequestOverheadTokens +
         request.messages * kMessageOverheadTokens + request.tools * kToolOverheadTokens +
         request.images * kImageTokens + request.files * kFileTokens;
}

OutputBound OutputTokensBound(const ScannedRequest& request, const Offering& offering) {
  if (request.output_limit >= 0) return {request.output_limit, false};
  if (offering.output_tokens_max > 0) return {offering.output_tokens_max, false};
  return {kOutputTokensDefault, true};
}

Money AttemptBound(const PlannedAttempt& attempt, std::int64_t input_tokens,
                   std::int64_t output_tokens, std::int64_t choices) {
  return attempt.price->compiled.UpperBound(input_tokens, Times(output_tokens, choices),
                                            /*searches_max=*/0, attempt.factor());
}

Money PlanBound(const AttemptPlan& plan, const ScannedRequest& request, std::int64_t input_tokens,
                std::int64_t limit) {
  Money most;
  for (const PlannedAttempt& attempt : plan) {
    std::int64_t output = OutputTokensBound(request, *attempt.offering).tokens;
    if (limit >= 0) output = std::min(output, limit);
    most = std::max(most, AttemptBound(attempt, input_tokens, output, request.choices));
  }
  return most;
}

Money ChunkBound(const AttemptPlan& plan, std::int64_t input_tokens, std::int64_t tokens) {
  Money most;
  for (const PlannedAttempt& attempt : plan) {
    most = std::max(most, AttemptBound(attempt, input_tokens, tokens, 1));
  }
  return most;
}

Money ExtensionBound(const PlannedAttempt& attempt, std::int64_t input_tokens,
                     std::int64_t tokens) {
  return attempt.price->compiled.OutputBound(tokens, input_tokens, attempt.factor());
}

std::int64_t AffordableOutput(const AttemptPlan& plan, const ScannedRequest& request,
                              std::int64_t input_tokens, Money money) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const PlannedAttempt& attempt : plan) {
    const std::optional<Money> left =
        money.TrySubtract(AttemptBound(attempt, input_tokens, 0, request.choices));
    if (!left.has_value() || left->is_negative()) return -1;
    const std::int64_t tokens =
        attempt.price->compiled.OutputTokensAffordable(*left, input_tokens, attempt.factor()) /
        request.choices;
    least = std::min({least, tokens, OutputTokensBound(request, *attempt.offering).tokens});
  }
  return least;
}

TokenUsage EstimateUsage(std::size_t body_bytes, std::int64_t content_bytes,
                         std::int64_t input_bound, std::int64_t output_bound) {
  const auto tokens = [](std::int64_t bytes) {
    return (bytes + kEstimateBytesPerToken - 1) / kEstimateBytesPerToken;
  };
  TokenUsage usage;
  usage.requests = 1;
  usage.input_text = std::min(tokens(static_cast<std::int64_t>(body_bytes)), input_bound);
  usage.output_text = std::min(tokens(content_bytes), output_bound);
  return usage;
}

}  // namespace tollgate::dataplane
