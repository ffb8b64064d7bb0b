// Gemini's own schemas (a subset of OpenAPI 3.0's) as JSON Schema.
// Source: https://ai.google.dev/api/caching#Schema.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCHEMA_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCHEMA_H_

#include <string>

#include "dataplane/json/document.h"

namespace tollgate::dataplane {

// The JSON Schema that says what `schema` says: types in lower case, `nullable` as a type, counts
// as numbers, properties in the order of `propertyOrdering`.  Keywords that both have, and ones
// that nobody knows, stay as they are.
std::string JsonSchemaOfGemini(JsonValue schema);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_SCHEMA_H_
