#include "base/http_message.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(AbslView(a), AbslView(b));
}

bool IsSafeValue(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) { return IsControl(c) && c != '\t'; });
}

bool ParseQuery(std::string_view query, HttpRequest& request) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::optional<std::string> name = PercentDecode(pair.substr(0, equals), true);
    std::optional<std::string> value =
        equals == std::string_view::npos ? "" : PercentDecode(pair.substr(equals + 1), true);
    if (!name.has_value() || !value.has_value()) return false;
    request.query.emplace(*std::move(name), *std::move(value));
  }
  return true;
}

}  // namespace

std::optional<std::string_view> HttpRequest::Header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (EqualsIgnoreCase(header, name)) return value;
  }
  return std::nullopt;
}

bool ParseRequestTarget(std::string_view target, HttpRequest& request) {
  if (target.empty() || target.front() != '/') return false;
  const std::size_t question = target.find('?');
  std::optional<std::string> path = PercentDecode(target.substr(0, question), false);
  if (!path.has_value() || std::any_of(path->begin(), path->end(), IsControl)) return false;
  request.path = *std::move(path);
  return question == std::string_view::npos || ParseQuery(target.substr(question + 1), request);
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3) return std::nullopt;
      absl::StatusOr<std::string> byte = HexDecode(text.substr(i + 1, 2));
      if (!byte.ok()) return std::nullopt;
      decoded += *byte;
      i += 2;
    } else {
      decoded += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

bool StatusHasBody(int status) { return status >= 200 && status != 204 && status != 304; }

bool HeadersAreSafe(const HttpResponse& response) {
  constexpr std::array<std::string_view, 5> kOurs = {"content-type", "content-length", "connection",
                                                     "transfer-encoding", "date"};
  if (!IsSafeValue(response.content_type)) return false;
  for (const auto& [name, value] : response.headers) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenChar)) return false;
    if (!IsSafeValue(value)) return false;
    for (std::string_view ours : kOurs) {
      if (EqualsIgnoreCase(name, ours)) return false;
    }
  }
  return true;
}

std::string RenderHead(const HttpResponse& response, BodyFraming framing, std::size_t body_bytes,
                       bool keep_alive, absl::Time now) {
  const boost::beast::string_view reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ", absl::string_view(reason.data(), reason.size()),
      "\r\nDate: ", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()),
      "\r\n");
  const bool has_body = StatusHasBody(response.status);
  if (has_body && !response.content_type.empty()) {
    absl::StrAppend(&head, "Content-Type: ", response.content_type, "\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  }
  if (has_body && framing == BodyFraming::kLength) {
    absl::StrAppend(&head, "Content-Length: ", body_bytes, "\r\n");
  } else if (has_body && framing == BodyFraming::kChunked) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  absl::StrAppend(&head, "Connection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n");
  return head;
}

std::string RenderChunk(std::string_view data) {
  return absl::StrCat(absl::Hex(data.size()), "\r\n", AbslView(data), "\r\n");
}

}  // namespace tollgate
