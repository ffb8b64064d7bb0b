// Prices and price components as text, exactly: never through floating point.
//
// Sources state prices as decimal numbers of US dollars per token, per million tokens or per other
// unit ("0.15", "1.5e-07"); the catalog keeps integer pico-US-dollars (1e-12 USD) per unit.
#ifndef TOLLGATE_CATALOG_PRICE_PRICE_TEXT_H_
#define TOLLGATE_CATALOG_PRICE_PRICE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/pricing.h"

namespace tollgate::catalog {

// What a stated number counts: 10^x pico-USD per unit make one of it.
inline constexpr int kUsdPerUnit = 12;         // USD per token, image, second …
inline constexpr int kUsdPerMillionUnits = 6;  // USD per million tokens.
inline constexpr int kUsdPerMillionth = 18;    // USD per pixel, for a price per megapixel.

// Longest number that is read: far above what a double prints.
inline constexpr std::size_t kPriceTextCharsMax = 64;

struct ParsedPrice {
  std::int64_t pico_usd_per_unit = 0;
  bool rounded = false;  // The number was finer than 1 pico-USD; rounded half up.
};

// Reads a JSON number (RFC 8259 section 6, so "1e-07" too) times 10^scale pico-USD, rounded half up
// to whole pico-USD.  InvalidArgument for what is no such number, is negative, or is positive and
// rounds to zero, for that would make a priced unit free; OutOfRange above
// kPricePicoUsdPerUnitMax.
absl::StatusOr<ParsedPrice> ParsePrice(std::string_view number, int scale);

// The shortest exact decimal of US dollars per unit: 150'000 → "0.00000015".
std::string FormatUsdPerUnit(std::int64_t pico_usd_per_unit);

// The same per million units: 150'000 → "0.15".
std::string FormatUsdPerMillionUnits(std::int64_t pico_usd_per_unit);

// FormatUsdPerMillionUnits() for tokens and characters, FormatUsdPerUnit() for all other units: how
// people state prices.
std::string FormatCustomary(const PriceComponent& component);
bool IsStatedPerMillion(Unit unit);

// The keys of a component as words separated by blanks, in this order, defaults left out:
//
//   per_image per_megapixel per_second per_character per_page per_request per_search  (token)
//   input output                                          (left out for requests and searches)
//   image audio video file reasoning                      (text)
//   cache_read cache_write_5m cache_write_1h              (none)
//   batch flex priority                                   (standard)
//   >200000          context threshold in tokens
//   variant=hd       region=eu       utc=00:30-08:30
//
// for example "input", "output reasoning", "input cache_read >200000", "per_image output image
// variant=hd/1024x1024".  The price is not part of it.
std::string ComponentKey(const PriceComponent& component);

// Inverts ComponentKey(); the price is 0.  InvalidArgument for an unknown or repeated word or one
// that is out of order.
absl::StatusOr<PriceComponent> ParseComponentKey(std::string_view key);

// Variants and regions: 1 to 64 of A-Z a-z 0-9 . _ / : -
bool IsValidVariant(std::string_view text);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_PRICE_PRICE_TEXT_H_
