#include "dataplane/request/spend_report.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/string_views.h"
#include "dataplane/http/target.h"
#include "dataplane/json/writer.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::dataplane {
namespace {

using Group = ReportQuery::Group;

constexpr std::pair<std::string_view, Group> kGroups[] = {
    {"day", Group::kDay},           {"user", Group::kUser},
    {"model", Group::kModel},       {"tag", Group::kTag},
    {"provider", Group::kProvider}, {"credential_type", Group::kCredentialType},
    {"api_key_name", Group::kKey},
};

std::string_view GroupName(Group group) {
  if (group == Group::kHour) return "hour";
  for (const auto& [name, value] : kGroups) {
    if (value == group) return name;
  }
  return "day";
}

GatewayError Wrong(std::string_view param, std::string message) {
  GatewayError error;
  error.code = ErrorCode::kInvalidParameter;
  error.param = param;
  error.message = std::move(message);
  return error;
}

std::optional<absl::Time> ReadDay(const std::optional<std::string>& text) {
  absl::Time time;
  if (!text.has_value() || !absl::ParseTime("%Y-%m-%d", *text, &time, nullptr)) return std::nullopt;
  return time;
}

std::string_view CredentialType(const usage::v1::UsageRecord& record) {
  return record.byok() ? "byok" : "system";
}

// Each tag once, without blanks around it.
std::vector<std::string> ReadTags(std::string_view list) {
  std::vector<std::string> tags;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string tag(absl::StripAsciiWhitespace(AbslView(list.substr(0, comma))));
    if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) {
      tags.push_back(std::move(tag));
    }
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return tags;
}

std::string GroupOf(const usage::v1::UsageRecord& record, absl::Time time, Group group) {
  switch (group) {
    case Group::kDay:
      return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
    case Group::kHour:
      return absl::FormatTime("%Y-%m-%dT%H", time, absl::UTCTimeZone());
    case Group::kUser:
      return record.user();
    case Group::kModel:
      return record.model_id();
    case Group::kTag:
      return {};  // It has many.
    case Group::kProvider:
      return record.provider_id();
    case Group::kCredentialType:
      return std::string(CredentialType(record));
    case Group::kKey:
      return record.key_id();
  }
  return {};
}

}  // namespace

std::variant<ReportQuery, GatewayError> ReportQuery::Read(std::string_view path_and_query) {
  const auto parameter = [&](std::string_view name) {
    return QueryParameter(path_and_query, name);
  };
  ReportQuery query;
  const std::optional<absl::Time> start = ReadDay(parameter("start_date"));
  if (!start.has_value()) {
    return Wrong("start_date", "`start_date` must be a day, as in 2026-01-31.");
  }
  const std::optional<absl::Time> end = ReadDay(parameter("end_date"));
  if (!end.has_value() || *end < *start) {
    return Wrong("end_date", "`end_date` must be a day, not before `start_date`.");
  }
  query.start = *start;
  query.end = *end + absl::Hours(24);
  const std::string group = parameter("group_by").value_or("day");
  bool known = false;
  for (const auto& [name, value] : kGroups) {
    if (group != name) continue;
    query.group = value;
    known = true;
  }
  if (!known) {
    return Wrong("group_by",
                 "`group_by` must be one of day, user, model, tag, provider, credential_type and "
                 "api_key_name.");
  }
  const std::string part = parameter("date_part").value_or("day");
  if (part != "day" && part != "hour") {
    return Wrong("date_part", "`date_part` must be day or hour.");
  }
  if (part == "hour" && query.group == Group::kDay) query.group = Group::kHour;
  if (parameter("zero_data_retention").has_value()) {
    return Wrong("zero_data_retention", "`zero_data_retention` is not in the records of requests.");
  }
  const std::string match = parameter("tags_match").value_or("any");
  if (match != "any" && match != "all") {
    return Wrong("tags_match", "`tags_match` must be any or all.");
  }
  query.tags = ReadTags(parameter("tags").value_or(""));
  query.all_tags = match == "all";
  query.user = parameter("user_id").value_or("");
  query.model = parameter("model").value_or("");
  query.provider = parameter("provider").value_or("");
  query.credential_type = parameter("credential_type").value_or("");
  return query;
}

bool SpendReport::IsAskedFor(const usage::v1::UsageRecord& record) const {
  const auto wanted = [](const std::string& filter, std::string_view value) {
    return filter.empty() || filter == value;
  };
  if (!wanted(query_.user, record.user()) || !wanted(query_.model, record.model_id()) ||
      !wanted(query_.provider, record.provider_id()) ||
      !wanted(query_.credential_type, CredentialType(record))) {
    return false;
  }
  if (query_.tags.empty()) return true;
  const auto has = [&](const std::string& tag) {
    return std::find(record.tags().begin(), record.tags().end(), tag) != record.tags().end();
  };
  return query_.all_tags ? std::all_of(query_.tags.begin(), query_.tags.end(), has)
                         : std::any_of(query_.tags.begin(), query_.tags.end(), has);
}

// A generation is told by its last attempt: the one that served, or failed last.
bool SpendReport::Add(const ledger::v1::Generation& generation) {
  if (generation.attempts().empty()) return true;
  const usage::v1::UsageRecord& last = *generation.attempts().rbegin();
  const absl::Time time = absl::FromUnixSeconds(last.request_time().seconds()) +
                          absl::Nanoseconds(last.request_time().nanos());
  if (time < query_.start) return false;
  if (time >= query_.end || !IsAskedFor(last)) return true;
  const auto add = [&](Row& row) {
    ++row.requests;
    for (const usage::v1::UsageRecord& record : generation.attempts()) {
      AddTokens(record, row.tokens);
      row.charge += Money::FromNanoUsd(record.charge_nano_usd());
      row.market += Money::FromNanoUsd(record.market_cost_nano_usd());
    }
  };
  if (query_.group != Group::kTag || last.tags().empty()) {
    add(rows_[GroupOf(last, time, query_.group)]);
    return true;
  }
  for (const std::string& tag : last.tags()) add(rows_[tag]);
  return true;
}

void SpendReport::Append(std::string& out) const {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("results").BeginArray();
  for (const auto& [group, row] : rows_) {
    json.BeginObject();
    json.Member(GroupName(query_.group)).String(group);
    json.Member("total_cost").Raw(row.charge.ToUsdString());
    json.Member("market_cost").Raw(row.market.ToUsdString());
    json.Member("surcharge_cost").Integer(0);
    json.Member("gateway_cost").Raw(row.charge.ToUsdString());
    json.Member("input_tokens").Integer(row.tokens.prompt);
    json.Member("output_tokens").Integer(row.tokens.completion);
    json.Member("cached_input_tokens").Integer(row.tokens.cached);
    json.Member("cache_creation_input_tokens").Integer(row.tokens.cache_creation);
    json.Member("reasoning_tokens").Integer(row.tokens.reasoning);
    json.Member("request_count").Integer(row.requests);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace tollgate::dataplane
