// Identifiers: ULIDs for generations, random ids for resources, and the form of a resource id.
#ifndef TOLLGATE_BASE_IDS_H_
#define TOLLGATE_BASE_IDS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace tollgate {

inline constexpr std::size_t kUlidChars = 26;
inline constexpr std::size_t kResourceIdCharsMax = 63;  // As AIP-122: a DNS label.

// A ULID (github.com/ulid/spec): 48 bits of wall time in milliseconds, 80 random bits, as 26
// characters of upper-case Crockford base32.  Sorts by time; two of one millisecond sort at random.
std::string NewUlid(const Clock& clock, Random& random);
// The same at the end of `out`.
void AppendUlid(const Clock& clock, Random& random, std::string& out);

// Whether `text` is a ULID in canonical upper case.
bool IsValidUlid(std::string_view text);

// `prefix` followed by 80 random bits as 16 characters of lower-case Crockford base32:
// NewId("key_", random) = "key_7f3k…".
std::string NewId(std::string_view prefix, Random& random);

// 1 to 63 characters: lower-case letters, digits, '-', '_' and '.'; begins with a letter or digit
// and ends with one.  Safe in a path, a metric label and a log line.
bool IsValidResourceId(std::string_view text);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_IDS_H_
