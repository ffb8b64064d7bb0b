// A price version made ready for the hot path: each class resolved once to a flat array, so that
// charging a request is a few multiplications and no allocation.
//
// Equal to Charge() of base/pricing.h to the nano-dollar: CompiledPrice::Charge(usage, at) ==
// Charge(version, ToQuantities(usage), {tier, region, at}) wherever the latter is not an error.
//
//   TG_ASSIGN_OR_RETURN(CompiledPrice price, CompiledPrice::Create(version, tier, region));
//   Money hold = price.UpperBound(input_tokens_max, output_tokens_max);
//   Money cost = price.Charge(usage, started_at);
#ifndef TOLLGATE_BASE_COMPILED_PRICE_H_
#define TOLLGATE_BASE_COMPILED_PRICE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/money.h"
#include "base/pricing.h"

namespace tollgate {

// What a token-priced request used.  The fields are disjoint: input_text excludes every cached
// token, output_text excludes reasoning.  All ≥ 0.
struct TokenUsage {
  std::int64_t input_text = 0;
  std::int64_t input_image = 0;
  std::int64_t input_audio = 0;
  std::int64_t input_video = 0;
  std::int64_t input_file = 0;
  std::int64_t cache_read = 0;      // Text.
  std::int64_t cache_write_5m = 0;  // Text.
  std::int64_t cache_write_1h = 0;  // Text.
  std::int64_t input_audio_cache_read = 0;
  std::int64_t output_text = 0;
  std::int64_t output_reasoning = 0;
  std::int64_t output_audio = 0;
  std::int64_t output_image = 0;
  std::int64_t requests = 0;  // 1 for a request that the provider served.
  std::int64_t searches = 0;

  friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

// What a price rule makes of list prices: all of them times `ppm` / 1,000,000.  Costs are rounded
// once, after it.
struct PriceFactor {
  std::int64_t ppm = 1'000'000;  // 0..kPriceFactorPpmMax.

  friend bool operator==(const PriceFactor&, const PriceFactor&) = default;
};
inline constexpr std::int64_t kPriceFactorPpmMax = 11'000'000;

// Number of fields of TokenUsage.
inline constexpr std::size_t kTokenUsageClasses = 15;

// What a field of TokenUsage counts, as the keys of a Quantity.
struct TokenClass {
  std::int64_t TokenUsage::*field;
  Unit unit = Unit::kToken;
  Direction direction = Direction::kInput;
  Modality modality = Modality::kText;
  CacheClass cache = CacheClass::kNone;
};

// Of each field, in the order of the fields.
inline constexpr std::array<TokenClass, kTokenUsageClasses> kTokenClasses = {{
    {.field = &TokenUsage::input_text},
    {.field = &TokenUsage::input_image, .modality = Modality::kImage},
    {.field = &TokenUsage::input_audio, .modality = Modality::kAudio},
    {.field = &TokenUsage::input_video, .modality = Modality::kVideo},
    {.field = &TokenUsage::input_file, .modality = Modality::kFile},
    {.field = &TokenUsage::cache_read, .cache = CacheClass::kRead},
    {.field = &TokenUsage::cache_write_5m, .cache = CacheClass::kWrite5m},
    {.field = &TokenUsage::cache_write_1h, .cache = CacheClass::kWrite1h},
    {.field = &TokenUsage::input_audio_cache_read,
     .modality = Modality::kAudio,
     .cache = CacheClass::kRead},
    {.field = &TokenUsage::output_text, .direction = Direction::kOutput},
    {.field = &TokenUsage::output_reasoning,
     .direction = Direction::kOutput,
     .modality = Modality::kReasoning},
    {.field = &TokenUsage::output_audio,
     .direction = Direction::kOutput,
     .modality = Modality::kAudio},
    {.field = &TokenUsage::output_image,
     .direction = Direction::kOutput,
     .modality = Modality::kImage},
    {.field = &TokenUsage::requests, .unit = Unit::kRequest},
    {.field = &TokenUsage::searches, .unit = Unit::kSearch},
}};

// Calls `visit(const TokenClass&, std::int64_t count)` for each non-zero field, in field order.
template <typename Visit>
void ForEachTokenClass(const TokenUsage& usage, Visit visit) {
  for (const TokenClass& token_class : kTokenClasses) {
    const std::int64_t count = usage.*token_class.field;
    if (count != 0) visit(token_class, count);
  }
}

// The same as quantities.
std::vector<Quantity> ToQuantities(const TokenUsage& usage);

// Immutable after construction; safe to share between threads.
class CompiledPrice {
 public:
  // Compiles `version` for one tier and region.  The error of ValidatePriceVersion(), or
  // FailedPrecondition (reason UNPRICED) when text input has no price: a model without a price is
  // refused, not free.
  static absl::StatusOr<CompiledPrice> Create(const PriceVersion& version, ServiceTier tier,
                                              std::string_view region);

