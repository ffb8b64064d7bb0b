// Reads OpenAI's usage object into the classes that are priced.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_USAGE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_USAGE_H_

#include "dataplane/json/cursor.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// Counts beyond this are not believed: no request has a trillion tokens.
inline constexpr std::int64_t kTokensBelievable = std::int64_t{1} << 40;

// Reads the value ahead of `json`, which may be null.  prompt_tokens less cached, cache-write and
// audio tokens are text input; completion_tokens less reasoning and audio tokens are text output;
// responses call them input_tokens and output_tokens.  Where total_tokens is the sum of these and
// reasoning_tokens, reasoning is counted besides.  A part that exceeds its sum is cut to it.  A
// count that is negative, no integer or unbelievable makes the whole report absent.  False when the
// JSON is malformed.
bool ReadUsage(JsonCursor& json, UsageReport& usage);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_USAGE_H_
