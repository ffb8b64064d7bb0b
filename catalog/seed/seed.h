// The seed catalog that is compiled into the program.
#ifndef TOLLGATE_CATALOG_SEED_SEED_H_
#define TOLLGATE_CATALOG_SEED_SEED_H_

#include <string>

#include "absl/status/statusor.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// Names the contents: two builds with the same seed have the same digest.
std::string SeedDigest();

// The facts.  An error is a defect of the build.
absl::StatusOr<Facts> SeedFacts();

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SEED_SEED_H_
