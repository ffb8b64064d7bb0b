#include <initializer_list>

#include "dataplane/provider/openai_chat/read.h"

namespace tollgate::dataplane {
namespace {

struct Row {
  std::string_view word;  // Of `code` or `type`.
  ProviderErrorClass error_class;
};
constexpr Row kRows[] = {
    {"context_length_exceeded", ProviderErrorClass::kContextLength},
    {"string_above_max_length", ProviderErrorClass::kContextLength},
    {"content_filter", ProviderErrorClass::kContentFilter},
    {"content_policy_violation", ProviderErrorClass::kContentFilter},
    {"insufficient_quota", ProviderErrorClass::kQuota},
    {"billing_hard_limit_reached", ProviderErrorClass::kQuota},
    {"invalid_api_key", ProviderErrorClass::kCredential},
    {"model_not_found", ProviderErrorClass::kNotFound},
    {"rate_limit_exceeded", ProviderErrorClass::kRateLimit},
    {"rate_limit_error", ProviderErrorClass::kRateLimit},
    {"overloaded_error", ProviderErrorClass::kOverloaded},
    {"server_error", ProviderErrorClass::kServer},
    {"invalid_request_error", ProviderErrorClass::kRequest},
};

ProviderErrorClass ClassOf(const ProviderError& error) {
  for (const Row& row : kRows) {
    if (error.code == row.word || error.type == row.word) return row.error_class;
  }
  return ProviderErrorClass::kUnknown;
}

}  // namespace

ProviderError ReadChatError(int, std::string_view body) {
  ProviderError error;
  JsonDocument document;
  if (!document.Parse(body)) return error;
  JsonValue root = document.root();
  // Google's compatible API answers with a list of one.
  if (root.is_array() && root.size() > 0) root = *root.elements().begin();
  const JsonValue inner = root["error"];
  if (inner.is_object()) {
    error.message = inner["message"].string();
    error.type = inner["type"].string();
    const JsonValue code = inner["code"];
    error.code = code.is_string() ? code.string() : code.number();
  } else {
    for (const std::string_view name : {"error", "message", "detail"}) {
      if (error.message.empty()) error.message = root[name].string();
    }
    error.code = root["code"].string();
  }
  error.error_class = ClassOf(error);
  return error;
}

}  // namespace tollgate::dataplane
