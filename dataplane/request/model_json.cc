#include "dataplane/request/model_json.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {
namespace {

// Reads a class's price out of a compiled one: what a thousand units cost in nano-USD is what one
// costs in pico-USD, and a thousand are below every context threshold that is sold.
std::int64_t PicoUsdPerUnit(const Price& price, std::int64_t TokenUsage::*field, absl::Time now) {
  TokenUsage usage;
  usage.*field = 1000;
  return price.compiled.Charge(usage, now).nano_usd();
}

// The cheapest offering of a model that the caller can reach; nullptr when there is none.
struct Reach {
  const Offering* offering = nullptr;
  const Price* price = nullptr;
};
Reach CheapestOf(const Snapshot& snapshot, const Principal* principal, const Model& model,
                 absl::Time now) {
  Reach best;
  for (const Offering* offering : model.offerings) {
    if (FormatOf(offering->provider->format) == nullptr) continue;
    const Price* price = offering->PriceAt(now);
    if (price == nullptr) continue;
    const Catalog& catalog = snapshot.catalog();
    const bool reachable =
        !catalog.CredentialsOf(offering->provider->id, "").empty() ||
        (principal != nullptr &&
         !catalog.CredentialsOf(offering->provider->id, principal->workspace_id()).empty());
    if (!reachable) continue;
    if (best.price == nullptr || price->rank_pico_usd < best.price->rank_pico_usd) {
      best = {offering, price};
    }
  }
  return best;
}

void AppendStrings(const std::vector<std::string>& values, std::string& out) {
  out += "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ",";
    AppendJsonString(out, values[i]);
  }
  out += "]";
}

void AppendPricing(const Price& price, absl::Time now, std::string& out) {
  const std::string input = UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::input_text, now));
  const std::string output = UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::output_text, now));
  const std::string read = UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::cache_read, now));
  const std::string write = UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::cache_write_5m, now));
  const std::string reasoning =
      UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::output_reasoning, now));
  const std::string request = UsdPerUnit(PicoUsdPerUnit(price, &TokenUsage::requests, now));
  absl::StrAppend(&out, "{\"input\":\"", input, "\",\"output\":\"", output);
  absl::StrAppend(&out, "\",\"input_cache_read\":\"", read, "\",\"input_cache_write\":\"", write);
  absl::StrAppend(&out, "\",\"prompt\":\"", input, "\",\"completion\":\"", output);
  absl::StrAppend(&out, "\",\"internal_reasoning\":\"", reasoning, "\",\"request\":\"", request,
                  "\"}");
}

std::int64_t UnixSeconds(const std::string& date) {
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d", date, &time, nullptr)) return 0;
  return absl::ToUnixSeconds(time);
}

// Appends a model under the name by which it is called.
void AppendModel(const Model& model, std::string_view name, const Reach& reach, absl::Time now,
                 std::string& out) {
  const std::int64_t released = UnixSeconds(model.release_date);
  out += "{\"id\":";
  AppendJsonString(out, name);
  absl::StrAppend(&out, ",\"object\":\"model\",\"created\":", released, ",\"released\":", released,
                  ",\"owned_by\":");
  AppendJsonString(out, model.vendor);
  out += ",\"name\":";
  AppendJsonString(out, model.display_name.empty() ? model.id : model.display_name);
  out += ",\"display_name\":";
  AppendJsonString(out, model.display_name.empty() ? model.id : model.display_name);
  out += ",\"canonical_slug\":";
  AppendJsonString(out, model.id);
  out += ",\"description\":\"\",\"type\":";
  AppendJsonString(out, model.type);
  const std::int64_t context = reach.offering->context_tokens_max;
  const std::int64_t output = reach.offering->output_tokens_max;
  if (context > 0) {
    absl::StrAppend(&out, ",\"context_window\":", context, ",\"context_length\":", context);
  }
  if (output > 0) absl::StrAppend(&out, ",\"max_tokens\":", output);
  out += ",\"tags\":";
  AppendStrings(model.capabilities, out);
  out += ",\"modalities\":{\"input\":";
  AppendStrings(model.input_modalities, out);
  out += ",\"output\":";
  AppendStrings(model.output_modalities, out);
  out += "},\"architecture\":{\"input_modalities\":";
  AppendStrings(model.input_modalities, out);
  out += ",\"output_modalities\":";
  AppendStrings(model.output_modalities, out);
  out += "},\"pricing\":";
  AppendPricing(*reach.price, now, out);
  out += "}";
}

bool Allowed(const Principal* principal, std::string_view name) {
  return principal == nullptr || principal->key().Allows(name);
}

// What an alias stands for, for the caller: the first of its models that can be reached.
bool AppendAlias(const Snapshot& snapshot, const Principal* principal, const Alias& alias,
                 absl::Time now, std::string& out) {
  for (const std::string& id : alias.model_ids) {
    const Model* model = snapshot.catalog().FindModel(id);
    if (model == nullptr) continue;
    const Reach reach = CheapestOf(snapshot, principal, *model, now);
    if (reach.offering == nullptr) continue;
    AppendModel(*model, alias.name, reach, now, out);
    return true;
  }
  return false;
}

}  // namespace

std::string UsdPerUnit(std::int64_t pico_usd) {
  std::string digits = absl::StrCat(pico_usd);
  if (digits.size() < 13) digits.insert(0, 13 - digits.size(), '0');
  digits.insert(digits.size() - 12, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

void AppendModelList(const Snapshot& snapshot, const Principal* principal, absl::Time now,
                     std::string& out) {
  out += "{\"object\":\"list\",\"data\":[";
  const std::size_t start = out.size();
  const auto separate = [&] {
    if (out.size() > start) out += ",";
  };
  const std::string workspace =
      principal == nullptr ? std::string() : std::string(principal->workspace_id());
  for (const Alias* alias : snapshot.catalog().AliasesFor(workspace)) {
    if (!Allowed(principal, alias->name)) continue;
    std::string item;
    if (!AppendAlias(snapshot, principal, *alias, now, item)) continue;
    separate();
    out += item;
  }
  for (const Model* model : snapshot.catalog().models()) {
    if (!Allowed(principal, model->id)) continue;
    const Reach reach = CheapestOf(snapshot, principal, *model, now);
    if (reach.offering == nullptr) continue;
    separate();
    AppendModel(*model, model->id, reach, now, out);
  }
  out += "],\"has_more\":false}";
}

bool AppendModelByName(const Snapshot& snapshot, const Principal* principal, std::string_view name,
                       absl::Time now, std::string& out) {
  if (!Allowed(principal, name)) return false;
  const std::string_view workspace =
      principal == nullptr ? std::string_view() : principal->workspace_id();
  const Alias* alias = snapshot.catalog().FindAlias(workspace, name);
  if (alias != nullptr) return AppendAlias(snapshot, principal, *alias, now, out);
  const Model* model = snapshot.catalog().FindModel(name);
  if (model == nullptr) return false;
  const Reach reach = CheapestOf(snapshot, principal, *model, now);
  if (reach.offering == nullptr) return false;
  AppendModel(*model, name, reach, now, out);
  return true;
}

}  // namespace tollgate::dataplane
