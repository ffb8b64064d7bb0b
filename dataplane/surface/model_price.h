// What the lists of models of all surfaces show of prices and dates.
#ifndef TOLLGATE_DATAPLANE_SURFACE_MODEL_PRICE_H_
#define TOLLGATE_DATAPLANE_SURFACE_MODEL_PRICE_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/compiled_price.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// A price per unit as an exact decimal of USD: 2500000 pico-USD = "0.0000025".
std::string UsdPerUnit(std::int64_t pico_usd);

// What one of a class costs at `now`, in short contexts: ShownPrice(price, &TokenUsage::input_text,
// now).  "0" of a class without a price.
std::string ShownPrice(const Price& price, std::int64_t TokenUsage::*field, absl::Time now);

// The beginning of the model's day of release, in seconds since 1970; 0 when it is not known.
std::int64_t ReleaseSeconds(const Model& model);

// What the model is called where people read it.
const std::string& ShownName(const Model& model);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_MODEL_PRICE_H_
