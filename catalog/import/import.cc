#include "catalog/import/import.h"

#include "base/file_system.h"
#include "base/status_macros.h"

namespace tollgate::catalog {

std::optional<Source> ParseSource(std::string_view name) {
  if (name == "models-dev") return Source::kModelsDev;
  if (name == "litellm") return Source::kLiteLlm;
  return std::nullopt;
}

absl::StatusOr<ImportResult> ImportFile(Source source, const std::string& path) {
  TG_ASSIGN_OR_RETURN(const std::string text, RealFileSystem().ReadFile(path));
  return source == Source::kModelsDev ? ImportModelsDev(text) : ImportLiteLlm(text);
}

}  // namespace tollgate::catalog
