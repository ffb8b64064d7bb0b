#include "dataplane/http/sse.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tollgate::dataplane {
namespace {

// The first CR or LF in [at, end), or end.
const char* FindLineEnd(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i lf = _mm_set1_epi8('\n');
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const int mask =
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, lf)));
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
    at += 16;
  }
#endif
  while (at != end && *at != '\r' && *at != '\n') ++at;
  return at;
}

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

std::size_t SseSplitter::Next(std::string_view bytes) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* at = begin + scanned_;
  while (at != end) {
    if (after_cr_) {
      after_cr_ = false;
      if (*at == '\n') {
        // The second half of a line end that was counted at its CR.
        ++at;
        line_start_ = static_cast<std::size_t>(at - begin);
        continue;
      }
    }
    const char* line_end = FindLineEnd(at, end);
    if (line_end == end) {
      at = end;
      break;
    }
    const bool empty = static_cast<std::size_t>(line_end - begin) == line_start_;
    at = line_end + 1;
    after_cr_ = *line_end == '\r';
    if (after_cr_ && at != end && *at == '\n') {
      ++at;
      after_cr_ = false;
    }
    line_start_ = static_cast<std::size_t>(at - begin);
    // An empty line before any other ends nothing, and is handed on as an event without data.
    if (empty) {
      scanned_ = 0;
      const std::size_t size = line_start_;
      line_start_ = 0;
      return size;
    }
  }
  scanned_ = static_cast<std::size_t>(at - begin);
  return 0;
}

std::string_view SseData(std::string_view event, std::string& scratch) {
  if (event.starts_with(kByteOrderMark)) event.remove_prefix(kByteOrderMark.size());
  std::string_view data;
  int lines = 0;
  const char* at = event.data();
  const char* const end = at + event.size();
  while (at != end) {
    const char* line_end = FindLineEnd(at, end);
    std::string_view line(at, static_cast<std::size_t>(line_end - at));
    at = line_end == end ? end : line_end + 1;
    if (!line.starts_with("data")) continue;
    line.remove_prefix(4);
    if (!line.empty()) {
      if (line.front() != ':') continue;  // Another field, such as `database:`.
      line.remove_prefix(1);
      if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    }
    if (++lines == 1) {
      data = line;
    } else {
      if (lines == 2) scratch.assign(data);
      scratch.push_back('\n');
      scratch.append(line);
      data = scratch;
    }
  }
  return data;
}

std::string_view SseName(std::string_view event) {
  if (event.starts_with(kByteOrderMark)) event.remove_prefix(kByteOrderMark.size());
  std::string_view name;
  const char* at = event.data();
  const char* const end = at + event.size();
  while (at != end) {
    const char* line_end = FindLineEnd(at, end);
    std::string_view line(at, static_cast<std::size_t>(line_end - at));
    at = line_end == end ? end : line_end + 1;
    if (!line.starts_with("event:")) continue;
    line.remove_prefix(6);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    name = line;
  }
  return name;
}

}  // namespace tollgate::dataplane
