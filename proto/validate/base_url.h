// The form of a provider's base URL.
#ifndef TOLLGATE_PROTO_VALIDATE_BASE_URL_H_
#define TOLLGATE_PROTO_VALIDATE_BASE_URL_H_

#include <cstddef>
#include <string_view>

namespace tollgate {

// Longest base URL: far above any honest one, so that a request line stays within 8 KiB.
inline constexpr std::size_t kBaseUrlCharsMax = 1024;

// What is wrong with `url`, as the end of a sentence ("must begin with https:// or http://"), or
// empty when it is scheme, host, optional port and optional path and nothing else: a user, a query
// or a fragment has no place in it, nor has a character that a URL must escape.
std::string_view BaseUrlObjection(std::string_view url);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_BASE_URL_H_
