// An amount of money in nano-US-dollars (1e-9 USD), as a 64-bit integer: ±9.2 billion dollars.
//
// All money in the system is this type.  There is no conversion from or to floating point.
#ifndef TOLLGATE_BASE_MONEY_H_
#define TOLLGATE_BASE_MONEY_H_

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace tollgate {

inline constexpr std::int64_t kNanoUsdPerUsd = 1'000'000'000;

class Money {
 public:
  constexpr Money() = default;  // Zero.
  static constexpr Money FromNanoUsd(std::int64_t nano_usd) { return Money(nano_usd); }
  static constexpr Money Zero() { return Money(0); }
  static constexpr Money Max() { return Money(std::numeric_limits<std::int64_t>::max()); }

  // Reads a decimal such as "12.34", "-1.5" or "0.000000001", exactly.  InvalidArgument for
  // anything else: no digits before the point, more than 9 decimals, exponent, plus sign, blanks,
  // thousands separators.  OutOfRange when it does not fit.
  static absl::StatusOr<Money> ParseUsd(std::string_view text);

  constexpr std::int64_t nano_usd() const { return nano_usd_; }
  constexpr bool is_zero() const { return nano_usd_ == 0; }
  constexpr bool is_negative() const { return nano_usd_ < 0; }

  // The shortest exact decimal of dollars: "5", "0.0000075", "-1.5".  ParseUsd() inverts it.
  std::string ToUsdString() const;

  // With all nine decimals: "5.000000000".
  std::string ToFixedUsdString() const;

  // Sum, difference and product; nullopt when the result does not fit.
  std::optional<Money> TryAdd(Money other) const;
  std::optional<Money> TrySubtract(Money other) const;
  std::optional<Money> TryMultiply(std::int64_t factor) const;

  // CHECKs against overflow: for amounts already known to be bounded.
  friend Money operator+(Money a, Money b);
  friend Money operator-(Money a, Money b);
  Money operator-() const;
  Money& operator+=(Money other) { return *this = *this + other; }
  Money& operator-=(Money other) { return *this = *this - other; }

  friend constexpr auto operator<=>(Money, Money) = default;

  // Prints ToUsdString(), for CHECK and test messages.
  friend std::ostream& operator<<(std::ostream& out, Money money) {
    return out << money.ToUsdString();
  }
  template <typename H>
  friend H AbslHashValue(H h, Money money) {
    return H::combine(std::move(h), money.nano_usd_);
  }

 private:
  explicit constexpr Money(std::int64_t nano_usd) : nano_usd_(nano_usd) {}

  std::int64_t nano_usd_ = 0;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_MONEY_H_
