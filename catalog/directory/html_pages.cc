#include "catalog/directory/html_pages.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "base/digest.h"
#include "catalog/directory/json_pages.h"
#include "catalog/directory/pages_data.h"
#include "catalog/directory/price_words.h"
#include "catalog/price/price_version.h"
#include "ctemplate/template.h"

namespace tollgate::catalog {
namespace {

using Dictionary = ctemplate::TemplateDictionary;

// The keys of templates in the cache; names of files.
constexpr const char* kTemplates[] = {"head.tpl",      "foot.tpl",     "list.tpl",   "model.tpl",
                                      "providers.tpl", "provider.tpl", "missing.tpl"};

// ctemplate's strings are pointers with a length.
ctemplate::TemplateString View(std::string_view text) { return {text.data(), text.size()}; }

void Set(Dictionary& dictionary, const char* name, std::string_view value) {
  dictionary.SetValue(name, View(value));
}

std::string HashedPath(std::string_view stem, std::string_view extension,
                       std::string_view contents) {
  const Sha256Digest digest = Sha256(contents);
  return "/assets/" + std::string(stem) + "." + HexEncode(DigestView(digest).substr(0, 6)) + "." +
         std::string(extension);
}

std::string Plural(std::size_t count, const char* one, const char* many) {
  return count == 1 ? one : many;
}

std::string Day(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()); }

// 1782 → "1,782".
std::string Grouped(std::size_t number) {
  std::string digits = absl::StrCat(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

void AddFact(Dictionary& page, const char* label, const std::string& value) {
  if (value.empty()) return;
  Dictionary& fact = *page.AddSectionDictionary("FACT");
  Set(fact, "LABEL", label);
  Set(fact, "VALUE", value);
}

// The cells of a row that state prices: by text tokens, or by the first other unit.
void AddPriceCells(Dictionary& row, const ListedOffering& listed) {
  if (listed.by_unit != nullptr) {
    Dictionary& cell = *row.AddSectionDictionary("BY_UNIT");
    Set(cell, "PRICE", ComponentMoney(*listed.by_unit));
    Set(cell, "PER", ComponentPer(*listed.by_unit));
    return;
  }
  Dictionary& cells = *row.AddSectionDictionary("BY_TOKEN");
  Set(cells, "INPUT", MoneyWords(listed.input));
  Set(cells, "OUTPUT", MoneyWords(listed.output));
  Set(cells, "CACHED", MoneyWords(listed.cache_read));
}

void SetType(Dictionary& dictionary, const Model& model) {
  Set(dictionary, "TYPE_CLASS", model.type);
  Set(dictionary, "TYPE_NAME", Capitalized(model.type));
}

std::int64_t ContextOf(const ListedOffering& listed) {
  return listed.offering->context_tokens_max > 0 ? listed.offering->context_tokens_max
                                                 : listed.model->context_tokens_max;
}

// One <select>: its options, with the chosen one marked.
void AddOption(Dictionary& page, const char* section, std::string_view value,
               std::string_view label, bool selected) {
  Dictionary& option = *page.AddSectionDictionary(section);
  Set(option, "VALUE", value);
  Set(option, "LABEL", label);
  if (selected) option.ShowSection("SELECTED");
}

void AddSelects(Dictionary& page, const DirectoryIndex& index, const ModelQuery& query) {
  for (const auto& [vendor, models] : index.vendors) {
    AddOption(page, "VENDOR", vendor, absl::StrCat(vendor, " (", models, ")"),
              vendor == query.vendor);
  }
  for (const std::string& type : ModelTypes()) {
    AddOption(page, "TYPE", type, Capitalized(type), type == query.type);
  }
  for (const std::string& modality : Modalities()) {
    AddOption(page, "MODALITY", modality, modality == "pdf" ? "PDF" : Capitalized(modality),
              modality == query.modality);
  }
  for (const std::string& capability : Capabilities()) {
    AddOption(page, "CAPABILITY", capability, Capitalized(capability),
              capability == query.capability);
  }
  for (const auto& [name, label] : SortOrders()) {
    AddOption(page, "SORT", name, label, name == query.sort);
  }
}

// A link for each active filter, to the list without it.
void AddChips(Dictionary& page, const ModelQuery& query) {
  Dictionary* chips = nullptr;
  const auto add = [&](std::string ModelQuery::*field, const std::string& label) {
    if ((query.*field).empty()) return;
    if (chips == nullptr) chips = page.AddSectionDictionary("CHIPS");
    ModelQuery without = query;
    (without.*field).clear();
    without.page = 1;
    Dictionary& chip = *chips->AddSectionDictionary("CHIP");
    Set(chip, "URL", without.ToUrl("/"));
    Set(chip, "LABEL", label);
  };
  add(&ModelQuery::text, "“" + query.text + "”");
  add(&ModelQuery::vendor, query.vendor);
  add(&ModelQuery::type, Capitalized(query.type));
  add(&ModelQuery::modality, "reads or writes " + query.modality);
  add(&ModelQuery::capability, Capitalized(query.capability));
  if (!query.bad_price) {
    add(&ModelQuery::max_price_text, "input ≤ $" + query.max_price_text + "/M");
  }
}

void AddPages(Dictionary& page, const ModelQuery& query, const ModelPage& found) {
  if (found.page_total == 1) return;
  Dictionary& pages = *page.AddSectionDictionary("PAGES");
  pages.SetIntValue("PAGE", static_cast<long>(found.page));
  pages.SetIntValue("PAGE_TOTAL", static_cast<long>(found.page_total));
  const auto link = [&](const char* section, std::size_t number) {
    ModelQuery other = query;
    other.page = number;
    Set(*pages.AddSectionDictionary(section), "URL", other.ToUrl("/"));
  };
  if (found.page > 1) link("PREVIOUS", found.page - 1);
  if (found.page < found.page_total) link("NEXT", found.page + 1);
}

void AddModelRow(Dictionary& table, const ListedModel& listed) {
  Dictionary& row = *table.AddSectionDictionary("ROW");
  Set(row, "URL", ModelPath(listed.model->id));
  Set(row, "NAME", listed.model->display_name);
  Set(row, "ID", listed.model->id);
  SetType(row, *listed.model);
  Set(row, "CONTEXT", TokensWords(listed.model->context_tokens_max));
  row.SetIntValue("OFFERINGS", static_cast<long>(listed.offerings.size()));
  ListedOffering lowest;
  lowest.input = listed.input;
  lowest.output = listed.output;
  lowest.by_unit = listed.by_unit;
  AddPriceCells(row, lowest);
}

void AddVersion(Dictionary& offering, const SourcedPriceVersion& sourced, bool in_force) {
  Dictionary& version = *offering.AddSectionDictionary("VERSION");
  version.ShowSection(in_force ? "CURRENT" : "ANNOUNCED");
  Set(version, "SINCE", Day(sourced.version.effective_time));
  Set(version, "VERSION_ID", sourced.version.id);
  if (!sourced.source.empty()) {
    Set(*version.AddSectionDictionary("SOURCED"), "SOURCE", sourced.source);
  }
  for (const PriceComponent& component : sourced.version.components) {
    Dictionary& row = *version.AddSectionDictionary("COMPONENT");
    Set(row, "WHAT", ComponentWhat(component));
    Set(row, "WHEN", ComponentWhen(component));
    Set(row, "PRICE", ComponentMoney(component));
    Set(row, "PER", ComponentPer(component));
  }
}

// "batch and flex tiers, long context": what the summary of the components mentions.
std::string TierWords(const PriceVersion& version) {
  std::set<std::string> words;
  for (const PriceComponent& component : version.components) {
    if (component.tier != ServiceTier::kStandard) {
      words.insert(std::string(ServiceTierName(component.tier)));
    }
    if (component.context_threshold_tokens > 0) words.insert("long context");
  }
  return absl::StrJoin(words, ", ");
}

void AddOffering(Dictionary& page, const ListedOffering& listed, absl::Time now) {
  Dictionary& row = *page.AddSectionDictionary("OFFERING");
  Set(row, "PROVIDER", listed.provider->display_name);
  Set(row, "PROVIDER_URL", ProviderPath(listed.provider->id));
  Set(row, "OWN_ID", listed.offering->provider_model_id);
  Set(row, "CONTEXT", TokensWords(ContextOf(listed)));
  if (!listed.offering->status.empty()) {
    Set(*row.AddSectionDictionary("STATUS"), "STATUS_NAME", listed.offering->status);
  }
  AddPriceCells(row, listed);
  const auto versions = CurrentAndAnnounced(listed.offering->price_versions, now);
  if (versions.empty()) return;
  const PriceVersion& first = versions.front().version;
  row.SetIntValue("COMPONENT_TOTAL", static_cast<long>(first.components.size()));
  Set(row, "COMPONENT_NOUN", Plural(first.components.size(), "price", "prices"));
  if (const std::string tiers = TierWords(first); !tiers.empty()) {
    Set(*row.AddSectionDictionary("HAS_TIERS"), "TIERS", tiers);
  }
  for (const SourcedPriceVersion& sourced : versions) {
    AddVersion(row, sourced, sourced.version.effective_time <= now);
  }
}

std::string Modality(const std::vector<std::string>& words) {
  std::vector<std::string> shown;
  for (const std::string& word : words) shown.push_back(word == "pdf" ? "PDF" : word);
  return Capitalized(absl::StrJoin(shown, ", "));
}

}  // namespace

std::string ModelPath(std::string_view model_id) { return "/models/" + std::string(model_id); }
std::string ProviderPath(std::string_view provider_id) {
  return "/providers/" + std::string(provider_id);
}

class HtmlPages::Impl {
 public:
  absl::Status Load() {
    for (const char* name : kTemplates) {
      // The line break after the pragma would come before the doctype.
      if (!cache_.StringToTemplateCache(name, View(PagesData(name)),
                                        ctemplate::STRIP_BLANK_LINES)) {
        return absl::InternalError(absl::StrCat("the page template ", name, " is broken"));
      }
    }
    cache_.Freeze();
    return absl::OkStatus();
  }

  struct Head {
    std::string title;
    std::string description;
    std::string json_ld;  // A whole element, or empty.
    const char* section = "ON_MODELS";
    bool indexed = true;  // By search engines.
  };

  // Fills in what all pages share and expands the template.
  std::string Expand(const char* name, Dictionary& page, const Head& head,
                     const DirectoryIndex& index, const PageAddress& address,
                     const HtmlPages& pages) const {
    Dictionary& top = *page.AddIncludeDictionary("HEAD");
    top.SetFilename("head.tpl");
    Set(top, "TITLE", head.title);
    Set(top, "DESCRIPTION", head.description);
    Set(top, "CANONICAL_URL", address.public_url + address.path);
    Set(top, "JSON_URL", address.json_path);
    Set(top, "STYLE_URL", pages.style_path());
    Set(top, "ICON_URL", pages.icon_path());
    Set(top, "JSON_LD", head.json_ld);
    top.ShowSection(head.section);
    if (!head.indexed) top.ShowSection("ROBOTS");
    Dictionary& bottom = *page.AddIncludeDictionary("FOOT");
    bottom.SetFilename("foot.tpl");
    Set(bottom, "JSON_URL", address.json_path);
    if (!index.sources.empty()) {
      Set(*bottom.AddSectionDictionary("SOURCES"), "SOURCES_TEXT", index.sources);
    }
    std::string out;
    ctemplate::StringEmitter emitter(&out);
    // Fails only for a template that Load() did not see.
    CHECK(cache_.ExpandNoLoad(name, ctemplate::STRIP_BLANK_LINES, &page, nullptr, &emitter));
    out.erase(0, out.find_first_not_of("\r\n "));
    return out;
  }

 private:
  mutable ctemplate::TemplateCache cache_;
};

HtmlPages::HtmlPages() : impl_(std::make_unique<Impl>()) {
  style_path_ = HashedPath("style", "css", style());
  icon_path_ = HashedPath("icon", "svg", icon());
}
HtmlPages::~HtmlPages() = default;

absl::StatusOr<std::unique_ptr<HtmlPages>> HtmlPages::Create() {
  std::unique_ptr<HtmlPages> pages(new HtmlPages());
  const absl::Status loaded = pages->impl_->Load();
  if (!loaded.ok()) return loaded;
  return pages;
}

std::string_view HtmlPages::style() const { return PagesData("style.css"); }
std::string_view HtmlPages::icon() const { return PagesData("icon.svg"); }

std::string HtmlPages::ModelList(const DirectoryIndex& index, const ModelQuery& query,
                                 const ModelPage& found, const PageAddress& address) const {
  Dictionary page("list");
  Set(page, "MODEL_TOTAL", Grouped(index.models.size()));
  page.SetIntValue("PROVIDER_TOTAL", static_cast<long>(index.providers.size()));
  Set(page, "Q", query.text);
  Set(page, "MAX_PRICE", query.max_price_text);
  AddSelects(page, index, query);
  AddChips(page, query);
  if (query.bad_price) page.ShowSection("BAD_PRICE");
  Set(page, "FOUND", Grouped(found.found));
  Set(page, "FOUND_NOUN", Plural(found.found, "model", "models"));
  if (found.models.empty()) {
    page.ShowSection("NONE");
  } else {
    const std::size_t first = (found.page - 1) * kModelsPerPage + 1;
    Dictionary& range = *page.AddSectionDictionary("RANGE");
    range.SetIntValue("FIRST", static_cast<long>(first));
    range.SetIntValue("LAST", static_cast<long>(first + found.models.size() - 1));
    Dictionary& table = *page.AddSectionDictionary("TABLE");
    for (const ListedModel* listed : found.models) AddModelRow(table, *listed);
  }
  AddPages(page, query, found);
  return impl_->Expand(
      "list.tpl", page,
      {.title = query.vendor.empty() ? "AI model prices – Tollgate model directory"
                                     : query.vendor + " model prices – Tollgate model directory",
       .description =
           absl::StrCat("Published prices of ", Grouped(index.models.size()), " AI models from ",
                        index.providers.size(), " providers, in US dollars per million tokens."),
       .json_ld = "",
       .indexed = query.ToUrl("/") == address.path},
      index, address, *this);
}

std::string HtmlPages::ModelPageOf(const DirectoryIndex& index, const ListedModel& listed,
                                   absl::Time now, const PageAddress& address) const {
  const Model& model = *listed.model;
  Dictionary page("model");
  Set(page, "NAME", model.display_name);
  Set(page, "ID", model.id);
  Set(page, "VENDOR", model.vendor);
  Set(page, "VENDOR_URL", "/?vendor=" + EncodeQuery(model.vendor));
  SetType(page, model);
  for (const std::string& capability : model.capabilities) {
    Set(*page.AddSectionDictionary("CAPABILITY"), "LABEL", Capitalized(capability));
  }
  if (!model.deprecation_date.empty()) {
    Set(*page.AddSectionDictionary("DEPRECATED"), "DATE", model.deprecation_date);
  }
  const auto headline = [&](const char* label, const std::string& value, const std::string& per) {
    Dictionary& fact = *page.AddSectionDictionary("HEADLINE");
    Set(fact, "LABEL", label);
    Set(fact, "VALUE", value);
    Set(fact, "PER", per);
  };
  if (listed.input) {
    headline("Input from", MoneyWords(listed.input), "/M");
    headline("Output from", MoneyWords(listed.output), "/M");
  } else if (listed.by_unit != nullptr) {
    headline("From", ComponentMoney(*listed.by_unit), ComponentPer(*listed.by_unit));
  }
  const auto tokens = [](std::int64_t count) {
    return count > 0 ? TokensWords(count) + " tokens" : std::string();
  };
  AddFact(page, "Context", tokens(model.context_tokens_max));
  AddFact(page, "Longest output", tokens(model.output_tokens_max));
  AddFact(page, "Reads", Modality(model.input_modalities));
  AddFact(page, "Writes", Modality(model.output_modalities));
  AddFact(page, "Knowledge until", model.knowledge_date);
  AddFact(page, "Released", model.release_date);
  page.SetIntValue("OFFERING_TOTAL", static_cast<long>(listed.offerings.size()));
  Set(page, "OFFERING_NOUN", Plural(listed.offerings.size(), "provider", "providers"));
  for (const ListedOffering& offering : listed.offerings) AddOffering(page, offering, now);
  const std::string from =
      listed.input ? absl::StrCat("Input from ", MoneyWords(listed.input), ", output from ",
                                  MoneyWords(listed.output), " per million tokens. ")
                   : std::string();
  return impl_->Expand(
      "model.tpl", page,
      {.title = model.display_name + ": price and providers – Tollgate model directory",
       .description =
           absl::StrCat(model.display_name, " (", model.id, "). ", from, listed.offerings.size(),
                        " ", Plural(listed.offerings.size(), "provider", "providers"), "."),
       .json_ld = ModelSchemaOrg(listed, address.public_url + address.path)},
      index, address, *this);
}

std::string HtmlPages::ProviderList(const DirectoryIndex& index, const PageAddress& address) const {
  Dictionary page("providers");
  page.SetIntValue("PROVIDER_TOTAL", static_cast<long>(index.providers.size()));
  std::vector<const ListedProvider*> sorted;
  for (const auto& [id, listed] : index.providers) sorted.push_back(&listed);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return a->offerings.size() > b->offerings.size();
  });
  for (const ListedProvider* listed : sorted) {
    Dictionary& card = *page.AddSectionDictionary("PROVIDER");
    Set(card, "URL", ProviderPath(listed->provider->id));
    Set(card, "NAME", listed->provider->display_name);
    Set(card, "ID", listed->provider->id);
    card.SetIntValue("OFFERINGS", static_cast<long>(listed->offerings.size()));
    Set(card, "NOUN", Plural(listed->offerings.size(), "model", "models"));
    Set(card, "FORMAT", FormatWords(listed->provider->format));
  }
  return impl_->Expand("providers.tpl", page,
                       {.title = "Providers – Tollgate model directory",
                        .description = absl::StrCat(index.providers.size(),
                                                    " providers of AI models and their prices."),
                        .json_ld = "",
                        .section = "ON_PROVIDERS"},
                       index, address, *this);
}

