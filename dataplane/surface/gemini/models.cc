#include "dataplane/surface/gemini/models.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/http/target.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

constexpr std::size_t kPageUsual = 50;
constexpr std::size_t kPageMax = 1000;

void WriteModel(const ListedModel& listed, JsonWriter& json) {
  const Model& model = *listed.model;
  json.BeginObject();
  json.Member("name").String(absl::StrCat("models/", AbslView(listed.name)));
  json.Member("baseModelId").String(model.id);
  json.Member("version").String(model.release_date.empty() ? "1" : model.release_date);
  json.Member("displayName").String(model.display_name.empty() ? model.id : model.display_name);
  if (model.context_tokens_max > 0) {
    json.Member("inputTokenLimit").Integer(model.context_tokens_max);
  }
  if (model.output_tokens_max > 0) {
    json.Member("outputTokenLimit").Integer(model.output_tokens_max);
  }
  json.Member("supportedGenerationMethods").BeginArray();
  if (model.type.empty() || model.type == "language") {
    json.String("generateContent");
    json.String("countTokens");
  }
  json.EndArray();
  const auto& can = model.capabilities;
  json.Member("thinking").Bool(std::find(can.begin(), can.end(), "reasoning") != can.end());
  json.EndObject();
}

}  // namespace

std::optional<GatewayError> AppendGeminiModels(std::span<const ListedModel> models,
                                               const ModelListQuery& query, std::string& out) {
  std::size_t size = kPageUsual;
  if (const auto asked = QueryParameter(query.path_and_query, "pageSize");
      asked.has_value() && !asked->empty() && !absl::SimpleAtoi(*asked, &size)) {
    return WrongType("pageSize", "a number");
  }
  size = size == 0 ? kPageUsual : std::min(size, kPageMax);
  std::size_t begin = 0;
  if (const auto token = QueryParameter(query.path_and_query, "pageToken");
      token.has_value() && !token->empty()) {
    while (begin < models.size() && models[begin].name != *token) ++begin;
    if (begin == models.size()) return WrongType("pageToken", "a token of the page before");
    ++begin;
  }
  const std::span<const ListedModel> page =
      models.subspan(begin, std::min(size, models.size() - begin));
  JsonWriter json(out);
  json.BeginObject();
  json.Member("models").BeginArray();
  for (const ListedModel& model : page) WriteModel(model, json);
  json.EndArray();
  if (begin + page.size() < models.size()) json.Member("nextPageToken").String(page.back().name);
  json.EndObject();
  return std::nullopt;
}

void AppendGeminiModel(const ListedModel& model, std::string& out) {
  JsonWriter json(out);
  WriteModel(model, json);
}

}  // namespace tollgate::dataplane
