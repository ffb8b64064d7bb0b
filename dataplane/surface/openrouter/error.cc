#include "dataplane/surface/openrouter/error.h"

namespace tollgate::dataplane {
namespace {

std::string_view ErrorTypeOf(int status) {
  switch (status) {
    case 401:
      return "authentication";
    case 402:
      return "payment_required";
    case 403:
      return "permission_denied";
    case 404:
      return "not_found";
    case 408:
    case 504:
      return "timeout";
    case 413:
      return "payload_too_large";
    case 429:
      return "rate_limit_exceeded";
    case 502:
      return "provider_unavailable";
    case 503:
    case 529:
      return "provider_overloaded";
    default:
      return status >= 500 ? "server" : "invalid_request";
  }
}

}  // namespace

void WriteOpenRouterError(const GatewayError& error, std::string_view generation_id,
                          JsonWriter& json) {
  json.BeginObject();
  json.Member("code").Integer(error.http_status());
  json.Member("message").String(error.text());
  json.Member("metadata").BeginObject();
  json.Member("error_type").String(ErrorTypeOf(error.http_status()));
  json.Member("error_code").String(RowOf(error.code).name);
  if (!error.provider_code.empty()) json.Member("provider_code").String(error.provider_code);
  if (!error.param.empty()) json.Member("param").String(error.param);
  if (!generation_id.empty()) json.Member("generation_id").String(generation_id);
  json.EndObject();
  json.EndObject();
}

}  // namespace tollgate::dataplane
