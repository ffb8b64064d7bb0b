// A generation record as JSON: GET /v1/generation.
#ifndef TOLLGATE_DATAPLANE_REQUEST_GENERATION_JSON_H_
#define TOLLGATE_DATAPLANE_REQUEST_GENERATION_JSON_H_

#include <span>
#include <string>

namespace tollgate::usage::v1 {
class UsageRecord;
}  // namespace tollgate::usage::v1

namespace tollgate::dataplane {

// Appends {"data":{…}} of the attempts of one generation, in order.  REQUIRED: at least one.
void AppendGeneration(std::span<const usage::v1::UsageRecord> attempts, std::string& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_GENERATION_JSON_H_
