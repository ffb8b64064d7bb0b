// What a valid fact is.
#ifndef TOLLGATE_CATALOG_MODEL_VALIDATE_H_
#define TOLLGATE_CATALOG_MODEL_VALIDATE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// Limits of one fact: generous for any real one, small enough for a page and a metric label.
inline constexpr std::size_t kModelIdCharsMax = 200;
inline constexpr std::size_t kNameCharsMax = 200;  // Display names and provider model ids.
inline constexpr std::size_t kUrlCharsMax = 500;
inline constexpr std::int64_t kTokensMax = 1'000'000'000;
// Price versions of one offering in one import.
inline constexpr std::size_t kVersionsPerOfferingMax = 64;
// Facts of each kind in one import.
inline constexpr std::size_t kFactsMax = 100'000;

// Each: OK, or InvalidArgument that names the fact and what is wrong with it.

// The id is "vendor/name" of a-z 0-9 . _ : - (each part beginning with a letter or digit), the
// vendor is its first part, the words are known ones, the limits are in range, dates are ISO 8601.
absl::Status ValidateModel(const Model& model);

// The id is a resource id (base/ids.h), the format is stated, URLs are http(s) without user info.
absl::Status ValidateProvider(const Provider& provider);

// The id agrees with its parts; there is at least one price version, each valid by
// ValidatePriceVersion() but for the id, which may be missing.  Whether model and provider exist
// is Merge()'s matter.
absl::Status ValidateOffering(const Offering& offering);

// "vendor/name" as above.
bool IsValidModelId(std::string_view id);

// Empty, YYYY, YYYY-MM or YYYY-MM-DD.
bool IsValidDate(std::string_view date);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_MODEL_VALIDATE_H_
