#include "catalog/import/provider_address.h"

#include "absl/status/status.h"
#include "catalog/model/validate.h"

namespace tollgate::catalog {
namespace {

Format FormatOfPackage(std::string_view npm) {
  if (npm == "@ai-sdk/anthropic") return Format::kAnthropic;
  if (npm == "@ai-sdk/google") return Format::kGemini;
  if (npm == "@ai-sdk/openai" || npm == "@ai-sdk/openai-compatible") return Format::kOpenaiChat;
  return Format::kUnspecified;
}

// Without a final slash or operation.
std::string Trimmed(std::string_view url) {
  for (const std::string_view ending : {"/", "/chat/completions", "/messages"}) {
    if (url.ends_with(ending)) url.remove_suffix(ending.size());
  }
  return std::string(url);
}

}  // namespace

absl::StatusOr<Provider> AddressProvider(const StatedProvider& stated, const ReviewedTables& tables,
                                         ImportReport& report) {
  const ReviewedProvider* reviewed = tables.Find(stated.id);
  Provider provider{.id = stated.id,
                    .display_name = stated.display_name,
                    .format = FormatOfPackage(stated.npm),
                    .base_url = Trimmed(stated.api),
                    .doc_url = stated.doc_url,
                    .quirks = {}};
  if (reviewed != nullptr) {
    if (!reviewed->display_name.empty()) provider.display_name = reviewed->display_name;
    if (reviewed->format) provider.format = *reviewed->format;
    if (!reviewed->base_url.empty()) provider.base_url = reviewed->base_url;
    if (!reviewed->doc_url.empty()) provider.doc_url = reviewed->doc_url;
    provider.quirks = reviewed->quirks;
  }
  if (provider.format == Format::kUnspecified) {
    return absl::UnimplementedError("the provider speaks none of the gateway's wire formats");
  }
  if (!provider.base_url.starts_with("https://") ||
      provider.base_url.find('$') != std::string::npos) {
    report.Adjust("the provider is taken without a base URL; the administrator must state it",
                  stated.id);
    provider.base_url.clear();
  }
  Provider without_doc = provider;
  without_doc.doc_url.clear();
  if (!ValidateProvider(provider).ok() && ValidateProvider(without_doc).ok()) {
    return without_doc;
  }
  if (!ValidateProvider(provider).ok()) {
    return absl::UnimplementedError("the provider's name or base URL is not usable");
  }
  return provider;
}

bool SpeaksOtherwise(const Provider& provider, std::string_view npm, std::string_view api,
                     std::string_view shape) {
  if (!npm.empty() && FormatOfPackage(npm) != provider.format) return true;
  if (!api.empty() && Trimmed(api) != provider.base_url) return true;
  return shape == "responses" && provider.format != Format::kOpenaiResponses;
}

}  // namespace tollgate::catalog
