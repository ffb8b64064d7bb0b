#include "catalog/import/reviewed_tables.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "catalog/import/json_tree.h"
#include "catalog/import/quirks_json.h"
#include "catalog/import/tables_data.h"

namespace tollgate::catalog {
namespace {

bool IsLetter(char c) { return c >= 'a' && c <= 'z'; }

std::optional<Format> FormatByName(std::string_view name) {
  for (const Format format :
       {Format::kOpenaiChat, Format::kOpenaiResponses, Format::kAnthropic, Format::kGemini}) {
    if (FormatName(format) == name) return format;
  }
  return std::nullopt;
}

absl::StatusOr<ReviewedProvider> ReadProvider(const JsonValue& row) {
  ReviewedProvider provider;
  for (const auto& [name, value] : row.members) {
    if (name == "id") {
      provider.id = value.text;
    } else if (name == "name") {
      provider.display_name = value.text;
    } else if (name == "base_url") {
      provider.base_url = value.text;
    } else if (name == "doc_url") {
      provider.doc_url = value.text;
    } else if (name == "quirks") {
      TG_ASSIGN_OR_RETURN(provider.quirks, ReadQuirks(value));
    } else if (name == "quirk_sources") {
      for (const JsonValue& item : value.items) provider.quirk_sources.push_back(item.text);
    } else if (name == "maker") {
      provider.maker = value.text;
    } else if (name == "format" && FormatByName(value.text)) {
      provider.format = FormatByName(value.text);
    } else if (name == "litellm") {
      for (const JsonValue& item : value.items) provider.litellm.push_back(item.text);
    } else {
      return absl::InternalError(absl::StrCat("reviewed_providers.json: '", name, "' of '",
                                              provider.id, "' is not understood"));
    }
  }
  if (provider.quirks != Quirks() && provider.quirk_sources.empty()) {
    return absl::InternalError(
        absl::StrCat("reviewed_providers.json: nothing says where the "
                     "quirks of '",
                     provider.id, "' are from"));
  }
  return provider;
}

}  // namespace

absl::StatusOr<ReviewedTables> ReviewedTables::Load() {
  ReviewedTables tables;
  TG_ASSIGN_OR_RETURN(const JsonValue providers, ParseJson(TablesData("reviewed_providers.json")));
  for (const JsonValue& row : providers.items) {
    TG_ASSIGN_OR_RETURN(ReviewedProvider provider, ReadProvider(row));
    for (const std::string& name : provider.litellm) tables.id_by_litellm_[name] = provider.id;
    if (!tables.providers_.emplace(provider.id, provider).second) {
      return absl::InternalError(
          absl::StrCat("reviewed_providers.json: '", provider.id, "' comes twice"));
    }
  }
  TG_ASSIGN_OR_RETURN(const JsonValue vendors, ParseJson(TablesData("reviewed_vendors.json")));
  for (const auto& [vendor, row] : vendors.members) {
    tables.vendors_[vendor] = vendor;
    if (const JsonValue* names = row.Find("names")) {
      for (const JsonValue& name : names->items) tables.vendors_[name.text] = vendor;
    }
    if (const JsonValue* families = row.Find("families")) {
      for (const JsonValue& family : families->items) {
        tables.families_.emplace_back(family.text, vendor);
      }
    }
  }
  std::stable_sort(tables.families_.begin(), tables.families_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return tables;
}

const ReviewedProvider* ReviewedTables::Find(std::string_view provider_id) const {
  const auto found = providers_.find(provider_id);
  return found == providers_.end() ? nullptr : &found->second;
}

const ReviewedProvider* ReviewedTables::FindByLiteLlm(std::string_view litellm_provider) const {
  const auto found = id_by_litellm_.find(litellm_provider);
  return found == id_by_litellm_.end() ? nullptr : Find(found->second);
}

std::optional<std::string> ReviewedTables::Vendor(std::string_view name) const {
  const auto found = vendors_.find(name);
  return found == vendors_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<std::string> ReviewedTables::VendorOfFamily(std::string_view model_name) const {
  for (const auto& [prefix, vendor] : families_) {
    if (model_name.starts_with(prefix) &&
        (model_name.size() == prefix.size() || !IsLetter(model_name[prefix.size()]))) {
      return vendor;
    }
  }
  return std::nullopt;
}

}  // namespace tollgate::catalog
