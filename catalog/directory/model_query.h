// The list of models: which are asked for, in what order, and which page of them.
#ifndef TOLLGATE_CATALOG_DIRECTORY_MODEL_QUERY_H_
#define TOLLGATE_CATALOG_DIRECTORY_MODEL_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/directory/directory_index.h"

namespace tollgate::catalog {

inline constexpr std::size_t kModelsPerPage = 50;
inline constexpr std::size_t kSearchCharsMax = 100;  // Of the search text; the rest is cut off.

// From the query parameters q, vendor, type, modality, can, max_price, sort and page.  Others, and
// values that do not exist, are ignored: a link from elsewhere shows something sensible.
struct ModelQuery {
  std::string text;
  std::string vendor;
  std::string type;
  std::string modality;  // Read or written.
  std::string capability;
  std::string max_price_text;
  std::optional<std::int64_t> max_price;  // Of input, in pico-USD per token.
  bool bad_price = false;                 // max_price was given and is no price.
  std::string sort;                       // One of SortNames().
  std::size_t page = 1;                   // From 1.

  static ModelQuery Parse(const std::map<std::string, std::string>& parameters);

  // "/?q=…&page=2" with what differs from the default; the path alone when nothing does.
  std::string ToUrl(std::string_view path) const;
};

// The sort orders, name and label; the first is the default.
const std::vector<std::pair<std::string, std::string>>& SortOrders();

struct ModelPage {
  std::size_t found = 0;  // On all pages.
  std::size_t page = 1;   // The page that is shown, which is at most page_total.
  std::size_t page_total = 1;
  std::vector<const ListedModel*> models;
};

// All words of the text must occur in id or name.
ModelPage FindModels(const DirectoryIndex& index, const ModelQuery& query);

// Percent-encodes all but unreserved characters (RFC 3986 section 2.3).
std::string EncodeQuery(std::string_view text);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_MODEL_QUERY_H_
