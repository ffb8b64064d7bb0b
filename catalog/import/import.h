// Reads the open sets of model prices into facts.
//
//   TG_ASSIGN_OR_RETURN(ImportResult result, ImportFile(Source::kModelsDev, path));
//   … result.report.ToText(result.facts) …
//   … CatalogService.Import(FactsToProto(result.facts)) (wire/facts_proto.h) …
//
// Prices are taken digit by digit and never pass through floating point.  What a source says but
// the catalog cannot express is left out, and the report says so; so is every offering whose price
// would be too low without it.
#ifndef TOLLGATE_CATALOG_IMPORT_IMPORT_H_
#define TOLLGATE_CATALOG_IMPORT_IMPORT_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "catalog/import/import_report.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

enum class Source {
  kModelsDev,  // models.dev's api.json, or a wrapper {"source", "providers", "canonical_models"}.
  kLiteLlm,    // LiteLLM's model_prices_and_context_window.json.
};

// "models-dev", "litellm"; nullopt for another name.
std::optional<Source> ParseSource(std::string_view name);

// Valid facts (model/validate.h), each kind sorted by id, equal for equal input; and the report.
struct ImportResult {
  Facts facts;
  ImportReport report;
};

// InvalidArgument when the document is not what it is said to be.
absl::StatusOr<ImportResult> ImportModelsDev(std::string_view json);
absl::StatusOr<ImportResult> ImportLiteLlm(std::string_view json);

// Reads the file and imports it.  The errors of FileSystem::ReadFile() and of the above.
absl::StatusOr<ImportResult> ImportFile(Source source, const std::string& path);

// Both in one.  What `first` has stays as it is, but for one thing: an offering of both, in whose
// prices for text both agree exactly, gets the price components that only `second` has (other
// units, service tiers).  Where they do not agree the two were read at different prices, and a
// mixture would be the price of no day.  Offerings, models and providers that only `second` has are
// added.
ImportResult Combine(ImportResult first, const ImportResult& second);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_IMPORT_H_
