#include "dataplane/surface/openrouter/models.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/writer.h"
#include "dataplane/surface/model_price.h"

namespace tollgate::dataplane {
namespace {

// OpenRouter's word for what goes into a model or comes out of it.
std::string_view Modality(const std::string& ours) {
  return ours == "pdf" ? std::string_view("file") : std::string_view(ours);
}

bool Can(const Model& model, std::string_view capability) {
  return std::find(model.capabilities.begin(), model.capabilities.end(), capability) !=
         model.capabilities.end();
}

void WriteModalities(const std::vector<std::string>& ours, JsonWriter& json) {
  json.BeginArray();
  for (const std::string& modality : ours) json.String(Modality(modality));
  json.EndArray();
}

// "text+image->text".
std::string Summary(const Model& model) {
  std::string text;
  for (const auto* side : {&model.input_modalities, &model.output_modalities}) {
    if (side == &model.output_modalities) text += "->";
    for (std::size_t i = 0; i < side->size(); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : "+", AbslView(Modality((*side)[i])));
    }
  }
  return text;
}

void WriteArchitecture(const Model& model, JsonWriter& json) {
  json.BeginObject();
  json.Member("modality").String(Summary(model));
  json.Member("input_modalities");
  WriteModalities(model.input_modalities, json);
  json.Member("output_modalities");
  WriteModalities(model.output_modalities, json);
  json.Member("tokenizer").String("Other");
  json.Member("instruct_type").Null();
  json.EndObject();
}

void WritePricing(const Price& price, absl::Time now, JsonWriter& json) {
  const std::pair<std::string_view, std::int64_t TokenUsage::*> kMembers[] = {
      {"prompt", &TokenUsage::input_text},
      {"completion", &TokenUsage::output_text},
      {"request", &TokenUsage::requests},
      {"image_token", &TokenUsage::input_image},
      {"audio", &TokenUsage::input_audio},
      {"audio_output", &TokenUsage::output_audio},
      {"input_audio_cache", &TokenUsage::input_audio_cache_read},
      {"web_search", &TokenUsage::searches},
      {"internal_reasoning", &TokenUsage::output_reasoning},
      {"input_cache_read", &TokenUsage::cache_read},
      {"input_cache_write", &TokenUsage::cache_write_5m},
      {"input_cache_write_1h", &TokenUsage::cache_write_1h},
  };
  json.BeginObject();
  for (const auto& [name, field] : kMembers) {
    json.Member(name).String(ShownPrice(price, field, now));
  }
  json.EndObject();
}

// What requests to the model may have, as far as the catalog knows.
void WriteParameters(const Model& model, JsonWriter& json) {
  json.BeginArray();
  for (const std::string_view name : {"max_tokens", "max_completion_tokens", "stop"}) {
    json.String(name);
  }
  if (Can(model, "temperature")) json.String("temperature").String("top_p");
  if (Can(model, "tools")) json.String("tools").String("tool_choice");
  if (Can(model, "structured_output")) json.String("response_format").String("structured_outputs");
  if (Can(model, "reasoning")) {
    json.String("reasoning").String("reasoning_effort").String("include_reasoning");
  }
  json.EndArray();
}

void WriteLimit(std::string_view name, std::int64_t tokens, JsonWriter& json) {
  json.Member(name);
  if (tokens > 0) {
    json.Integer(tokens);
  } else {
    json.Null();
  }
}

void WriteModelValue(const ListedModel& listed, absl::Time now, JsonWriter& json) {
  const Model& model = *listed.model;
  const Offering& offering = *listed.offering;
  json.BeginObject();
  json.Member("id").String(listed.name);
  json.Member("canonical_slug").String(model.id);
  json.Member("name").String(ShownName(model));
  json.Member("created").Integer(ReleaseSeconds(model));
  json.Member("description").String("");
  WriteLimit("context_length", offering.context_tokens_max, json);
  json.Member("architecture");
  WriteArchitecture(model, json);
  json.Member("pricing");
  WritePricing(*listed.price, now, json);
  json.Member("top_provider").BeginObject();
  WriteLimit("context_length", offering.context_tokens_max, json);
  WriteLimit("max_completion_tokens", offering.output_tokens_max, json);
  json.Member("is_moderated").Bool(false);
  json.EndObject();
  json.Member("per_request_limits").Null();
  json.Member("supported_parameters");
  WriteParameters(model, json);
  json.Member("default_parameters").Null();
  json.Member("supported_voices").Null();
  json.Member("links").BeginObject();
  json.Member("details").String(absl::StrCat("/api/v1/models/", model.id, "/endpoints"));
  json.EndObject();
  json.EndObject();
}

void WriteEndpoint(const ListedModel& listed, absl::Time now, JsonWriter& json) {
  const Model& model = *listed.model;
  const Offering& offering = *listed.offering;
  const bool tools = Can(model, "tools");
  json.BeginObject();
  json.Member("name").String(absl::StrCat(offering.provider->id, " | ", model.id));
  json.Member("model_id").String(model.id);
  json.Member("model_name").String(ShownName(model));
  json.Member("provider_name").String(offering.provider->id);
  json.Member("tag").String(offering.provider->id);
  json.Member("context_length").Integer(offering.context_tokens_max);
  WriteLimit("max_completion_tokens", offering.output_tokens_max, json);
  json.Member("max_prompt_tokens").Null();
  json.Member("quantization").Null();
  json.Member("pricing");
  WritePricing(*listed.price, now, json);
  json.Member("supported_parameters");
  WriteParameters(model, json);
  json.Member("supports_implicit_caching").Bool(false);
  json.Member("supports_tool_choice").BeginObject();
  for (const std::string_view choice : {"auto", "function", "none", "required"}) {
    json.Member(choice).Bool(tools);
  }
  json.EndObject();
  json.Member("status").Integer(0);
  // Not measured.
  for (const std::string_view figure : {"uptime_last_5m", "uptime_last_30m", "uptime_last_1d",
                                        "latency_last_30m", "throughput_last_30m"}) {
    json.Member(figure).Null();
  }
  json.EndObject();
}

}  // namespace

void WriteOpenRouterModels(std::span<const ListedModel> models, absl::Time now, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("data").BeginArray();
  for (const ListedModel& model : models) WriteModelValue(model, now, json);
  json.EndArray();
  json.Member("total_count").Integer(static_cast<std::int64_t>(models.size()));
  json.Member("links").BeginObject();
  json.Member("next").Null();
  json.EndObject();
  json.EndObject();
}

void WriteOpenRouterModel(const ListedModel& model, absl::Time now, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Member("data");
  WriteModelValue(model, now, json);
  json.EndObject();
}

void WriteOpenRouterEndpoints(std::span<const ListedModel> endpoints, absl::Time now,
                              std::string& out) {
  const ListedModel& first = endpoints.front();
  JsonWriter json(out);
  json.BeginObject();
  json.Member("data").BeginObject();
  json.Member("id").String(first.name);
  json.Member("name").String(ShownName(*first.model));
  json.Member("created").Integer(ReleaseSeconds(*first.model));
  json.Member("description").String("");
  json.Member("architecture");
  WriteArchitecture(*first.model, json);
  json.Member("endpoints").BeginArray();
  for (const ListedModel& endpoint : endpoints) WriteEndpoint(endpoint, now, json);
  json.EndArray();
  json.EndObject();
  json.EndObject();
}

}  // namespace tollgate::dataplane
