// How a provider is spoken to: its wire format and where its API is.
#ifndef TOLLGATE_CATALOG_IMPORT_PROVIDER_ADDRESS_H_
#define TOLLGATE_CATALOG_IMPORT_PROVIDER_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "catalog/import/import_report.h"
#include "catalog/import/reviewed_tables.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// A provider as models.dev states it.
struct StatedProvider {
  std::string id;
  std::string display_name;
  std::string npm;  // The AI SDK package that speaks to it.
  std::string api;  // Its base URL; empty when that package knows it.
  std::string doc_url;
};

// The format is the reviewed one, else that of the package: @ai-sdk/anthropic → Anthropic,
// @ai-sdk/google → Gemini, @ai-sdk/openai and @ai-sdk/openai-compatible → OpenAI's chat
// completions.
// The base URL is the reviewed one, else the stated one without a trailing operation; it is left
// empty, for the administrator to state, when it has a placeholder (an account, a region) or is
// not https (a server of one's own).
// Unimplemented, with a reason fit for a report, for a provider that speaks none of our formats
// (e.g. one that signs its requests, such as Amazon Bedrock or Vertex AI).
absl::StatusOr<Provider> AddressProvider(const StatedProvider& stated, const ReviewedTables& tables,
                                         ImportReport& report);

// Whether a model's own statement (package, base URL, "responses" or "completions") means another
// way to speak than its provider's.
bool SpeaksOtherwise(const Provider& provider, std::string_view npm, std::string_view api,
                     std::string_view shape);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_PROVIDER_ADDRESS_H_
