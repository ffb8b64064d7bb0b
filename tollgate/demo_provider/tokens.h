// The demo provider's tokenizer: deterministic, and never more tokens than bytes.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_TOKENS_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tollgate {

// The length in bytes of the first token of `text`: at most four bytes of one word together with
// the blanks before it, and never a part of a UTF-8 character.  0 only for an empty text.
std::size_t FirstTokenBytes(std::string_view text);

// How many tokens `text` has; 0 for an empty text.
std::int64_t CountTokens(std::string_view text);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_TOKENS_H_
