// What is left of rate limits, as header fields say it in each API's own form: what a provider says
// of the account that it was asked with, and what this gateway says of its key.
#ifndef TOLLGATE_DATAPLANE_RATE_PROVIDER_RATES_H_
#define TOLLGATE_DATAPLANE_RATE_PROVIDER_RATES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dataplane/http/head_text.h"

namespace tollgate::dataplane {

// One limit; what was not said, or cannot be believed, is absent.
struct ProviderRate {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<absl::Duration> reset;  // Until all of it is there again.

  bool empty() const { return !limit.has_value() && !remaining.has_value() && !reset.has_value(); }
};

struct ProviderRates {
  ProviderRate requests;
  ProviderRate tokens;
  ProviderRate input_tokens;
  ProviderRate output_tokens;

  bool empty() const {
    return requests.empty() && tokens.empty() && input_tokens.empty() && output_tokens.empty();
  }
};

// `x-ratelimit-limit-requests: 5000`, `-remaining-requests`, `-reset-requests: 6m0s`; so of tokens.
// Source: https://platform.openai.com/docs/guides/rate-limits (Rate limits in headers).
ProviderRates ReadOpenAiRates(const HeadFields& fields);
// The same as whole lines, times rounded up to milliseconds.  What OpenAI has no name for is left
// out.
void AppendOpenAiRates(const ProviderRates& rates, std::string& lines);

// `anthropic-ratelimit-requests-limit: 4000`, `-remaining`, `-reset: 2026-11-22T12:00:00Z`; so of
// tokens, input-tokens and output-tokens.
// Source: https://docs.claude.com/en/api/rate-limits (Response headers).
ProviderRates ReadAnthropicRates(const HeadFields& fields, absl::Time now);
void AppendAnthropicRates(const ProviderRates& rates, absl::Time now, std::string& lines);

// `x-ratelimit-limit: 20`, `-remaining`, `-reset` in milliseconds since 1970: of the requests, or
// else of the tokens, since the API has but one limit.
// Source: https://openrouter.ai/docs/api-reference/limits.
void AppendOpenRouterRates(const ProviderRates& rates, absl::Time now, std::string& lines);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_RATE_PROVIDER_RATES_H_