  // Id of the price version.
  const std::string& version_id() const { return version_id_; }

  // Whether text output has a price in every band and window.  Without one (an embedding model) a
  // request that makes output must be refused at planning.
  bool prices_output() const { return prices_output_; }

  // OK when every non-zero field has a price at `at`; else what Charge() of base/pricing.h returns
  // for it: InvalidArgument for a negative count, FailedPrecondition with reason UNPRICED.
  absl::Status CheckPriced(const TokenUsage& usage, absl::Time at) const;

  // The cost at the recorded time `at`.  Total: never fails, for it settles what a peer reported.
  // A negative count is taken as 0; a class without a price adds 0 (see CheckPriced()); a cost
  // beyond the range of Money saturates at Money::Max().
  Money Charge(const TokenUsage& usage, absl::Time at, PriceFactor factor = {}) const;

  // A bound from above, at any time of day, of the cost of every usage with Σ input fields ≤
  // input_tokens_max, Σ output fields ≤ output_tokens_max, requests ≤ 1 and searches ≤
  // searches_max: the dearest input class (cache writes included), the dearest output class, the
  // per-request price, over all windows and all thresholds that input_tokens_max can exceed.
  // Saturates; negative arguments count as 0.
  Money UpperBound(std::int64_t input_tokens_max, std::int64_t output_tokens_max,
                   std::int64_t searches_max = 0, PriceFactor factor = {}) const;

  // What `output_tokens` more can cost at most, rounded up, so that UpperBound(i, a) +
  // OutputBound(b, i) ≥ UpperBound(i, a + b): a hold extended piece by piece stays a bound.
  // `input_tokens_max` is the request's bound; by default every threshold counts.
  Money OutputBound(std::int64_t output_tokens,
                    std::int64_t input_tokens_max = std::numeric_limits<std::int64_t>::max(),
                    PriceFactor factor = {}) const;

  // The most output tokens with OutputBound(tokens, input_tokens_max) ≤ left; 0 when left ≤ 0;
  // the maximum of int64 when output is free.
  std::int64_t OutputTokensAffordable(
      Money left, std::int64_t input_tokens_max = std::numeric_limits<std::int64_t>::max(),
      PriceFactor factor = {}) const;

 private:
  using Prices = std::array<std::int64_t, kTokenUsageClasses>;  // pico-USD; kUnpriced = none.

  // Dearest prices over all windows and over this band and all lower ones.
  struct Dearest {
    std::int64_t input = 0;
    std::int64_t output = 0;
    std::int64_t request = 0;
    std::int64_t search = 0;
  };

  CompiledPrice() = default;

  std::size_t BandOf(std::int64_t total_input_tokens) const;
  const Prices& PricesAt(std::int64_t total_input_tokens, absl::Time at) const;

  std::string version_id_;
  bool prices_output_ = false;
  // A band is a range of total input tokens between two thresholds; band 0 is the base.
  // Ascending; size = bands - 1.
  std::vector<std::int64_t> thresholds_;
  // Ascending minutes of the day at which some window starts or ends; the first is always 0.
  std::vector<int> segment_starts_;
  std::vector<Prices> prices_;    // [segment * bands + band].
  std::vector<Dearest> dearest_;  // [band].
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_COMPILED_PRICE_H_
