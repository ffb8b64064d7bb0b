#include "catalog/store/catalog_store.h"

namespace tollgate::catalog {

bool SamePriceVersion(const SourcedPriceVersion& a, const SourcedPriceVersion& b) {
  return a.version.id == b.version.id && a.version.effective_time == b.version.effective_time &&
         a.version.components == b.version.components && a.source == b.source &&
         a.source_date == b.source_date;
}

}  // namespace tollgate::catalog
