// The head of a provider's answer.  A provider is not trusted: framing that could be read in two
// ways makes the answer an error, and the connection is dropped and never used again.
#ifndef TOLLGATE_DATAPLANE_HTTP_RESPONSE_HEAD_H_
#define TOLLGATE_DATAPLANE_HTTP_RESPONSE_HEAD_H_

#include <cstdint>
#include <string_view>

#include "dataplane/http/head_text.h"

namespace tollgate::dataplane {

// How the end of an answer's body is found.
enum class BodyFraming { kNone, kLength, kChunked, kUntilClose };

// Views into the buffer that was parsed.
struct ResponseHead {
  int status = 0;
  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;
  bool keep_alive = true;         // Whether the connection may be used again after the body.
  std::string_view content_type;  // Null when absent, like the others.
  std::string_view content_encoding;
  std::string_view retry_after;
  std::string_view retry_after_ms;
  HeadFields fields;

  bool informational() const { return status >= 100 && status < 200; }
};

// Reads `bytes`, a head found complete by HeadEnd, into `head`.  False when it must not be trusted:
// malformed, both framings, several Content-Length, a Transfer-Encoding other than `chunked`, 101.
bool ParseResponseHead(std::string_view bytes, ResponseHead& head);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_RESPONSE_HEAD_H_
