#include <charconv>

#include "absl/strings/str_cat.h"
#include "dataplane/provider/gemini/read.h"

namespace tollgate::dataplane {
namespace {

// Google's canonical codes (google/rpc/code.proto), as the API names them.
ProviderErrorClass ClassOf(std::string_view status) {
  if (status == "INVALID_ARGUMENT" || status == "FAILED_PRECONDITION" || status == "OUT_OF_RANGE") {
    return ProviderErrorClass::kRequest;
  }
  if (status == "UNAUTHENTICATED" || status == "PERMISSION_DENIED") {
    return ProviderErrorClass::kCredential;
  }
  if (status == "NOT_FOUND") return ProviderErrorClass::kNotFound;
  if (status == "RESOURCE_EXHAUSTED") return ProviderErrorClass::kRateLimit;
  if (status == "UNAVAILABLE") return ProviderErrorClass::kOverloaded;
  if (status == "INTERNAL" || status == "UNKNOWN" || status == "DEADLINE_EXCEEDED") {
    return ProviderErrorClass::kServer;
  }
  return ProviderErrorClass::kUnknown;
}

// A duration as JSON has it: "3.5s".  Parts of a second count as a whole one.
std::optional<absl::Duration> ReadDelay(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || seconds < 0 || seconds > 1'000'000) return std::nullopt;
  const bool fraction = rest != text.data() + text.size() && *rest == '.';
  return absl::Seconds(seconds + (fraction ? 1 : 0));
}

}  // namespace

ProviderError ReadGeminiError(int, std::string_view body) {
  ProviderError error;
  JsonDocument document;
  if (!document.Parse(body)) return error;
  // Streams as a JSON array have it as their element.
  JsonValue root = document.root();
  if (root.is_array() && root.size() > 0) root = *root.elements().begin();
  const JsonValue inner = root["error"];
  error.message = inner["message"].string();
  error.type = inner["status"].string();
  error.code = error.type;
  error.error_class = ClassOf(error.type);
  for (const JsonValue detail : inner["details"].elements()) {
    if (detail["retryDelay"].is_string()) {
      error.retry_after = ReadDelay(detail["retryDelay"].string());
    }
    // A key that is not valid is an INVALID_ARGUMENT to this API.
    if (detail["reason"].string() == "API_KEY_INVALID") {
      error.error_class = ProviderErrorClass::kCredential;
    }
  }
  if (error.message.find("exceeds the maximum number of tokens") != std::string::npos) {
    error.error_class = ProviderErrorClass::kContextLength;
  }
  return error;
}

}  // namespace tollgate::dataplane
