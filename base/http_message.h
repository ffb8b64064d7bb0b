// The text of HTTP/1.1 messages: reading a request target, writing a response head and chunks.
// Pure; used by base/http_session.cc.
#ifndef TOLLGATE_BASE_HTTP_MESSAGE_H_
#define TOLLGATE_BASE_HTTP_MESSAGE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/http_server.h"

namespace tollgate {

// Fills path and query from an origin-form target ("/a%20b?x=1").  False when it is of another
// form, holds a malformed escape, or its path decodes to a control character.
bool ParseRequestTarget(std::string_view target, HttpRequest& request);

// Percent-decodes; `plus_is_blank` as in a query.  nullopt for a malformed escape.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank);

// How the body of a response ends.
enum class BodyFraming { kLength, kChunked, kUntilClose };

// Whether a response of this status has a body at all (RFC 9110 section 6.4.1).
bool StatusHasBody(int status);

// Whether every header can be written: token names, no CR, LF or NUL in values, and none of the
// names that the server itself writes.
bool HeadersAreSafe(const HttpResponse& response);

// The head with its final blank line.  `body_bytes` is written for kLength only.
// REQUIRED: HeadersAreSafe(response).
std::string RenderHead(const HttpResponse& response, BodyFraming framing, std::size_t body_bytes,
                       bool keep_alive, absl::Time now);

// One chunk of a chunked body.  REQUIRED: data is not empty.
std::string RenderChunk(std::string_view data);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_HTTP_MESSAGE_H_
