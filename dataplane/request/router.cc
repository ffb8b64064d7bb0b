#include "dataplane/request/router.h"

#include <optional>

#include "dataplane/http/target.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kModelPrefix = "/v1/models/";

ErrorCode CodeOfStatus(int status) {
  switch (status) {
    case 408:
      return ErrorCode::kRequestTimeout;
    case 431:
      return ErrorCode::kHeadTooLarge;
    default:
      return ErrorCode::kMalformedRequest;
  }
}

}  // namespace

// Not a coroutine of its own: it picks the one that serves the request.
Task<void> Router::Handle(ClientConnection& client) {
  const RequestHead& head = client.head();
  const std::optional<std::string_view> path = NormalizePath(head.path_and_query, path_scratch_);
  if (!path.has_value()) {
    return info_.Refuse(client, ErrorCode::kMalformedRequest,
                        "The path has an empty or dot segment, or a forbidden character.");
  }
  const RouteMatch match = routes_.Find(head.method, *path);
  if (match.surface != nullptr) return ServeSurface(client, match, *path);
  const bool get = head.method == Method::kGet;
  const bool is_model = path->starts_with(kModelPrefix);
  if (*path == "/v1/models" || *path == "/v1/credits" || *path == "/v1/generation" || is_model) {
    if (!get) return info_.Refuse(client, ErrorCode::kMethodNotAllowed, "Use GET.");
    if (is_model) return info_.Model(client, std::string(path->substr(kModelPrefix.size())));
    if (*path == "/v1/models") return info_.Models(client);
    if (*path == "/v1/credits") return info_.Credits(client);
    return info_.Generation(client);
  }
  if (*path == "/v1/estimate") {
    if (head.method != Method::kPost) {
      return info_.Refuse(client, ErrorCode::kMethodNotAllowed, "Use POST.");
    }
    return pipeline_.Serve(client, OpenAiChatSurface(), *path, {}, /*estimate=*/true);
  }
  if (*path == "/v1/key" || *path == "/v1/quotas") {
    if (!get) return info_.Refuse(client, ErrorCode::kMethodNotAllowed, "Use GET.");
    return *path == "/v1/key" ? spend_.Key(client) : spend_.Quota(client);
  }
  return info_.Refuse(client, ErrorCode::kNotFound, {});
}

Task<void> Router::ServeSurface(ClientConnection& client, const RouteMatch& match,
                                std::string_view path) {
  if (match.other_method) {
    return info_.Refuse(client, ErrorCode::kMethodNotAllowed,
                        match.method == Method::kGet ? "Use GET." : "Use POST.");
  }
  return pipeline_.Serve(client, *match.surface, path, match.wildcard);
}

void Router::RenderHeadError(int status, std::string_view message, std::string& body) {
  GatewayError error;
  error.code = CodeOfStatus(status);
  error.message = message;
  context_.metrics.head_errors.Add(1);
  context_.metrics.CountError(error.code);
  OpenAiChatSurface().AppendError(error, {}, body);
}

}  // namespace tollgate::dataplane
