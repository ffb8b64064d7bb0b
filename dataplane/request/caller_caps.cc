#include "dataplane/request/caller_caps.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/string_views.h"
#include "dataplane/ir/text_places.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kPrefix = "x-tollgate-";
constexpr std::string_view kReportingPrefix = "ai-reporting-";

GatewayError Wrong(std::string_view field, std::string_view wanted) {
  GatewayError error;
  error.code = ErrorCode::kInvalidParameter;
  error.param = field;
  error.message =
      absl::StrCat("The header `", AbslView(field), "` must be ", AbslView(wanted), ".");
  return error;
}

std::optional<GatewayError> ReadAmount(std::string_view field, std::string_view value,
                                       std::optional<Money>& out) {
  const absl::StatusOr<Money> amount = Money::ParseUsd(value);
  if (out.has_value() || !amount.ok() || *amount <= Money::Zero()) {
    return Wrong(field, "given once, an amount of US dollars above zero such as 0.05");
  }
  out = *amount;
  return std::nullopt;
}

std::optional<GatewayError> ReadName(std::string_view field, std::string_view value,
                                     std::string& out) {
  if (!out.empty() || !IsValidScopeName(value)) {
    return Wrong(field, "given once, a name of 1 to 256 bytes of UTF-8 without control characters");
  }
  out.assign(value);
  return std::nullopt;
}

bool HasPrefix(std::string_view prefix, std::string_view name) {
  return name.size() > prefix.size() && EqualsIgnoringCase(name.substr(0, prefix.size()), prefix);
}

std::optional<GatewayError> ReadReporting(const HeadField& field, CallerCaps& out) {
  const std::string_view name = field.name.substr(kReportingPrefix.size());
  if (EqualsIgnoringCase(name, "user")) {
    return ReadName("ai-reporting-user", field.value, out.reporting_user);
  }
  if (EqualsIgnoringCase(name, "tags")) {
    if (!out.reporting_tags.empty()) out.reporting_tags += ',';
    out.reporting_tags += field.value;
  }
  return std::nullopt;
}

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

std::optional<GatewayError> ReadCallerCaps(const HeadFields& fields, CallerCaps& out) {
  out.Reset();
  for (const HeadField& field : fields) {
    std::optional<GatewayError> error;
    if (HasPrefix(kReportingPrefix, field.name)) {
      if ((error = ReadReporting(field, out)).has_value()) return error;
      continue;
    }
    if (!HasPrefix(kPrefix, field.name)) continue;
    const std::string_view name = field.name.substr(kPrefix.size());
    if (EqualsIgnoringCase(name, "max-cost")) {
      error = ReadAmount("x-tollgate-max-cost", field.value, out.max_cost);
    } else if (EqualsIgnoringCase(name, "run")) {
      error = ReadName("x-tollgate-run", field.value, out.run);
    } else if (EqualsIgnoringCase(name, "run-max-cost")) {
      error = ReadAmount("x-tollgate-run-max-cost", field.value, out.run_max_cost);
    } else if (EqualsIgnoringCase(name, "quota-entity")) {
      error = ReadName("x-tollgate-quota-entity", field.value, out.quota_entity);
    }
    if (error.has_value()) return error;
  }
  if (out.run_max_cost.has_value() && out.run.empty()) {
    return Wrong("x-tollgate-run-max-cost", "sent together with `x-tollgate-run`");
  }
  return std::nullopt;
}

std::optional<GatewayError> TakeReporting(const CallerCaps& caps, ScannedRequest& scan) {
  if (!scan.reporting_user.empty()) scan.user = scan.reporting_user;
  if (!caps.reporting_user.empty()) scan.user = caps.reporting_user;
  if (scan.tags.empty() && caps.reporting_tags.empty()) return std::nullopt;
  std::string_view rest = caps.reporting_tags;
  while (!rest.empty() && scan.tags.size() <= 2 * kTagsMax) {
    const std::size_t comma = rest.find(',');
    scan.tags.push_back(WithoutBlanks(rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  std::vector<std::string_view> once;
  for (const std::string_view tag : scan.tags) {
    if (std::find(once.begin(), once.end(), tag) == once.end()) once.push_back(tag);
    const std::int64_t characters = ir::CountCharacters(tag);
    if (once.size() > kTagsMax || characters < 1 ||
        characters > static_cast<std::int64_t>(kTagCharactersMax)) {
      GatewayError error;
      error.code = ErrorCode::kInvalidParameter;
      error.param = "tags";
      error.message = absl::StrCat("A request may have ", kTagsMax, " tags of 1 to ",
                                   kTagCharactersMax, " characters.");
      return error;
    }
  }
  scan.tags = std::move(once);
  return std::nullopt;
}

}  // namespace tollgate::dataplane
