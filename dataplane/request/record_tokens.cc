#include "dataplane/request/record_tokens.h"

#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {

namespace pricing_v1 = pricing::v1;

void AddTokens(const usage::v1::UsageRecord& record, RecordTokens& tokens) {
  for (const pricing_v1::Quantity& quantity : record.quantities()) {
    if (quantity.unit() == pricing_v1::UNIT_SEARCH) tokens.searches += quantity.count();
    if (quantity.unit() != pricing_v1::UNIT_TOKEN) continue;
    if (quantity.direction() == pricing_v1::DIRECTION_OUTPUT) {
      tokens.completion += quantity.count();
      if (quantity.modality() == pricing_v1::MODALITY_REASONING) {
        tokens.reasoning += quantity.count();
      }
      continue;
    }
    tokens.prompt += quantity.count();
    if (quantity.cache() == pricing_v1::CACHE_CLASS_READ) tokens.cached += quantity.count();
    if (quantity.cache() == pricing_v1::CACHE_CLASS_WRITE_5M ||
        quantity.cache() == pricing_v1::CACHE_CLASS_WRITE_1H) {
      tokens.cache_creation += quantity.count();
    }
  }
}

}  // namespace tollgate::dataplane
