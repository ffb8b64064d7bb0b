// Models as JSON, in a shape that OpenAI's, Anthropic's, Vercel's and OpenRouter's clients all
// read.
#ifndef TOLLGATE_DATAPLANE_REQUEST_MODEL_JSON_H_
#define TOLLGATE_DATAPLANE_REQUEST_MODEL_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// Appends the list object of all that the caller may call.
void AppendModelList(const Snapshot& snapshot, const Principal* principal, absl::Time now,
                     std::string& out);

// Appends one model or alias by its name; false when the caller cannot call it.
bool AppendModelByName(const Snapshot& snapshot, const Principal* principal, std::string_view name,
                       absl::Time now, std::string& out);

// A price per unit as an exact decimal of USD: 2500000 pico-USD = "0.0000025".
std::string UsdPerUnit(std::int64_t pico_usd);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_MODEL_JSON_H_
