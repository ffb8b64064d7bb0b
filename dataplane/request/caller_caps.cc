#include "dataplane/request/caller_caps.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kPrefix = "x-tollgate-";

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

}  // namespace

std::optional<GatewayError> ReadCallerCaps(const HeadFields& fields, CallerCaps& out) {
  out.Reset();
  for (const HeadField& field : fields) {
    if (field.name.size() <= kPrefix.size() ||
        !EqualsIgnoringCase(field.name.substr(0, kPrefix.size()), kPrefix)) {
      continue;
    }
    const std::string_view name = field.name.substr(kPrefix.size());
    std::optional<GatewayError> error;
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

}  // namespace tollgate::dataplane
