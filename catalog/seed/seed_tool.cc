// Tool for the seed catalog.
//
//   catalog_seed generate MODELS_DEV LITELLM FOLDER   writes the text files, prints the report
//   catalog_seed pack FOLDER OUT                      makes the form that is compiled in
//
// `pack` runs in the build; `generate` when the sources are newer.
#include <cstdio>
#include <string>
#include <string_view>

#include "catalog/seed/seed_folder.h"
#include "catalog/wire/facts_proto.h"

namespace {

using tollgate::catalog::Facts;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "catalog_seed: %s\n", status.ToString().c_str());
  return 1;
}

int Generate(const std::string& models_dev, const std::string& litellm, const std::string& folder) {
  const auto result = tollgate::catalog::GenerateSeed(models_dev, litellm);
  if (!result.ok()) return Fail(result.status());
  std::fputs(result->report.ToText(result->facts).c_str(), stdout);
  const absl::Status written = tollgate::catalog::WriteSeedFolder(
      tollgate::RealFileSystem(), folder, tollgate::catalog::WriteSeedText(result->facts));
  return written.ok() ? 0 : Fail(written);
}

int Pack(const std::string& folder, const std::string& out) {
  const auto files = tollgate::catalog::ReadSeedFolder(tollgate::RealFileSystem(), folder);
  if (!files.ok()) return Fail(files.status());
  const auto facts = tollgate::catalog::ReadSeedText(*files);
  if (!facts.ok()) return Fail(facts.status());
  const absl::Status written = tollgate::RealFileSystem().WriteFileAtomically(
      out, tollgate::catalog::ToProto(*facts).SerializeAsString(), tollgate::kModePublic);
  return written.ok() ? 0 : Fail(written);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "generate" && argc == 5) return Generate(argv[2], argv[3], argv[4]);
  if (verb == "pack" && argc == 4) return Pack(argv[2], argv[3]);
  std::fputs(
      "usage: catalog_seed generate MODELS_DEV LITELLM FOLDER\n"
      "       catalog_seed pack FOLDER OUT\n",
      stderr);
  return 2;
}
