// Errors by the types that the AI SDK makes its error classes of.
#include "dataplane/surface/ai_sdk_gateway/answer.h"

namespace tollgate::dataplane {
namespace {

std::string_view ErrorTypeOf(const GatewayError& error) {
  switch (error.http_status()) {
    case 401:
      return "authentication_error";
    case 402:
      return error.code == ErrorCode::kInsufficientBalance ? "insufficient_funds"
                                                           : "quota_for_entity_exceeded";
    case 403:
      return "forbidden";
    case 404:
      return error.code == ErrorCode::kModelNotFound || error.code == ErrorCode::kModelUnavailable
                 ? "model_not_found"
                 : "not_found";
    case 424:
      return "failed_dependency";
    case 429:
      return "rate_limit_exceeded";
    default:
      return error.http_status() >= 500 ? "internal_server_error" : "invalid_request_error";
  }
}

}  // namespace

void WriteGatewayError(const GatewayError& error, bool in_stream, JsonWriter& json) {
  json.BeginObject();
  json.Member("message").String(error.text());
  json.Member("type").String(ErrorTypeOf(error));
  json.Member("param");
  if (!error.model.empty()) {
    // Its class of errors has the model's name from here.
    json.BeginObject();
    json.Member("modelId").String(error.model);
    json.EndObject();
  } else if (error.param.empty()) {
    json.Null();
  } else {
    json.String(error.param);
  }
  json.Member("code").String(error.provider_code.empty() ? RowOf(error.code).name
                                                         : std::string_view(error.provider_code));
  if (in_stream) {
    json.Member("statusCode").Integer(error.http_status());
    json.Member("isRetryable").Bool(RowOf(error.code).client_may_retry);
  }
  json.EndObject();
}

}  // namespace tollgate::dataplane
