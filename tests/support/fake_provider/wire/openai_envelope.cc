#include "tests/support/fake_provider/wire/openai_envelope.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

// The type and the code of an error; no code for most.
std::pair<const char*, json::value> TypeAndCode(int status, std::string_view message) {
  switch (status) {
    case 401:
      return {"invalid_request_error", "invalid_api_key"};
    case 403:
      return {"invalid_request_error", "permission_denied"};
    case 404:
      return {"invalid_request_error", "model_not_found"};
    case 429:
      return {"requests", "rate_limit_exceeded"};
    default:
      break;
  }
  if (status >= 500) return {"server_error", nullptr};
  const bool unknown = absl::StartsWith(AbslView(message), "Unknown field");
  return {"invalid_request_error", unknown ? json::value("unknown_parameter") : nullptr};
}

}  // namespace

Reply OpenAiError(int status, std::string_view message, std::optional<std::int64_t> retry_after_s) {
  auto [type, code] = TypeAndCode(status, message);
  const json::object body{{"error",
                           {{"message", json::string(message.data(), message.size())},
                            {"type", type},
                            {"param", nullptr},
                            {"code", std::move(code)}}}};
  return WholeReply(
      status, "application/json", json::serialize(body),
      retry_after_s.has_value() ? OpenAiHeaders(retry_after_s) : "x-request-id: req_fake\r\n");
}

std::string OpenAiHeaders(std::optional<std::int64_t> retry_after_s) {
  std::string headers =
      absl::StrCat("x-request-id: req_fake\r\nopenai-processing-ms: 1\r\n",
                   "x-ratelimit-limit-requests: 5000\r\nx-ratelimit-limit-tokens: 800000\r\n",
                   "x-ratelimit-remaining-requests: ", retry_after_s.has_value() ? 0 : 4999,
                   "\r\nx-ratelimit-remaining-tokens: 799000\r\n",
                   "x-ratelimit-reset-requests: ", retry_after_s.value_or(0),
                   "s\r\nx-ratelimit-reset-tokens: 0s\r\n");
  if (retry_after_s.has_value()) absl::StrAppend(&headers, "Retry-After: ", *retry_after_s, "\r\n");
  return headers;
}

}  // namespace tollgate::wire
