// Quirks of providers as the reviewed table and the seed files state them:
// {"no_json_schema":true,"unsupported_parameters":["seed","user"]}.
#ifndef TOLLGATE_CATALOG_IMPORT_QUIRKS_JSON_H_
#define TOLLGATE_CATALOG_IMPORT_QUIRKS_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "catalog/import/json_tree.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// InvalidArgument for a member that is not known, or a value that its member cannot have.
absl::StatusOr<Quirks> ReadQuirks(const JsonValue& value);

// What ReadQuirks() reads back; only what is set.
std::string WriteQuirks(const Quirks& quirks);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_QUIRKS_JSON_H_
