// UTF-8 from outside: is it well formed, and if not, mended.
#ifndef TOLLGATE_BASE_UTF8_H_
#define TOLLGATE_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tollgate {

// U+FFFD, which stands for a byte that is not UTF-8.
inline constexpr std::string_view kUtf8Replacement = "\xEF\xBF\xBD";

// Length in bytes, 1 to 4, of the well-formed sequence at the start of `text` (Unicode table 3-7:
// no overlong forms, no surrogates); 0 when there is none.  REQUIRED: text is not empty.
std::size_t Utf8SequenceLength(std::string_view text);

// `text` with each byte that belongs to no well-formed sequence replaced by U+FFFD, cut at a
// character so that the result has at most `bytes_max` bytes.
std::string RepairUtf8(std::string_view text, std::size_t bytes_max = static_cast<std::size_t>(-1));

}  // namespace tollgate

#endif  // TOLLGATE_BASE_UTF8_H_
