#include "base/money.h"

#include <array>
#include <charconv>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr std::size_t kDecimals = 9;

absl::Status NotAnAmount(std::string_view text) {
  // The text may come from anywhere; show no more of it than an amount could need.
  return absl::InvalidArgumentError(
      absl::StrCat("'", AbslView(text.substr(0, 40)),
                   "' is not an amount in US dollars: write for example 12.34, with at most ",
                   kDecimals, " decimals"));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// |nano| without undefined behaviour at the minimum.
std::uint64_t Magnitude(std::int64_t nano) {
  return nano < 0 ? 0 - static_cast<std::uint64_t>(nano) : static_cast<std::uint64_t>(nano);
}

}  // namespace

absl::StatusOr<Money> Money::ParseUsd(std::string_view text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  const std::size_t point = rest.find('.');
  const std::string_view whole = rest.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : rest.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()) ||
      fraction.size() > kDecimals) {
    return NotAnAmount(text);
  }
  // Accumulates negatively: the minimum has no positive counterpart.
  std::int64_t nano = 0;
  bool fits = true;
  const auto take = [&](int digit) {
    fits = fits && !__builtin_mul_overflow(nano, std::int64_t{10}, &nano) &&
           !__builtin_sub_overflow(nano, std::int64_t{digit}, &nano);
  };
  for (char c : whole) {
    if (!IsDigit(c)) return NotAnAmount(text);
    take(c - '0');
  }
  for (std::size_t i = 0; i < kDecimals; ++i) {
    const char c = i < fraction.size() ? fraction[i] : '0';
    if (!IsDigit(c)) return NotAnAmount(text);
    take(c - '0');
  }
  if (!negative) fits = fits && !__builtin_sub_overflow(std::int64_t{0}, nano, &nano);
  if (!fits) {
    return absl::OutOfRangeError(
        absl::StrCat("'", AbslView(text.substr(0, 40)), "' US dollars is too large an amount"));
  }
  return Money(nano);
}

std::string Money::ToUsdString() const {
  std::string text = ToFixedUsdString();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Money::ToFixedUsdString() const {
  const std::uint64_t magnitude = Magnitude(nano_usd_);
  std::array<char, 32> text;  // A sign, 10 digits, the point and 9 decimals at most.
  char* end = text.data();
  if (nano_usd_ < 0) *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), magnitude / kNanoUsdPerUsd).ptr;
  *end++ = '.';
  std::uint64_t rest = magnitude % kNanoUsdPerUsd;
  for (int i = 8; i >= 0; --i, rest /= 10) end[i] = static_cast<char>('0' + rest % 10);
  return std::string(text.data(), end + 9);
}

std::optional<Money> Money::TryAdd(Money other) const {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(nano_usd_, other.nano_usd_, &sum)) return std::nullopt;
  return Money(sum);
}

std::optional<Money> Money::TrySubtract(Money other) const {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(nano_usd_, other.nano_usd_, &difference)) return std::nullopt;
  return Money(difference);
}

std::optional<Money> Money::TryMultiply(std::int64_t factor) const {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(nano_usd_, factor, &product)) return std::nullopt;
  return Money(product);
}

Money operator+(Money a, Money b) {
  const std::optional<Money> sum = a.TryAdd(b);
  CHECK(sum.has_value()) << a << " + " << b << " overflows";
  return *sum;
}

Money operator-(Money a, Money b) {
  const std::optional<Money> difference = a.TrySubtract(b);
  CHECK(difference.has_value()) << a << " - " << b << " overflows";
  return *difference;
}

Money Money::operator-() const { return Money() - *this; }

}  // namespace tollgate