std::string HtmlPages::ProviderPage(const DirectoryIndex& index, const ListedProvider& listed,
                                    const PageAddress& address) const {
  const Provider& provider = *listed.provider;
  Dictionary page("provider");
  Set(page, "NAME", provider.display_name);
  Set(page, "ID", provider.id);
  AddFact(page, "Wire format", std::string(FormatWords(provider.format)));
  AddFact(page, "Models", absl::StrCat(listed.offerings.size()));
  if (!provider.base_url.empty()) {
    Set(*page.AddSectionDictionary("BASE_URL"), "URL_TEXT", provider.base_url);
  }
  if (!provider.doc_url.empty()) {
    Dictionary& link = *page.AddSectionDictionary("DOCUMENTATION");
    Set(link, "URL", provider.doc_url);
    Set(link, "URL_TEXT", provider.doc_url);
  }
  page.SetIntValue("OFFERING_TOTAL", static_cast<long>(listed.offerings.size()));
  Set(page, "OFFERING_NOUN", Plural(listed.offerings.size(), "model", "models"));
  for (const ListedOffering& offering : listed.offerings) {
    Dictionary& row = *page.AddSectionDictionary("ROW");
    Set(row, "URL", ModelPath(offering.model->id));
    Set(row, "NAME", offering.model->display_name);
    Set(row, "ID", offering.offering->provider_model_id);
    SetType(row, *offering.model);
    Set(row, "CONTEXT", TokensWords(ContextOf(offering)));
    AddPriceCells(row, offering);
  }
  return impl_->Expand(
      "provider.tpl", page,
      {.title = provider.display_name + ": model prices – Tollgate model directory",
       .description = absl::StrCat("What ", provider.display_name, " asks for ",
                                   listed.offerings.size(), " AI models."),
       .json_ld = "",
       .section = "ON_PROVIDERS"},
      index, address, *this);
}

std::string HtmlPages::Missing(const DirectoryIndex& index, std::string_view path,
                               const PageAddress& address) const {
  Dictionary page("missing");
  Set(page, "PATH", path);
  Set(page, "SEARCH_URL",
      "/?q=" + EncodeQuery(path.substr(std::min(path.size(), path.rfind('/') + 1))));
  return impl_->Expand("missing.tpl", page,
                       {.title = "Not found – Tollgate model directory",
                        .description = "This page does not exist.",
                        .json_ld = "",
                        .indexed = false},
                       index, address, *this);
}

}  // namespace tollgate::catalog
