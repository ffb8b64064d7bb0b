// The seed catalog's folder of text files on disk.
#ifndef TOLLGATE_CATALOG_SEED_SEED_FOLDER_H_
#define TOLLGATE_CATALOG_SEED_SEED_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "catalog/import/import.h"
#include "catalog/seed/seed_text.h"

namespace tollgate::catalog {

// Reads models.json and providers/*.json.
absl::StatusOr<SeedFiles> ReadSeedFolder(FileSystem& file_system, const std::string& folder);

// Makes the folder hold exactly `files`; removes other *.json files in providers/.
absl::Status WriteSeedFolder(FileSystem& file_system, const std::string& folder,
                             const SeedFiles& files);

// The seed catalog's facts from its two sources: Combine(models.dev, LiteLLM).
absl::StatusOr<ImportResult> GenerateSeed(const std::string& models_dev_path,
                                          const std::string& litellm_path);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SEED_SEED_FOLDER_H_
