#include "catalog/import/model_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "catalog/model/validate.h"

namespace tollgate::catalog {
namespace {

// Parts of a provider's path that name no vendor.
constexpr std::string_view kNoVendors[] = {"models", "model",  "route",  "routers",
                                           "tee",    "public", "shared", "deployments"};

// Lower case, foreign characters as '-', beginning with a letter or digit.
std::string Clean(std::string_view text) {
  std::string clean;
  for (const char raw : text) {
    const char c = absl::ascii_tolower(static_cast<unsigned char>(raw));
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                       c == ':' || c == '-';
    clean += plain ? c : '-';
  }
  clean.erase(0, clean.find_first_not_of("-._:"));
  while (!clean.empty() && (clean.back() == '-' || clean.back() == ':')) clean.pop_back();
  return clean;
}

}  // namespace

std::string ModelIdResolver::LooseKey(std::string_view id) {
  std::string key(id);
  std::replace_if(
      key.begin(), key.end(), [](char c) { return c == '.' || c == '_' || c == ':'; }, '-');
  return key;
}

std::optional<std::string> ModelIdResolver::Spell(std::string_view provider_id,
                                                  std::string_view id) const {
  if (id.starts_with("hf:")) id.remove_prefix(3);  // "from Hugging Face", as some write.
  const std::size_t slash = id.rfind('/');
  const std::string name = Clean(slash == std::string_view::npos ? id : id.substr(slash + 1));
  std::string before;
  if (slash != std::string_view::npos) {
    const std::string_view path = id.substr(0, slash);
    const std::size_t start = path.rfind('/');
    before = Clean(start == std::string_view::npos ? path : path.substr(start + 1));
  }
  std::optional<std::string> vendor = tables_.Vendor(before);
  if (!vendor) vendor = tables_.VendorOfFamily(name);
  if (!vendor) {
    const ReviewedProvider* provider = tables_.Find(provider_id);
    if (provider != nullptr && !provider->maker.empty()) vendor = provider->maker;
  }
  const bool names_vendor =
      !before.empty() &&
      std::find(std::begin(kNoVendors), std::end(kNoVendors), before) == std::end(kNoVendors);
  if (!vendor) vendor = names_vendor ? before : Clean(provider_id);
  std::string spelled = *vendor + "/" + name;
  return IsValidModelId(spelled) ? std::optional<std::string>(std::move(spelled)) : std::nullopt;
}

std::optional<std::string> ModelIdResolver::AddCanonical(std::string_view id) {
  std::optional<std::string> spelled = Spell("", id);
  if (!spelled) return std::nullopt;
  const auto [place, added] = canonical_.emplace(LooseKey(*spelled), *spelled);
  if (!added && place->second != *spelled) place->second.clear();
  return spelled;
}

bool ModelIdResolver::IsCanonical(std::string_view id) const {
  const auto found = canonical_.find(LooseKey(id));
  return found != canonical_.end() && found->second == id;
}

std::optional<std::string> ModelIdResolver::Resolve(std::string_view provider_id,
                                                    std::string_view provider_model_id,
                                                    std::string_view base_model) const {
  std::optional<std::string> spelled =
      Spell(provider_id, base_model.empty() ? provider_model_id : base_model);
  if (!spelled) return std::nullopt;
  const auto canonical = canonical_.find(LooseKey(*spelled));
  if (canonical != canonical_.end() && !canonical->second.empty()) return canonical->second;
  return spelled;
}

}  // namespace tollgate::catalog
