#include "dataplane/rate/provider_rates.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

// A number beyond this is none: no account has a quadrillion tokens a minute.
constexpr std::int64_t kCountMax = 1'000'000'000'000'000;
// Limits start anew within a day, monthly ones within a month.
constexpr absl::Duration kResetMax = absl::Hours(24 * 31);

std::optional<std::int64_t> ReadCount(std::string_view text) {
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || rest != text.data() + text.size() || value < 0 ||
      value > kCountMax) {
    return std::nullopt;
  }
  return value;
}

std::optional<absl::Duration> Believable(absl::Duration reset) {
  if (reset > kResetMax) return std::nullopt;
  return std::max(reset, absl::ZeroDuration());
}

// "6m0s", "1.5s", "120ms": the units of absl's durations.
std::optional<absl::Duration> ReadSpan(std::string_view text) {
  absl::Duration span;
  if (!absl::ParseDuration(AbslView(text), &span)) return std::nullopt;
  return Believable(span);
}

std::optional<absl::Duration> ReadUntil(std::string_view text, absl::Time now) {
  absl::Time until;
  if (!absl::ParseTime(absl::RFC3339_full, AbslView(text), &until, nullptr)) return std::nullopt;
  return Believable(until - now);
}

// As OpenAI writes it: "420ms", "12.5s", "6m0s".
void AppendSpan(absl::Duration span, std::string& out) {
  const std::int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(span, absl::Milliseconds(1)));
  if (ms > 0 && ms < 1000) {
    absl::StrAppend(&out, ms, "ms");
    return;
  }
  const std::int64_t minutes = ms / 60'000;
  if (minutes >= 60) absl::StrAppend(&out, minutes / 60, "h");
  if (minutes > 0) absl::StrAppend(&out, minutes % 60, "m");
  absl::StrAppend(&out, ms / 1000 % 60);
  if (ms % 1000 != 0) {
    out += '.';
    for (std::int64_t unit = 100, rest = ms % 1000; rest != 0; rest %= unit, unit /= 10) {
      out += static_cast<char>('0' + rest / unit);
    }
  }
  out += 's';
}

struct Named {
  std::string_view name;
  ProviderRate ProviderRates::*rate;
};
constexpr Named kOpenAi[] = {{"requests", &ProviderRates::requests},
                             {"tokens", &ProviderRates::tokens}};
constexpr Named kAnthropic[] = {{"requests", &ProviderRates::requests},
                                {"tokens", &ProviderRates::tokens},
                                {"input-tokens", &ProviderRates::input_tokens},
                                {"output-tokens", &ProviderRates::output_tokens}};

}  // namespace

ProviderRates ReadOpenAiRates(const HeadFields& fields) {
  ProviderRates rates;
  for (const Named& named : kOpenAi) {
    const auto find = [&](std::string_view what) {
      const std::string name =
          absl::StrCat("x-ratelimit-", AbslView(what), "-", AbslView(named.name));
      return fields.Find(name);
    };
    rates.*named.rate = {ReadCount(find("limit")), ReadCount(find("remaining")),
                         ReadSpan(find("reset"))};
  }
  return rates;
}

void AppendOpenAiRates(const ProviderRates& rates, std::string& lines) {
  for (const Named& named : kOpenAi) {
    const ProviderRate& rate = rates.*named.rate;
    const std::string_view name = named.name;
    if (rate.limit.has_value()) {
      absl::StrAppend(&lines, "x-ratelimit-limit-", AbslView(name), ": ", *rate.limit, "\r\n");
    }
    if (rate.remaining.has_value()) {
      absl::StrAppend(&lines, "x-ratelimit-remaining-", AbslView(name), ": ", *rate.remaining,
                      "\r\n");
    }
    if (rate.reset.has_value()) {
      absl::StrAppend(&lines, "x-ratelimit-reset-", AbslView(name), ": ");
      AppendSpan(*rate.reset, lines);
      lines += "\r\n";
    }
  }
}

ProviderRates ReadAnthropicRates(const HeadFields& fields, absl::Time now) {
  ProviderRates rates;
  for (const Named& named : kAnthropic) {
    const auto find = [&](std::string_view what) {
      const std::string name =
          absl::StrCat("anthropic-ratelimit-", AbslView(named.name), "-", AbslView(what));
      return fields.Find(name);
    };
    rates.*named.rate = {ReadCount(find("limit")), ReadCount(find("remaining")),
                         ReadUntil(find("reset"), now)};
  }
  return rates;
}

void AppendAnthropicRates(const ProviderRates& rates, absl::Time now, std::string& lines) {
  for (const Named& named : kAnthropic) {
    const ProviderRate& rate = rates.*named.rate;
    const std::string prefix = absl::StrCat("anthropic-ratelimit-", AbslView(named.name), "-");
    if (rate.limit.has_value()) absl::StrAppend(&lines, prefix, "limit: ", *rate.limit, "\r\n");
    if (rate.remaining.has_value()) {
      absl::StrAppend(&lines, prefix, "remaining: ", *rate.remaining, "\r\n");
    }
    if (rate.reset.has_value()) {
      absl::StrAppend(
          &lines, prefix, "reset: ",
          absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Ceil(*rate.reset, absl::Seconds(1)) + now,
                           absl::UTCTimeZone()),
          "\r\n");
    }
  }
}

void AppendOpenRouterRates(const ProviderRates& rates, absl::Time now, std::string& lines) {
  const ProviderRate& rate = rates.requests.empty() ? rates.tokens : rates.requests;
  if (rate.limit.has_value()) absl::StrAppend(&lines, "x-ratelimit-limit: ", *rate.limit, "\r\n");
  if (rate.remaining.has_value()) {
    absl::StrAppend(&lines, "x-ratelimit-remaining: ", *rate.remaining, "\r\n");
  }
  if (rate.reset.has_value()) {
    absl::StrAppend(&lines, "x-ratelimit-reset: ", absl::ToUnixMillis(now + *rate.reset), "\r\n");
  }
}

}  // namespace tollgate::dataplane
