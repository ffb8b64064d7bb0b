// The price fields of LiteLLM's file, and the price components that they state.
#ifndef TOLLGATE_CATALOG_IMPORT_LITELLM_FIELDS_H_
#define TOLLGATE_CATALOG_IMPORT_LITELLM_FIELDS_H_

#include <optional>
#include <string_view>

#include "base/pricing.h"
#include "catalog/import/component_list.h"
#include "catalog/import/import_report.h"
#include "catalog/import/json_tree.h"

namespace tollgate::catalog {

// A field's name, understood.
struct LiteLlmField {
  PriceComponent keys;
  int scale = 0;  // As in price/price_text.h.
};

// "input_cost_per_token_above_200k_tokens_priority" → input, >200000, priority.  Suffixes
// _batches, _flex, _priority are service tiers, _above_<n>k_tokens a context threshold, _above_1hr
// the cache that is kept an hour.  nullopt for a field that is no price or cannot be expressed.
std::optional<LiteLlmField> ParseLiteLlmField(std::string_view name, std::string_view mode);

// Reads all price fields of an entry into `list`, with the peculiarities of the file:
//   * what an image model costs per *input* image or pixel is per image that it makes;
//   * seconds of output of a transcription repeat those of input and are no second charge;
//   * where tokens of image or audio output are priced, a price per image or second is the same
//     charge said otherwise, and is not taken;
//   * `tiered_pricing` and `search_context_cost_per_query` are lists of their own.
// A price field that cannot be expressed goes to the report; the entry is then not taken as a
// whole if what is missing is part of each request (`list` is spoiled).
void ReadLiteLlmPrices(const JsonValue& entry, std::string_view mode, std::string_view what,
                       ComponentList& list, ImportReport& report);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_LITELLM_FIELDS_H_
