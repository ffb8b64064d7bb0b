// Makes a value that fits a JSON schema, for tool arguments and structured answers.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_SAMPLE_JSON_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_SAMPLE_JSON_H_

#include <simdjson.h>

#include <string>
#include <string_view>

namespace tollgate {

// Appends a value of `schema` (the subset that tools use: type, enum, const, properties, items,
// anyOf, oneOf; nested at most 8 deep).  A string becomes `word`.  Never fails: what it does not
// understand becomes null, {} or `word`.
void AppendSampleJson(const simdjson::dom::element& schema, std::string_view word,
                      std::string& out);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_SAMPLE_JSON_H_
