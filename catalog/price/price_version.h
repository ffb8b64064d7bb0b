// The identity and the history of price versions.
#ifndef TOLLGATE_CATALOG_PRICE_PRICE_VERSION_H_
#define TOLLGATE_CATALOG_PRICE_PRICE_VERSION_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/pricing.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// Puts components into canonical order: by tier, threshold, unit, direction, modality, cache class,
// variant, region, window, price.  The order has no meaning for the price of a request.
void SortComponents(std::vector<PriceComponent>& components);

// The id of a price version: "pv_" and the first 160 bits, as 32 characters of lower-case base32
// (RFC 4648 without padding), of the SHA-256 of this text:
//
//   tollgate price version 1\n
//   <offering id>\n
//   <effective time in seconds since 1970>\n
//   <component key>=<pico-USD per unit>\n        for each component, in canonical order
//
// The offering and the time are part of it, so that a version belongs to one offering and a price
// that comes back later is another version.  Source and source date are not: who reads the same
// price again does not change it.  See price/price_text.h for the component key.
std::string PriceVersionId(std::string_view offering_id, absl::Time effective_time,
                           std::vector<PriceComponent> components);

// The position of the version in force at `now` in a history sorted by effective time; the size
// of the history when none is.
std::size_t InForce(const std::vector<SourcedPriceVersion>& history, absl::Time now);

// The version in force at `now` and those after it: what readers see of a history.
std::vector<SourcedPriceVersion> CurrentAndAnnounced(
    const std::vector<SourcedPriceVersion>& history, absl::Time now);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_PRICE_PRICE_VERSION_H_
