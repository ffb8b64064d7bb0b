#include "dataplane/observe/config_dump.h"

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

void Text(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, "\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

void AppendProvider(const Snapshot& snapshot, const Provider& provider, std::string& out) {
  out += "{";
  Text("id", provider.id, out);
  out += ",";
  Text("host", provider.origin.HostHeader(), out);
  absl::StrAppend(&out, ",\"tls\":", provider.origin.tls ? "true" : "false", ",");
  Text("path_prefix", provider.origin.path_prefix, out);
  absl::StrAppend(
      &out, ",\"connect_timeout_ms\":", absl::ToInt64Milliseconds(provider.connect_timeout),
      ",\"first_byte_timeout_ms\":", absl::ToInt64Milliseconds(provider.first_byte_timeout),
      ",\"idle_timeout_ms\":", absl::ToInt64Milliseconds(provider.idle_timeout),
      ",\"total_timeout_ms\":", absl::ToInt64Milliseconds(provider.total_timeout));
  out += ",\"system_credentials\":[";
  bool first = true;
  for (const Credential* credential : snapshot.catalog().CredentialsOf(provider.id, "")) {
    if (!first) out += ",";
    first = false;
    AppendJsonString(out, credential->id);
  }
  out += "]}";
}

void AppendModel(const Model& model, std::string& out) {
  out += "{";
  Text("id", model.id, out);
  out += ",\"offerings\":[";
  for (std::size_t i = 0; i < model.offerings.size(); ++i) {
    if (i > 0) out += ",";
    const Offering& offering = *model.offerings[i];
    out += "{";
    Text("id", offering.id, out);
    out += ",";
    Text("provider_model_id", offering.provider_model_id, out);
    out += ",\"price_versions\":[";
    for (std::size_t j = 0; j < offering.prices.size(); ++j) {
      if (j > 0) out += ",";
      AppendJsonString(out, offering.prices[j]->compiled.version_id());
    }
    out += "]}";
  }
  out += "]}";
}

}  // namespace

std::string DumpConfig(const Snapshot* snapshot) {
  if (snapshot == nullptr) return "{\"revision\":null}";
  std::string out = absl::StrCat("{\"revision\":{\"epoch\":", snapshot->revision().epoch,
                                 ",\"number\":", snapshot->revision().number,
                                 "},\"resources\":", snapshot->resource_count(),
                                 ",\"keys\":", snapshot->key_count(), ",\"providers\":[");
  bool first = true;
  for (const Provider* provider : snapshot->catalog().providers()) {
    if (!first) out += ",";
    first = false;
    AppendProvider(*snapshot, *provider, out);
  }
  out += "],\"models\":[";
  first = true;
  for (const Model* model : snapshot->catalog().models()) {
    if (!first) out += ",";
    first = false;
    AppendModel(*model, out);
  }
  out += "]}";
  return out;
}

}  // namespace tollgate::dataplane
