#include "dataplane/http/request_head.h"

namespace tollgate::dataplane {
namespace {

Method MethodOf(std::string_view name) {
  if (name == "POST") return Method::kPost;
  if (name == "GET") return Method::kGet;
  if (name == "HEAD") return Method::kHead;
  if (name == "PATCH") return Method::kPatch;
  if (name == "DELETE") return Method::kDelete;
  if (name == "OPTIONS") return Method::kOptions;
  return Method::kOther;
}

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// `host[:port]` with a name, an IPv4 address or a bracketed IPv6 address.
bool IsHost(std::string_view text) {
  std::size_t host_end = 0;
  if (!text.empty() && text.front() == '[') {
    host_end = text.find(']');
    if (host_end == std::string_view::npos || host_end < 3) return false;
    for (const char c : text.substr(1, host_end - 1)) {
      if (!IsAlnum(c) && c != ':' && c != '.') return false;
    }
    ++host_end;
  } else {
    while (host_end < text.size() && (IsAlnum(text[host_end]) || text[host_end] == '-' ||
                                      text[host_end] == '.' || text[host_end] == '_')) {
      ++host_end;
    }
    if (host_end == 0 || host_end > 253) return false;
  }
  if (host_end == text.size()) return true;
  if (text[host_end] != ':') return false;
  const std::string_view port = text.substr(host_end + 1);
  std::uint64_t number = 0;
  return port.size() <= 5 && ParseContentLength(port, number) && number <= 65535;
}

bool SameText(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

// Takes the target apart.  `authority` is that of an absolute-form target.
bool ReadTarget(std::string_view target, Method method, std::string_view& path_and_query,
                std::string_view& authority) {
  if (target.empty() || target.size() > kTargetBytesMax) return false;
  for (const char c : target) {
    // Visible ASCII; what else there is must be percent-encoded.  A fragment never travels.
    if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\') return false;
  }
  authority = {};
  if (target.front() == '/') {
    path_and_query = target;
    return true;
  }
  if (target == "*") {
    path_and_query = target;
    return method == Method::kOptions;
  }
  std::size_t start = std::string_view::npos;
  if (target.size() > 8 && EqualsIgnoringCase(target.substr(0, 8), "https://")) start = 8;
  if (target.size() > 7 && EqualsIgnoringCase(target.substr(0, 7), "http://")) start = 7;
  if (start == std::string_view::npos) return false;
  const std::size_t slash = target.find_first_of("/?", start);
  authority = target.substr(start, slash == std::string_view::npos ? slash : slash - start);
  path_and_query = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  return !path_and_query.empty() && path_and_query.front() == '/' && IsHost(authority);
}

// Reads `method SP target SP version`.
HeadError ReadRequestLine(std::string_view line, RequestHead& head, std::string_view& authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || last == first)
    return HeadError::kRequestLine;
  const std::string_view method = line.substr(0, first);
  for (const char c : method) {
    if (!IsTokenChar(c)) return HeadError::kRequestLine;
  }
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") {
    head.http_1_0 = false;
  } else if (version == "HTTP/1.0") {
    head.http_1_0 = true;
  } else {
    return version.starts_with("HTTP/") ? HeadError::kVersion : HeadError::kRequestLine;
  }
  head.method = MethodOf(method);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  // authority-form belongs to CONNECT, which no route has: it falls to the target's check.
  if (!ReadTarget(target, head.method, head.path_and_query, authority)) return HeadError::kTarget;
  return HeadError::kNone;
}

struct Seen {
  int host = 0;
  int content_length = 0;
  int transfer_encoding = 0;
  int authorization = 0;
};

// Looks at one field for what framing and the connection need.
HeadError TakeField(const HeadField& field, RequestHead& head, Seen& seen) {
  switch (field.name.size()) {
    case 4:
      if (EqualsIgnoringCase(field.name, "host")) {
        if (++seen.host > 1 || !IsHost(field.value)) return HeadError::kHost;
        head.host = field.value;
      }
      break;
    case 6:
      if (EqualsIgnoringCase(field.name, "expect")) {
        if (!EqualsIgnoringCase(field.value, "100-continue")) return HeadError::kExpectation;
        head.expects_continue = true;
      }
      break;
    case 10:
      if (EqualsIgnoringCase(field.name, "connection")) {
        if (ListHasToken(field.value, "close")) head.keep_alive = false;
      }
      break;
    case 13:
      if (EqualsIgnoringCase(field.name, "authorization")) {
        if (++seen.authorization > 1) return HeadError::kTwoCredentials;
        head.authorization = field.value;
      }
      break;
    case 14:
      if (EqualsIgnoringCase(field.name, "content-length")) {
        if (++seen.content_length > 1 || !ParseContentLength(field.value, head.content_length)) {
          return HeadError::kContentLength;
        }
        head.has_content_length = true;
      }
      break;
    case 16:
      if (EqualsIgnoringCase(field.name, "content-encoding") &&
          !EqualsIgnoringCase(field.value, "identity")) {
        return HeadError::kBodyCoding;
      }
      break;
    case 17:
      if (EqualsIgnoringCase(field.name, "transfer-encoding")) {
        if (++seen.transfer_encoding > 1 || head.http_1_0 ||
            !EqualsIgnoringCase(field.value, "chunked")) {
          return HeadError::kTransferEncoding;
        }
        head.chunked = true;
      }
      break;
    default:
      break;
  }
  return HeadError::kNone;
}

}  // namespace

