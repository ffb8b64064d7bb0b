#include "catalog/model/validate.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsIdPart(std::string_view part) {
  return !part.empty() && IsLowerAlnum(part.front()) &&
         std::all_of(part.begin(), part.end(), [](char c) {
           return IsLowerAlnum(c) || std::string_view("._:-").find(c) != std::string_view::npos;
         });
}

// No control characters, at most `chars_max` bytes.
bool IsPlainText(std::string_view text, std::size_t chars_max) {
  return text.size() <= chars_max && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

bool IsValidUrl(std::string_view url) {
  if (url.empty()) return true;
  if (!url.starts_with("https://") && !url.starts_with("http://")) return false;
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  return !authority.empty() && authority.find('@') == std::string_view::npos &&
         IsPlainText(url, kUrlCharsMax) && url.find_first_of(" \"<>\\^`{}") == std::string::npos;
}

// Whether every word is known, and none comes twice.
bool AreWords(const std::vector<std::string>& words, const std::vector<std::string>& known) {
  const std::set<std::string> distinct(words.begin(), words.end());
  return distinct.size() == words.size() &&
         std::all_of(words.begin(), words.end(), [&](const std::string& word) {
           return std::find(known.begin(), known.end(), word) != known.end();
         });
}

bool IsTokenLimit(std::int64_t tokens) { return tokens >= 0 && tokens <= kTokensMax; }

// The first objection of a list of (holds, what must hold) pairs.
struct Rule {
  bool holds;
  const char* text;
};
absl::Status FirstBroken(std::string_view kind, std::string_view id,
                         std::initializer_list<Rule> rules) {
  for (const Rule& rule : rules) {
    if (!rule.holds) {
      return absl::InvalidArgumentError(absl::StrCat(
          AbslView(kind), " '", AbslView(id.substr(0, kModelIdCharsMax)), "': ", rule.text));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidatePrices(const Offering& offering) {
  for (const SourcedPriceVersion& sourced : offering.price_versions) {
    PriceVersion version = sourced.version;
    if (version.id.empty()) version.id = "pv_unnamed";  // The rest is checked; Merge() names it.
    const absl::Status priced = ValidatePriceVersion(version);
    if (!priced.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("offering '", offering.id, "': ", AbslView(StdView(priced.message()))));
    }
    for (const PriceComponent& component : version.components) {
      const bool named = (component.variant.empty() || IsValidVariant(component.variant)) &&
                         (component.region.empty() || IsValidVariant(component.region));
      TG_RETURN_IF_ERROR(FirstBroken(
          "offering", offering.id,
          {{named, "a variant or region of a price must be 1 to 64 of A-Z a-z 0-9 . _ / : -"}}));
    }
    TG_RETURN_IF_ERROR(FirstBroken(
        "offering", offering.id,
        {{!version.components.empty(), "a price version must have a component"},
         {IsPlainText(sourced.source, kNameCharsMax), "the source of a price is too long"},
         {IsValidDate(sourced.source_date), "the source date of a price must be ISO 8601"}}));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsValidModelId(std::string_view id) {
  const std::size_t slash = id.find('/');
  return id.size() <= kModelIdCharsMax && slash != std::string_view::npos &&
         IsIdPart(id.substr(0, slash)) && IsIdPart(id.substr(slash + 1));
}

bool IsValidDate(std::string_view date) {
  if (date.empty()) return true;
  if (date.size() != 4 && date.size() != 7 && date.size() != 10) return false;
  for (std::size_t at = 0; at < date.size(); ++at) {
    const bool dash = at == 4 || at == 7;
    if (dash ? date[at] != '-' : (date[at] < '0' || date[at] > '9')) return false;
  }
  const auto two = [&](std::size_t at) { return (date[at] - '0') * 10 + (date[at + 1] - '0'); };
  if (date.size() >= 7 && (two(5) < 1 || two(5) > 12)) return false;
  return date.size() < 10 || (two(8) >= 1 && two(8) <= 31);
}

absl::Status ValidateModel(const Model& model) {
  const std::string_view vendor = std::string_view(model.id).substr(0, model.id.find('/'));
  return FirstBroken(
      "model", model.id,
      {{IsValidModelId(model.id), "the id must be vendor/name in lower case"},
       {model.vendor == vendor, "the vendor must be the first part of the id"},
       {!model.display_name.empty() && IsPlainText(model.display_name, kNameCharsMax),
        "the display name must be 1 to 200 bytes without control characters"},
       {AreWords({model.type}, ModelTypes()), "unknown type"},
       {AreWords(model.input_modalities, Modalities()), "unknown or repeated input modality"},
       {AreWords(model.output_modalities, Modalities()), "unknown or repeated output modality"},
       {AreWords(model.capabilities, Capabilities()), "unknown or repeated capability"},
       {IsTokenLimit(model.context_tokens_max), "context_tokens_max is out of range"},
       {IsTokenLimit(model.output_tokens_max), "output_tokens_max is out of range"},
       {IsValidDate(model.knowledge_date), "knowledge_date must be ISO 8601"},
       {IsValidDate(model.release_date), "release_date must be ISO 8601"},
       {IsValidDate(model.deprecation_date), "deprecation_date must be ISO 8601"}});
}

absl::Status ValidateProvider(const Provider& provider) {
  return FirstBroken(
      "provider", provider.id,
      {{IsValidResourceId(provider.id), "the id must be 1 to 63 of a-z 0-9 . _ -"},
       {!provider.display_name.empty() && IsPlainText(provider.display_name, kNameCharsMax),
        "the display name must be 1 to 200 bytes without control characters"},
       {provider.format != Format::kUnspecified, "the format must be stated"},
       {IsValidUrl(provider.base_url), "base_url must be an http(s) URL without user info"},
       {IsValidUrl(provider.doc_url), "doc_url must be an http(s) URL without user info"}});
}

absl::Status ValidateOffering(const Offering& offering) {
  TG_RETURN_IF_ERROR(FirstBroken(
      "offering", offering.id,
      {{IsValidModelId(offering.model_id), "model_id must be vendor/name in lower case"},
       {IsValidResourceId(offering.provider_id), "provider_id is not a provider's id"},
       {offering.region.empty() || IsValidResourceId(offering.region),
        "the region must be 1 to 63 of a-z 0-9 . _ -"},
       {offering.id == OfferingId(offering.provider_id, offering.model_id, offering.region),
        "the id must be <provider>:<model id>, and @<region> when it has one"},
       {!offering.provider_model_id.empty() &&
            IsPlainText(offering.provider_model_id, kNameCharsMax),
        "provider_model_id must be 1 to 200 bytes without control characters"},
       {IsTokenLimit(offering.context_tokens_max), "context_tokens_max is out of range"},
       {IsTokenLimit(offering.output_tokens_max), "output_tokens_max is out of range"},
       {AreWords({offering.status}, {"", "alpha", "beta", "deprecated"}), "unknown status"},
       {!offering.price_versions.empty(), "there must be a price"},
       {offering.price_versions.size() <= kVersionsPerOfferingMax, "too many price versions"}}));
  return ValidatePrices(offering);
}

}  // namespace tollgate::catalog
