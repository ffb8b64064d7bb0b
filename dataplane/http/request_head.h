// The head of a client's request, read once; authentication, routing and framing all take this
// object, so they cannot disagree about the request.
#ifndef TOLLGATE_DATAPLANE_HTTP_REQUEST_HEAD_H_
#define TOLLGATE_DATAPLANE_HTTP_REQUEST_HEAD_H_

#include <cstdint>
#include <string_view>

#include "dataplane/http/head_text.h"

namespace tollgate::dataplane {

// Why a head is refused.  Every one of them ends the connection: what follows cannot be trusted.
enum class HeadError {
  kNone,
  kRequestLine,       // Not `method SP target SP HTTP/1.x`.
  kVersion,           // Not HTTP/1.0 or 1.1.
  kTarget,            // A target with forbidden characters, too long, or of the wrong form.
  kFields,            // A malformed field line.
  kHost,              // No Host, several, or one that is no host.
  kAuthorityDiffers,  // An absolute-form target that names another host than Host.
  kContentLength,     // Not one run of digits, or given twice.
  kTransferEncoding,  // Anything but `chunked`, alone and once, in HTTP/1.1.
  kTwoFramings,       // Content-Length and Transfer-Encoding.
  kTwoCredentials,    // Several Authorization fields.
  kExpectation,       // An Expect other than 100-continue.
  kBodyCoding,        // A Content-Encoding: requests are not decompressed.
};

// The methods that some route may know.
enum class Method { kGet, kHead, kPost, kPatch, kDelete, kOptions, kOther };

// Views into the buffer that was parsed.
struct RequestHead {
  Method method = Method::kOther;
  std::string_view path_and_query;  // Origin form; an absolute-form target without its authority.
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  bool has_content_length = false;
  std::uint64_t content_length = 0;
  std::string_view host;
  std::string_view authorization;  // Null when absent.
  HeadFields fields;

  bool has_body() const { return chunked || content_length > 0; }
};

// Reads `bytes`, a head found complete by HeadEnd, into `head`.  Everything of `head` is
// overwritten.
HeadError ParseRequestHead(std::string_view bytes, RequestHead& head);

// The key of an `Authorization: Bearer` value; empty for another scheme, null for none at all.
std::string_view BearerToken(std::string_view authorization);

// A sentence about the error, for the client.
std::string_view HeadErrorMessage(HeadError error);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_REQUEST_HEAD_H_
