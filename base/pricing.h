// The price arithmetic: quantities × price version → money.
//
// The data plane settles with it and billing recomputes with it, so both get the same
// nano-dollar.  Pure: no clock, no I/O, no floating point.  The compiled form for the data plane's
// hot path is base/compiled_price.h.
//
// How the price of a quantity is found.  A component *applies* to a class when its unit, direction,
// modality, cache class and tier are equal to the class's, and
//   * its variant is empty (any variant) or equal to the quantity's,
//   * its region is empty (any region) or equal to the context's,
//   * its time window is absent (start == end) or contains the UTC minute of `PriceContext::at`;
//     the window is [start, end) and may wrap over midnight,
//   * its context threshold is 0, or the request's total input tokens are strictly greater: then
//     the WHOLE request is priced at it.  Total input = Σ of all token quantities of direction
//     input, cached ones included.
// Of the components that apply, the best wins, compared in this order: its own variant over any
// variant, its own region over any region, a time window over none, the higher threshold, and for
// equal keys the dearer (ValidatePriceVersion() refuses such a version).
//
// When no component applies to the class itself, it falls back, in this order:
//   1. the tier:      batch, flex, priority → standard
//   2. cache class:   read, write 5 min, write 1 h → the same class uncached
//   3. modality:      tokens of image, audio, video, file, reasoning → text of the same direction
// The tier is the innermost loop: "cache read at standard tier" is taken before "uncached at batch
// tier".  So the chain of input audio cache-read tokens at batch tier is audio/read@batch,
// audio/read@standard, audio@batch, audio@standard, text/read@batch, … , text@standard.
// Rules 2 and 3 hold for tokens only.  A request or a search has no direction, modality or cache
// class: these keys are ignored for both.
//
// Nothing found and count > 0 → FailedPrecondition with reason UNPRICED; except requests: a
// version without a per-request component charges nothing per request.
#ifndef TOLLGATE_BASE_PRICING_H_
#define TOLLGATE_BASE_PRICING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/money.h"

namespace tollgate {

// What is counted.
enum class Unit { kToken, kImage, kMegapixel, kSecond, kCharacter, kPage, kRequest, kSearch };

// Whether the caller sent it or the model made it.
enum class Direction { kInput, kOutput };

// What the tokens (or units) stand for.  kReasoning is an output that the caller may not see.
enum class Modality { kText, kImage, kAudio, kVideo, kFile, kReasoning };

// How the provider's prompt cache took part.
enum class CacheClass { kNone, kRead, kWrite5m, kWrite1h };

// The provider's service tier.
enum class ServiceTier { kStandard, kBatch, kFlex, kPriority };

// The stable lower-case names of the values ("token", "input", "write_5m", "standard" …), as used
// in records, JSON and messages.
std::string_view UnitName(Unit unit);
std::string_view DirectionName(Direction direction);
std::string_view ModalityName(Modality modality);
std::string_view CacheClassName(CacheClass cache);
std::string_view ServiceTierName(ServiceTier tier);

// How much of one class a request used.  The classes of one request are disjoint: cached tokens
// are not also counted as uncached, reasoning is not also counted as text.
struct Quantity {
  Unit unit = Unit::kToken;
  Direction direction = Direction::kInput;
  Modality modality = Modality::kText;
  CacheClass cache = CacheClass::kNone;
  std::string variant{};   // Resolution, quality …; empty for tokens.
  std::int64_t count = 0;  // ≥ 0.

  friend bool operator==(const Quantity&, const Quantity&) = default;
};

// The price of one class under stated conditions.
struct PriceComponent {
  Unit unit = Unit::kToken;
  Direction direction = Direction::kInput;
  Modality modality = Modality::kText;
  CacheClass cache = CacheClass::kNone;
  ServiceTier tier = ServiceTier::kStandard;
  // 0 = base.  Otherwise applies to the whole request when its total input tokens are STRICTLY
  // greater than this.
  std::int64_t context_threshold_tokens = 0;
  std::string variant{};  // Empty = any.
  std::string region{};   // Empty = any.
  // Minutes of the UTC day, 0..1439; equal = always.  [start, end), wraps when start > end.
  int utc_start_minute = 0;
  int utc_end_minute = 0;
  std::int64_t price_pico_usd_per_unit = 0;  // ≥ 0, 1e-12 USD.

  friend bool operator==(const PriceComponent&, const PriceComponent&) = default;
};

// An immutable set of prices.  A change of price is a new version with another id.
struct PriceVersion {
  std::string id{};
  absl::Time effective_time{};
  std::vector<PriceComponent> components{};
};

// The conditions of one request.
struct PriceContext {
  ServiceTier tier = ServiceTier::kStandard;
  std::string_view region{};  // Empty = unknown: only components for any region apply.
  absl::Time at{};            // The time recorded for pricing; its UTC minute chooses the window.
};

// Limits of one price version, so that a compiled price stays within some hundred KiB.
inline constexpr std::size_t kPriceComponentsMax = 512;
inline constexpr std::size_t kPriceThresholdsMax = 16;     // Distinct, without the base.
inline constexpr std::size_t kPriceWindowMinutesMax = 48;  // Distinct starts and ends.
// 1e18 pico-USD = a million dollars per unit: with an int64 count, products and their sums stay
// far inside 128 bits.
inline constexpr std::int64_t kPricePicoUsdPerUnitMax = 1'000'000'000'000'000'000;

// InvalidArgument, naming the component, for: empty id, a limit above exceeded, a negative or
// excessive price, a negative threshold, a minute outside 0..1439, an enum value unknown, or two
// components with equal keys.
absl::Status ValidatePriceVersion(const PriceVersion& version);

// Whether `minute` (of the UTC day) is within the component's window.
bool WindowContains(const PriceComponent& component, int minute);

// The minute of the UTC day, 0..1439.
int UtcMinuteOfDay(absl::Time at);

// Σ of all token quantities of direction input; nullopt when a count is negative or it overflows.
std::optional<std::int64_t> TotalInputTokens(std::span<const Quantity> quantities);

// The component that prices `quantity` by the rules above, or nullptr.  `count` is not read.
const PriceComponent* FindComponent(const PriceVersion& version, const Quantity& quantity,
                                    ServiceTier tier, std::string_view region, int utc_minute,
                                    std::int64_t total_input_tokens);

// The charge: Σ count × price in pico-USD at 128 bits, rounded once, half up, to nano-USD.
// InvalidArgument for a negative count; FailedPrecondition (reason UNPRICED) for a quantity without
// a price; OutOfRange when the sum does not fit.
absl::StatusOr<Money> Charge(const PriceVersion& version, std::span<const Quantity> quantities,
                             const PriceContext& context);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_PRICING_H_