HeadError ParseRequestHead(std::string_view bytes, RequestHead& head) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end == std::string_view::npos || bytes.size() < line_end + 4) {
    return HeadError::kRequestLine;
  }
  head.keep_alive = true;
  head.expects_continue = false;
  head.chunked = false;
  head.has_content_length = false;
  head.content_length = 0;
  head.host = {};
  head.authorization = {};
  std::string_view authority;
  HeadError error = ReadRequestLine(bytes.substr(0, line_end), head, authority);
  if (error != HeadError::kNone) return error;
  if (!head.fields.Parse(bytes.substr(line_end + 2, bytes.size() - line_end - 4))) {
    return HeadError::kFields;
  }
  Seen seen;
  for (const HeadField& field : head.fields) {
    error = TakeField(field, head, seen);
    if (error != HeadError::kNone) return error;
  }
  if (seen.host == 0 && !head.http_1_0) return HeadError::kHost;
  if (!authority.empty() && !SameText(authority, head.host)) return HeadError::kAuthorityDiffers;
  if (head.chunked && head.has_content_length) return HeadError::kTwoFramings;
  if (head.http_1_0) {  // Closes after its answer, and knows no 100.
    head.keep_alive = false;
    head.expects_continue = false;
  }
  return HeadError::kNone;
}

std::string_view BearerToken(std::string_view authorization) {
  constexpr std::size_t kScheme = 7;
  if (authorization.empty()) return {};
  if (authorization.size() < kScheme ||
      !EqualsIgnoringCase(authorization.substr(0, kScheme), "bearer ")) {
    return authorization.substr(0, 0);
  }
  return TrimBlanks(authorization.substr(kScheme));
}

std::string_view HeadErrorMessage(HeadError error) {
  switch (error) {
    case HeadError::kNone:
      return "";
    case HeadError::kRequestLine:
      return "The request line is not `method target HTTP/1.1`.";
    case HeadError::kVersion:
      return "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
    case HeadError::kTarget:
      return "The request target is malformed.";
    case HeadError::kFields:
      return "A header field is malformed.";
    case HeadError::kHost:
      return "Exactly one valid Host field is needed.";
    case HeadError::kAuthorityDiffers:
      return "The request target names another host than Host does.";
    case HeadError::kContentLength:
      return "Content-Length must be given once and be a plain number.";
    case HeadError::kTransferEncoding:
      return "The only Transfer-Encoding taken is `chunked`, once, in HTTP/1.1.";
    case HeadError::kTwoFramings:
      return "Content-Length and Transfer-Encoding exclude each other.";
    case HeadError::kTwoCredentials:
      return "Authorization may be given once only.";
    case HeadError::kExpectation:
      return "The only expectation that is met is 100-continue.";
    case HeadError::kBodyCoding:
      return "Compressed request bodies are not taken; send the body without Content-Encoding.";
  }
  return "";
}

}  // namespace tollgate::dataplane
