// What the sources do not say and a person has reviewed: data/reviewed_providers.json and
// data/reviewed_vendors.json, compiled in.
#ifndef TOLLGATE_CATALOG_IMPORT_REVIEWED_TABLES_H_
#define TOLLGATE_CATALOG_IMPORT_REVIEWED_TABLES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// What is known of a provider.  Fields that are not stated stay empty.
struct ReviewedProvider {
  std::string id;
  std::string display_name;
  std::optional<Format> format;  // Not stated: as the source implies.
  std::string base_url;
  std::string doc_url;
  Quirks quirks;
  // The public documents that these are from, with their dates where they have one.
  std::vector<std::string> quirk_sources;
  std::string maker;                 // The vendor whose own API this is; empty for a reseller.
  std::vector<std::string> litellm;  // LiteLLM's names of it.
};

class ReviewedTables {
 public:
  // Reads the compiled-in tables.  An error is a defect of the data files.
  static absl::StatusOr<ReviewedTables> Load();

  // The provider, or nullptr.
  const ReviewedProvider* Find(std::string_view provider_id) const;
  const ReviewedProvider* FindByLiteLlm(std::string_view litellm_provider) const;

  // The vendor that goes by this name in model ids ("meta-llama" → "meta"); nullopt when it is not
  // the name of a known vendor.
  std::optional<std::string> Vendor(std::string_view name) const;

  // The vendor of a family of models, by how the name begins ("gemini-…" → "google"): the longest
  // prefix after which no letter follows.  `model_name` is in lower case.
  std::optional<std::string> VendorOfFamily(std::string_view model_name) const;

 private:
  std::map<std::string, ReviewedProvider, std::less<>> providers_;
  std::map<std::string, std::string, std::less<>> id_by_litellm_;
  std::map<std::string, std::string, std::less<>> vendors_;
  std::vector<std::pair<std::string, std::string>> families_;  // Longest first.
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_REVIEWED_TABLES_H_
