#include "catalog/directory/model_query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

constexpr std::size_t kPageMax = 100'000;
constexpr std::size_t kWordsMax = 10;  // Of a search text.

bool Has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool Fits(const ListedModel& listed, const ModelQuery& query,
          const std::vector<std::string>& words) {
  const Model& model = *listed.model;
  if (!query.vendor.empty() && model.vendor != query.vendor) return false;
  if (!query.type.empty() && model.type != query.type) return false;
  if (!query.modality.empty() && !Has(model.input_modalities, query.modality) &&
      !Has(model.output_modalities, query.modality)) {
    return false;
  }
  if (!query.capability.empty() && !Has(model.capabilities, query.capability)) return false;
  if (query.max_price && (!listed.input || *listed.input > *query.max_price)) return false;
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return listed.haystack.find(word) != std::string::npos;
  });
}

// Whether `a` comes before `b`; equal ones stay in order of id.
bool Before(const ListedModel& a, const ListedModel& b, std::string_view sort) {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  if (sort == "name") {
    return absl::AsciiStrToLower(a.model->display_name) <
           absl::AsciiStrToLower(b.model->display_name);
  }
  if (sort == "newest") return a.model->release_date > b.model->release_date;
  if (sort == "input") return a.input.value_or(kLast) < b.input.value_or(kLast);
  if (sort == "output") return a.output.value_or(kLast) < b.output.value_or(kLast);
  if (sort == "context") return a.model->context_tokens_max > b.model->context_tokens_max;
  return a.offerings.size() > b.offerings.size();
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& SortOrders() {
  static const auto& orders = *new std::vector<std::pair<std::string, std::string>>{
      {"providers", "Most providers"}, {"newest", "Newest"},           {"input", "Input price"},
      {"output", "Output price"},      {"context", "Longest context"}, {"name", "Name"}};
  return orders;
}

std::string EncodeQuery(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    if (absl::ascii_isalnum(byte) || std::string_view("-._~").find(raw) != std::string::npos) {
      encoded += raw;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

ModelQuery ModelQuery::Parse(const std::map<std::string, std::string>& parameters) {
  const auto get = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second.substr(0, kSearchCharsMax);
  };
  const auto one_of = [&](const char* name, const std::vector<std::string>& known) {
    std::string value = get(name);
    return Has(known, value) ? value : std::string();
  };
  ModelQuery query;
  query.text = std::string(absl::StripAsciiWhitespace(get("q")));
  query.vendor = get("vendor");
  query.type = one_of("type", ModelTypes());
  query.modality = one_of("modality", Modalities());
  query.capability = one_of("can", Capabilities());
  query.max_price_text = std::string(absl::StripAsciiWhitespace(get("max_price")));
  if (!query.max_price_text.empty()) {
    const absl::StatusOr<ParsedPrice> price = ParsePrice(query.max_price_text, kUsdPerMillionUnits);
    query.bad_price = !price.ok();
    if (price.ok()) query.max_price = price->pico_usd_per_unit;
  }
  query.sort = SortOrders().front().first;
  for (const auto& [name, label] : SortOrders()) {
    if (name == get("sort")) query.sort = name;
  }
  const std::string page = get("page");
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(page.data(), page.data() + page.size(), number);
  if (error == std::errc() && stop == page.data() + page.size() && number > 0) {
    query.page = std::min(number, kPageMax);
  }
  return query;
}

std::string ModelQuery::ToUrl(std::string_view path) const {
  std::string url(path);
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    url += separator;
    url.append(name).append("=").append(EncodeQuery(value));
    separator = '&';
  };
  add("q", text);
  add("vendor", vendor);
  add("type", type);
  add("modality", modality);
  add("can", capability);
  add("max_price", max_price_text);
  add("sort", sort == SortOrders().front().first ? "" : sort);
  add("page", page == 1 ? "" : absl::StrCat(page));
  return url;
}

ModelPage FindModels(const DirectoryIndex& index, const ModelQuery& query) {
  std::vector<std::string> words =
      absl::StrSplit(absl::AsciiStrToLower(query.text), ' ', absl::SkipEmpty());
  if (words.size() > kWordsMax) words.resize(kWordsMax);
  std::vector<const ListedModel*> fitting;
  for (const auto& [id, model] : index.models) {
    if (Fits(model, query, words)) fitting.push_back(&model);
  }
  std::stable_sort(fitting.begin(), fitting.end(),
                   [&](const auto* a, const auto* b) { return Before(*a, *b, query.sort); });
  ModelPage page;
  page.found = fitting.size();
  page.page_total = std::max<std::size_t>(1, (page.found + kModelsPerPage - 1) / kModelsPerPage);
  page.page = std::min(query.page, page.page_total);
  const std::size_t first = (page.page - 1) * kModelsPerPage;
  const std::size_t last = std::min(first + kModelsPerPage, page.found);
  page.models.assign(fitting.begin() + static_cast<std::ptrdiff_t>(first),
                     fitting.begin() + static_cast<std::ptrdiff_t>(last));
  return page;
}

}  // namespace tollgate::catalog
