#include "tollgate/demo_provider/reply.h"

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

void Reply::Append(StepKind kind, std::string_view text, std::int64_t output_tokens) {
  const std::size_t begin = bytes.size();
  bytes += text;
  steps.push_back(
      {.kind = kind, .begin = begin, .end = bytes.size(), .output_tokens = output_tokens});
}

Reply WholeReply(int status, std::string_view content_type, std::string_view body,
                 std::string_view extra_headers) {
  Reply reply;
  reply.bytes.reserve(body.size() + 256);
  reply.Append(StepKind::kHead,
               absl::StrCat("HTTP/1.1 ", status, " ", AbslView(ReasonPhrase(status)),
                            "\r\nContent-Type: ", AbslView(content_type), "\r\nContent-Length: ",
                            body.size(), "\r\n", AbslView(extra_headers), "\r\n"));
  reply.Append(StepKind::kBody, body);
  return reply;
}

Reply ErrorReply(int status, std::string_view type, std::string_view code, std::string_view message,
                 std::string_view extra_headers) {
  std::string body = "{\"error\":{\"message\":";
  AppendJsonString(body, message);
  body += ",\"type\":";
  AppendJsonString(body, type);
  body += ",\"param\":null,\"code\":";
  AppendJsonString(body, code);
  body += "}}";
  return WholeReply(status, "application/json", body, extra_headers);
}

}  // namespace tollgate
