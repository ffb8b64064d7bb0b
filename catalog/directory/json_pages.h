// The directory's pages as JSON.
//
// Field names and meanings are those of tollgate/catalog/v1/catalog.proto; enums are their
// lower-case names, numbers are JSON numbers, times are ISO 8601.  A price component has its price
// twice: "price_pico_usd_per_unit" as a decimal string (it may exceed what a double holds), and
// "usd_per_unit", an exact decimal string.
#ifndef TOLLGATE_CATALOG_DIRECTORY_JSON_PAGES_H_
#define TOLLGATE_CATALOG_DIRECTORY_JSON_PAGES_H_

#include <string>

#include "absl/time/time.h"
#include "catalog/directory/directory_index.h"
#include "catalog/directory/model_query.h"

namespace tollgate::catalog {

// {"found":…,"page":…,"page_total":…,"models":[{…model…,"offerings":n,"input_usd_per_million":…}]}
std::string ModelListJson(const ModelPage& page);
// {…model…,"offerings":[{…,"price_versions":[…]}]}: prices in force and announced.
std::string ModelJson(const ListedModel& model, absl::Time now);
// {"providers":[{…provider…,"offerings":n}]}
std::string ProviderListJson(const DirectoryIndex& index);
// {…provider…,"offerings":[…]}
std::string ProviderJson(const ListedProvider& provider, absl::Time now);

// schema.org's Product with its Offers, as the whole <script> element: safe to put into HTML.
// `url` is the page's canonical address.
std::string ModelSchemaOrg(const ListedModel& model, const std::string& url);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_JSON_PAGES_H_
