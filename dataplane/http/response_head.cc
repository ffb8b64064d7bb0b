#include "dataplane/http/response_head.h"

namespace tollgate::dataplane {
namespace {

// `HTTP/1.x SP 3DIGIT [SP reason]`.
bool ReadStatusLine(std::string_view line, ResponseHead& head) {
  if (line.size() < 12) return false;
  const std::string_view version = line.substr(0, 9);
  if (version != "HTTP/1.1 " && version != "HTTP/1.0 ") return false;
  head.keep_alive = version == "HTTP/1.1 ";
  std::uint64_t status = 0;
  if (!ParseContentLength(line.substr(9, 3), status) || status < 100 || status > 599) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  head.status = static_cast<int>(status);
  return IsFieldValue(line.substr(12));
}

}  // namespace

bool ParseResponseHead(std::string_view bytes, ResponseHead& head) {
  const std::size_t line_end = bytes.find("\r\n");
  if (line_end == std::string_view::npos || bytes.size() < line_end + 4) return false;
  head.content_length = 0;
  head.content_type = head.content_encoding = head.retry_after = head.retry_after_ms = {};
  if (!ReadStatusLine(bytes.substr(0, line_end), head)) return false;
  const bool http_1_1 = head.keep_alive;
  if (!head.fields.Parse(bytes.substr(line_end + 2, bytes.size() - line_end - 4))) return false;
  bool has_length = false;
  bool chunked = false;
  for (const HeadField& field : head.fields) {
    switch (field.name.size()) {
      case 10:
        if (EqualsIgnoringCase(field.name, "connection") && ListHasToken(field.value, "close")) {
          head.keep_alive = false;
        }
        break;
      case 11:
        if (EqualsIgnoringCase(field.name, "retry-after")) head.retry_after = field.value;
        break;
      case 12:
        if (EqualsIgnoringCase(field.name, "content-type")) head.content_type = field.value;
        break;
      case 14:
        if (EqualsIgnoringCase(field.name, "content-length")) {
          if (has_length || !ParseContentLength(field.value, head.content_length)) return false;
          has_length = true;
        } else if (EqualsIgnoringCase(field.name, "retry-after-ms")) {
          head.retry_after_ms = field.value;
        }
        break;
      case 16:
        if (EqualsIgnoringCase(field.name, "content-encoding")) head.content_encoding = field.value;
        break;
      case 17:
        if (EqualsIgnoringCase(field.name, "transfer-encoding")) {
          if (chunked || !http_1_1 || !EqualsIgnoringCase(field.value, "chunked")) return false;
          chunked = true;
        }
        break;
      default:
        break;
    }
  }
  if (chunked && has_length) return false;
  if (head.status == 101) return false;  // Nothing of ours asks for it.
  if (head.informational() || head.status == 204 || head.status == 304) {
    head.framing = BodyFraming::kNone;
    return !chunked && head.content_length == 0;
  }
  if (chunked) {
    head.framing = BodyFraming::kChunked;
  } else if (has_length) {
    head.framing = head.content_length == 0 ? BodyFraming::kNone : BodyFraming::kLength;
  } else {
    head.framing = BodyFraming::kUntilClose;
    head.keep_alive = false;
  }
  return true;
}

}  // namespace tollgate::dataplane
