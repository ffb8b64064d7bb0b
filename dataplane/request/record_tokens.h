// The tokens of usage records, in the sums that clients are shown.
#ifndef TOLLGATE_DATAPLANE_REQUEST_RECORD_TOKENS_H_
#define TOLLGATE_DATAPLANE_REQUEST_RECORD_TOKENS_H_

#include <cstdint>

namespace tollgate::usage::v1 {
class UsageRecord;
}  // namespace tollgate::usage::v1

namespace tollgate::dataplane {

struct RecordTokens {
  std::int64_t prompt = 0;          // All input, cached tokens included.
  std::int64_t completion = 0;      // All output, reasoning included.
  std::int64_t reasoning = 0;       // Of completion.
  std::int64_t cached = 0;          // Of prompt: read from a cache.
  std::int64_t cache_creation = 0;  // Of prompt: written to one.
  std::int64_t searches = 0;        // Not tokens.
};

// Adds what one attempt used.
void AddTokens(const usage::v1::UsageRecord& record, RecordTokens& tokens);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_RECORD_TOKENS_H_
