#include "dataplane/surface/anthropic_messages/models.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "dataplane/http/target.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/model_price.h"

namespace tollgate::dataplane {
namespace {

// Anthropic's own.
constexpr std::size_t kPageDefault = 20;
constexpr std::size_t kPageMax = 1000;

// 0 = not from 1 to kPageMax.
std::size_t ReadLimit(const std::string& text) {
  std::size_t limit = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, limit);
  return error == std::errc() && rest == end && limit <= kPageMax ? limit : 0;
}

void WriteTokensMax(std::string_view name, std::int64_t tokens, JsonWriter& json) {
  json.Member(name);
  if (tokens > 0) {
    json.Integer(tokens);
  } else {
    json.Null();
  }
}

void WriteId(std::string_view name, std::span<const ListedModel> page, bool last,
             JsonWriter& json) {
  json.Member(name);
  if (page.empty()) {
    json.Null();
  } else {
    json.String(last ? page.back().name : page.front().name);
  }
}

}  // namespace

void WriteMessagesModel(const ListedModel& listed, std::string& out) {
  const Model& model = *listed.model;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("type").String("model");
  json.Member("id").String(listed.name);
  json.Member("lifecycle").String("active");
  json.Member("display_name").String(ShownName(model));
  json.Member("created_at")
      .String(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(ReleaseSeconds(model)),
                               absl::UTCTimeZone()));
  json.Member("deprecated_at").Null();
  json.Member("capabilities").Null();
  WriteTokensMax("max_input_tokens", listed.offering->context_tokens_max, json);
  WriteTokensMax("max_tokens", listed.offering->output_tokens_max, json);
  json.EndObject();
}

std::optional<GatewayError> WriteMessagesModels(std::span<const ListedModel> models,
                                                const ModelListQuery& query, std::string& out) {
  std::size_t limit = kPageDefault;
  if (const auto text = QueryParameter(query.path_and_query, "limit"); text.has_value()) {
    limit = ReadLimit(*text);
    if (limit == 0) return WrongType("limit", absl::StrCat("a number from 1 to ", kPageMax));
  }
  const auto after = QueryParameter(query.path_and_query, "after_id");
  const auto before = QueryParameter(query.path_and_query, "before_id");
  if (after.has_value() && before.has_value()) {
    return Fault(ErrorCode::kInvalidParameter, "before_id",
                 "`after_id` and `before_id` cannot be asked for together.");
  }
  std::size_t begin = 0;
  std::size_t end = std::min(models.size(), limit);
  if (after.has_value() || before.has_value()) {
    const std::string& id = after.has_value() ? *after : *before;
    const auto at = std::find_if(models.begin(), models.end(),
                                 [&](const ListedModel& model) { return model.name == id; });
    if (at == models.end()) {
      return Fault(ErrorCode::kInvalidParameter, after.has_value() ? "after_id" : "before_id",
                   "There is no such model in the list.");
    }
    const std::size_t place = static_cast<std::size_t>(at - models.begin());
    begin = after.has_value() ? place + 1 : place - std::min(place, limit);
    end = after.has_value() ? std::min(models.size(), begin + limit) : place;
  }
  const std::span<const ListedModel> page = models.subspan(begin, end - begin);
  // More in the direction in which the client goes.
  const bool more = before.has_value() ? begin > 0 : end < models.size();
  out += "{\"data\":[";
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (i > 0) out += ",";
    WriteMessagesModel(page[i], out);
  }
  out += "],";
  std::string rest;
  JsonWriter json(rest);
  json.BeginObject();
  json.Member("has_more").Bool(more);
  WriteId("first_id", page, false, json);
  WriteId("last_id", page, true, json);
  json.EndObject();
  out.append(rest, 1);  // Its members.
  return std::nullopt;
}

}  // namespace tollgate::dataplane
