#include <array>

#include "dataplane/provider/anthropic/read.h"

namespace tollgate::dataplane {
namespace {

struct Row {
  std::string_view type;
  int status;
  ProviderErrorClass error_class;
};
constexpr std::array<Row, 10> kRows = {{
    {"invalid_request_error", 400, ProviderErrorClass::kRequest},
    {"authentication_error", 401, ProviderErrorClass::kCredential},
    {"billing_error", 402, ProviderErrorClass::kQuota},
    {"permission_error", 403, ProviderErrorClass::kCredential},
    {"not_found_error", 404, ProviderErrorClass::kNotFound},
    {"request_too_large", 413, ProviderErrorClass::kRequest},
    {"rate_limit_error", 429, ProviderErrorClass::kRateLimit},
    {"api_error", 500, ProviderErrorClass::kServer},
    {"timeout_error", 504, ProviderErrorClass::kServer},
    {"overloaded_error", 529, ProviderErrorClass::kOverloaded},
}};

const Row* RowOf(std::string_view type) {
  for (const Row& row : kRows) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

bool Says(const std::string& message, std::string_view words) {
  return message.find(words) != std::string::npos;
}

}  // namespace

int AnthropicErrorStatus(std::string_view type) {
  const Row* row = RowOf(type);
  return row == nullptr ? 0 : row->status;
}

ProviderError ReadAnthropicError(int, std::string_view body) {
  ProviderError error;
  JsonDocument document;
  if (!document.Parse(body)) return error;
  const JsonValue inner = document.root()["error"];
  error.message = inner["message"].string();
  error.type = inner["type"].string();
  error.code = error.type;
  if (const Row* row = RowOf(error.type); row != nullptr) error.error_class = row->error_class;
  // All come as invalid_request_error, and are told apart by their words only.
  if (Says(error.message, "prompt is too long") || Says(error.message, "exceed context limit")) {
    error.error_class = ProviderErrorClass::kContextLength;
  } else if (Says(error.message, "content filtering policy")) {
    error.error_class = ProviderErrorClass::kContentFilter;
  } else if (Says(error.message, "credit balance is too low")) {
    error.error_class = ProviderErrorClass::kQuota;
  }
  return error;
}

}  // namespace tollgate::dataplane
