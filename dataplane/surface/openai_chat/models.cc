#include "dataplane/surface/openai_chat/models.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "dataplane/json/writer.h"
#include "dataplane/surface/model_price.h"

namespace tollgate::dataplane {
namespace {

void WriteWords(const std::vector<std::string>& words, JsonWriter& json) {
  json.BeginArray();
  for (const std::string& word : words) json.String(word);
  json.EndArray();
}

// What the model can do, in the words of Vercel's list, by which clients decide what to offer.
void WriteTags(const Model& model, JsonWriter& json) {
  const auto has = [](const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  json.Member("tags").BeginArray();
  for (const std::string& capability : model.capabilities) {
    if (capability == "tools") {
      json.String("tool-use");
    } else if (capability == "structured_output") {
      json.String("structured-output");
    } else if (capability == "reasoning") {
      json.String(capability);
    }
  }
  if (has(model.input_modalities, "image")) json.String("vision");
  if (has(model.input_modalities, "pdf")) json.String("file-input");
  json.EndArray();
}

// Both gateways' names of each price.  Clients take a model to have a cache when it has prices of
// its own for it.
void WritePricing(const Price& price, absl::Time now, JsonWriter& json) {
  const std::string input = ShownPrice(price, &TokenUsage::input_text, now);
  const std::string output = ShownPrice(price, &TokenUsage::output_text, now);
  json.BeginObject();
  json.Member("input").String(input);
  json.Member("output").String(output);
  const std::string read = ShownPrice(price, &TokenUsage::cache_read, now);
  const std::string write = ShownPrice(price, &TokenUsage::cache_write_5m, now);
  if (read != input) json.Member("input_cache_read").String(read);
  if (write != input) json.Member("input_cache_write").String(write);
  json.Member("prompt").String(input);
  json.Member("completion").String(output);
  json.Member("internal_reasoning").String(ShownPrice(price, &TokenUsage::output_reasoning, now));
  json.Member("request").String(ShownPrice(price, &TokenUsage::requests, now));
  json.EndObject();
}

}  // namespace

void WriteOpenAiModel(const ListedModel& listed, absl::Time now, std::string& out) {
  const Model& model = *listed.model;
  const std::int64_t released = ReleaseSeconds(model);
  JsonWriter json(out);
  json.BeginObject();
  json.Member("id").String(listed.name);
  json.Member("object").String("model");
  json.Member("created").Integer(released);
  json.Member("released").Integer(released);
  json.Member("owned_by").String(model.vendor);
  json.Member("name").String(ShownName(model));
  json.Member("display_name").String(ShownName(model));
  json.Member("canonical_slug").String(model.id);
  json.Member("description").String("");
  json.Member("type").String(model.type);
  if (const std::int64_t context = listed.offering->context_tokens_max; context > 0) {
    json.Member("context_window").Integer(context);
    json.Member("context_length").Integer(context);
  }
  if (const std::int64_t output = listed.offering->output_tokens_max; output > 0) {
    json.Member("max_tokens").Integer(output);
  }
  WriteTags(model, json);
  json.Member("modalities").BeginObject();
  json.Member("input");
  WriteWords(model.input_modalities, json);
  json.Member("output");
  WriteWords(model.output_modalities, json);
  json.EndObject();
  json.Member("architecture").BeginObject();
  json.Member("input_modalities");
  WriteWords(model.input_modalities, json);
  json.Member("output_modalities");
  WriteWords(model.output_modalities, json);
  json.EndObject();
  json.Member("pricing");
  WritePricing(*listed.price, now, json);
  json.EndObject();
}

void WriteOpenAiModels(std::span<const ListedModel> models, absl::Time now, std::string& out) {
  out += "{\"object\":\"list\",\"data\":[";
  bool first = true;
  for (const ListedModel& model : models) {
    if (!first) out += ",";
    first = false;
    WriteOpenAiModel(model, now, out);
  }
  out += "],\"has_more\":false}";
}

}  // namespace tollgate::dataplane
