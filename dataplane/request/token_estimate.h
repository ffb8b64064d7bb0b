// How many tokens a request's input has, by the gateway's own count: for models whose provider
// counts none.
#ifndef TOLLGATE_DATAPLANE_REQUEST_TOKEN_ESTIMATE_H_
#define TOLLGATE_DATAPLANE_REQUEST_TOKEN_ESTIMATE_H_

#include <cstdint>
#include <string_view>

#include "dataplane/ir/request.h"

namespace tollgate::dataplane {

// An estimate, near what tokenizers make of prose and code, and no bound: bounds.h has that.
std::int64_t EstimateInputTokens(const ir::Request& request);

// The same of a text: four ASCII characters, or one other character, are a token.
std::int64_t EstimateTextTokens(std::string_view text);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_TOKEN_ESTIMATE_H_
