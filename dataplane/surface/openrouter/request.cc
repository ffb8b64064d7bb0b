#include "dataplane/surface/openrouter/request.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

// An option that the gateway has only in so far as it asks for nothing.
struct IdleOption {
  std::string_view name;
  std::string_view idle;  // What asks for nothing: a string, "false" or "[]"; null always does.
  std::string_view why;
};

constexpr IdleOption kOptions[] = {
    {"data_collection", "allow", "providers' policies on data are not known here"},
    {"zdr", "false", "providers' policies on data are not known here"},
    {"enforce_distillable_text", "false", "models' licences are not known here"},
    {"require_parameters", "false", "what a provider cannot take is a warning or an error"},
    {"sort", {}, "the operator's routes say in which order providers are tried"},
    {"quantizations", "[]", "quantizations are not known here"},
    {"max_price", {}, "send the header x-tollgate-max-cost"},
    {"preferred_min_throughput", {}, "throughput is not measured here"},
    {"preferred_max_latency", {}, "latency is not measured here"},
};

// Members that only advise: without them the answer is the same one.
constexpr std::array<std::string_view, 5> kAdvice = {"session_id", "trace", "debug", "image_config",
                                                     "stop_server_tools_when"};
// Members that change the request or the answer on its way, and are idle when they are empty.
constexpr std::array<std::string_view, 2> kWork = {"plugins", "transforms"};

// Walks over the value of an option; whether it asks for nothing.
bool SkipIdle(const IdleOption& option, JsonCursor& json) {
  std::string_view text;
  switch (json.Peek()) {
    case JsonKind::kNull:
      return json.Skip();
    case JsonKind::kFalse:
      return json.Skip() && option.idle == "false";
    case JsonKind::kString:
      return json.ReadString(text) && text == option.idle;
    case JsonKind::kArray:
      return json.EnterArray() && !json.NextElement() && json.ok() && option.idle == "[]";
    default:
      json.Skip();
      return false;
  }
}

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<GatewayError> ReadOpenRouterOption(std::string_view key, JsonCursor& json) {
  for (const IdleOption& option : kOptions) {
    if (!JsonEquals(key, option.name)) continue;
    if (SkipIdle(option, json)) return std::nullopt;
    const std::string param = absl::StrCat("provider.", AbslView(option.name));
    return Unsupported(param,
                       absl::StrCat("`", param, "` is not supported: ", AbslView(option.why), "."));
  }
  return Unsupported("provider",
                     "`provider` has an option that this gateway does not know; it takes order, "
                     "only, ignore and allow_fallbacks.");
}

std::optional<GatewayError> TakeOpenRouterMembers(ir::Request& request) {
  std::optional<GatewayError> error;
  std::erase_if(request.extras, [&](ir::Extra& extra) {
    if (extra.owner != ir::kOpenAiChat) return false;
    if (extra.name == "cache_control") {
      request.auto_caching = true;
      return true;
    }
    // Whether other models are tried is said by `models`.
    if (extra.name == "route") {
      if (extra.json != "\"fallback\"") {
        error = Unsupported("route", "`route` can be `fallback` only.");
      }
      return true;
    }
    if (IsOneOf(kWork, extra.name)) {
      if (extra.json != "[]") {
        error = Unsupported(extra.name, absl::StrCat("`", AbslView(extra.name),
                                                     "` are not supported by this gateway."));
      }
      return true;
    }
    if (IsOneOf(kAdvice, extra.name)) extra.owner = ir::kOfNoFormat;
    return false;
  });
  return error;
}

}  // namespace tollgate::dataplane
