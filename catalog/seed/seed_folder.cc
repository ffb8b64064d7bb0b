#include "catalog/seed/seed_folder.h"

#include <utility>

#include "absl/strings/match.h"
#include "base/status_macros.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kProviders = "/providers";

}  // namespace

absl::StatusOr<SeedFiles> ReadSeedFolder(FileSystem& file_system, const std::string& folder) {
  SeedFiles files;
  TG_ASSIGN_OR_RETURN(files["models.json"], file_system.ReadFile(folder + "/models.json"));
  TG_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      file_system.ListDirectory(folder + kProviders));
  for (const std::string& name : names) {
    if (!absl::EndsWith(name, ".json")) continue;
    TG_ASSIGN_OR_RETURN(files["providers/" + name],
                        file_system.ReadFile(folder + kProviders + "/" + name));
  }
  return files;
}

absl::Status WriteSeedFolder(FileSystem& file_system, const std::string& folder,
                             const SeedFiles& files) {
  TG_RETURN_IF_ERROR(file_system.CreateDirectories(folder + kProviders));
  for (const auto& [name, text] : files) {
    TG_RETURN_IF_ERROR(file_system.WriteFileAtomically(folder + "/" + name, text, kModePublic));
  }
  TG_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      file_system.ListDirectory(folder + kProviders));
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".json") && !files.contains("providers/" + name)) {
      TG_RETURN_IF_ERROR(file_system.Remove(folder + kProviders + "/" + name));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ImportResult> GenerateSeed(const std::string& models_dev_path,
                                          const std::string& litellm_path) {
  TG_ASSIGN_OR_RETURN(ImportResult models_dev, ImportFile(Source::kModelsDev, models_dev_path));
  TG_ASSIGN_OR_RETURN(const ImportResult litellm, ImportFile(Source::kLiteLlm, litellm_path));
  return Combine(std::move(models_dev), litellm);
}

}  // namespace tollgate::catalog
