// Gemini's member names, each of which may be written in camelCase or in snake_case.
// Source: https://protobuf.dev/programming-guides/json/#field-names.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_NAMES_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_NAMES_H_

#include <string_view>

#include "dataplane/json/document.h"

namespace tollgate::dataplane {

// Whether `key` is `camel` in either spelling: "fileUri" is named by "fileUri" and "file_uri".
bool IsNamed(std::string_view key, std::string_view camel);

// The member of that name, in either spelling; absent when there is none.
JsonValue FindNamed(JsonValue object, std::string_view camel);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_NAMES_H_
