// The catalog's facts about what the demo provider sells.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_DEMO_CATALOG_H_
#define TOLLGATE_TOLLGATE_STANDALONE_DEMO_CATALOG_H_

#include "tollgate/catalog/v1/catalog.pb.h"

namespace tollgate {

// The provider "demo" and, for each of DemoModels(), a model and an offering at the same prices.
// Equal at every call, so that importing it again changes nothing.
catalog::v1::Facts DemoFacts();

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_DEMO_CATALOG_H_
