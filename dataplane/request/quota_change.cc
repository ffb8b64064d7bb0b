#include "dataplane/request/quota_change.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "dataplane/json/document.h"
#include "dataplane/request/spend_json.h"

namespace tollgate::dataplane {
namespace {

std::optional<std::string> ReadFlag(JsonValue value, const char* wrong, std::optional<bool>& out) {
  if (!value.has_value()) return std::nullopt;
  out = value.boolean();
  if (out.has_value()) return std::nullopt;
  return wrong;
}

}  // namespace

std::optional<std::string> ReadQuotaChange(std::string_view body, QuotaChange& out) {
  if (body.empty()) return std::nullopt;
  JsonDocument document;
  if (!IsValidUtf8(body) || !document.Parse(body) || !document.root().is_object()) {
    return "The body must be a JSON object.";
  }
  const JsonValue root = document.root();
  if (const JsonValue entity = root["quotaEntityId"]; entity.has_value()) {
    if (!entity.is_string()) return "`quotaEntityId` must be a string.";
    out.entity = std::string(entity.string());
  }
  if (const JsonValue limit = root["limitAmount"]; limit.has_value()) {
    const absl::StatusOr<Money> amount = Money::ParseUsd(limit.number());
    if (!amount.ok() || amount->is_negative()) {
      return "`limitAmount` must be an amount of US dollars, zero or more, with at most nine "
             "decimals.";
    }
    out.limit = *amount;
  }
  if (const JsonValue period = root["refreshPeriod"]; period.has_value()) {
    // The first place is that of the period that is not stated.
    const auto name = std::find(kPeriodNames.begin() + 1, kPeriodNames.end(), period.string());
    if (!period.is_string() || name == kPeriodNames.end()) {
      return "`refreshPeriod` must be none, daily, weekly or monthly.";
    }
    out.period = static_cast<int>(name - kPeriodNames.begin());
  }
  if (auto wrong = ReadFlag(root["active"], "`active` must be true or false.", out.active)) {
    return wrong;
  }
  return ReadFlag(root["archived"], "`archived` must be true or false.", out.archived);
}

}  // namespace tollgate::dataplane
