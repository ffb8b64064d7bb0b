#include "base/config_value.h"

#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "base/utf8.h"

namespace tollgate {
namespace {

bool IsScalar(const ConfigValue& value) { return value.kind == ConfigValue::Kind::kScalar; }

// The whole of `text` as a decimal integer.
std::optional<std::int64_t> WholeInt(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <typename T>
std::optional<std::string> ConvertAny(const ConfigValue& value, T& out) {
  std::int64_t number = 0;
  std::optional<std::string> objection =
      ConvertInt(value, {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()}, number);
  if (!objection.has_value()) out = static_cast<T>(number);
  return objection;
}

}  // namespace

std::optional<std::string> ConvertValue(const ConfigValue& value, std::string& out) {
  if (!IsScalar(value)) return "must be text";
  out = value.scalar;
  return std::nullopt;
}

std::optional<std::string> ConvertValue(const ConfigValue& value, bool& out) {
  if (!IsScalar(value) || value.quoted || (value.scalar != "true" && value.scalar != "false")) {
    return "must be true or false";
  }
  out = value.scalar == "true";
  return std::nullopt;
}

std::optional<std::string> ConvertInt(const ConfigValue& value, IntRange range, std::int64_t& out) {
  const std::optional<std::int64_t> number =
      IsScalar(value) && !value.quoted ? WholeInt(value.scalar) : std::nullopt;
  if (!number.has_value() || *number < range.min || *number > range.max) {
    const bool whole_range = range.min == std::numeric_limits<std::int64_t>::min() &&
                             range.max == std::numeric_limits<std::int64_t>::max();
    return whole_range ? std::string("must be an integer")
                       : absl::StrCat("must be an integer ", range.min, "..", range.max);
  }
  out = *number;
  return std::nullopt;
}

std::optional<std::string> ConvertValue(const ConfigValue& value, int& out) {
  return ConvertAny(value, out);
}
std::optional<std::string> ConvertValue(const ConfigValue& value, std::int64_t& out) {
  return ConvertAny(value, out);
}
std::optional<std::string> ConvertValue(const ConfigValue& value, std::uint16_t& out) {
  return ConvertAny(value, out);
}
std::optional<std::string> ConvertValue(const ConfigValue& value, std::uint32_t& out) {
  return ConvertAny(value, out);
}

std::optional<std::string> ConvertValue(const ConfigValue& value, absl::Duration& out) {
  absl::StatusOr<absl::Duration> parsed = ParseConfigDuration(value.scalar);
  if (!IsScalar(value) || !parsed.ok()) return "must be a duration such as 250ms, 10s or 5m";
  out = *parsed;
  return std::nullopt;
}

std::optional<std::string> ConvertValue(const ConfigValue& value, ByteSize& out) {
  absl::StatusOr<ByteSize> parsed = ParseByteSize(value.scalar);
  if (!IsScalar(value) || !parsed.ok()) return "must be a size such as 512, 64KiB or 4MiB";
  out = *parsed;
  return std::nullopt;
}

std::optional<std::string> ConvertValue(const ConfigValue& value, HostPort& out) {
  absl::StatusOr<HostPort> parsed = ParseHostPort(value.scalar);
  if (!IsScalar(value) || !parsed.ok()) return "must be an address such as 127.0.0.1:8080";
  out = *std::move(parsed);
  return std::nullopt;
}

std::optional<std::string> ConvertValue(const ConfigValue& value, std::vector<std::string>& out) {
  constexpr char kMustBe[] = "must be a list of texts";
  if (value.kind != ConfigValue::Kind::kList) return kMustBe;
  std::vector<std::string> texts;
  for (const ConfigValue& item : value.items) {
    if (!IsScalar(item) || IsNull(item)) return kMustBe;
    texts.push_back(item.scalar);
  }
  out = std::move(texts);
  return std::nullopt;
}

bool IsNull(const ConfigValue& value) {
  return value.kind == ConfigValue::Kind::kNull ||
         (IsScalar(value) && !value.quoted &&
          (value.scalar.empty() || value.scalar == "~" || value.scalar == "null"));
}

std::string Describe(const ConfigValue& value) {
  constexpr std::size_t kShownBytesMax = 60;
  switch (value.kind) {
    case ConfigValue::Kind::kScalar:
      return absl::StrCat("'", RepairUtf8(value.scalar, kShownBytesMax), "'");
    case ConfigValue::Kind::kList:
      return "a list";
    case ConfigValue::Kind::kMap:
      return "a map";
    case ConfigValue::Kind::kNull:
      break;
  }
  return "nothing";
}

absl::StatusOr<absl::Duration> ParseConfigDuration(std::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(AbslView(text), &duration) || duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", AbslView(text), "' is not a duration such as 250ms, 10s or 5m"));
  }
  return duration;
}

absl::StatusOr<ByteSize> ParseByteSize(std::string_view text) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {{"KiB", std::uint64_t{1} << 10},
                                                                   {"MiB", std::uint64_t{1} << 20},
                                                                   {"GiB", std::uint64_t{1} << 30}};
  std::string_view digits = text;
  std::uint64_t factor = 1;
  for (const auto& [suffix, bytes] : kUnits) {
    if (!digits.ends_with(suffix)) continue;
    digits.remove_suffix(suffix.size());
    factor = bytes;
    break;
  }
  const std::optional<std::int64_t> number = WholeInt(digits);
  ByteSize size;
  if (!number.has_value() || *number < 0 ||
      __builtin_mul_overflow(static_cast<std::uint64_t>(*number), factor, &size.bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", AbslView(text), "' is not a size such as 512, 64KiB or 4MiB"));
  }
  return size;
}

}  // namespace tollgate
