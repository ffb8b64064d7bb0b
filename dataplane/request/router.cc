#include "dataplane/request/router.h"

#include <optional>

#include "dataplane/http/target.h"

namespace tollgate::dataplane {
namespace {

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

// In whose form an error goes to a client whose path no surface has.
const Surface& SurfaceOf(const RequestHead& head) {
  for (const Surface* surface : Surfaces()) {
    if (surface->Claims(head)) return *surface;
  }
  return OpenAiChatSurface();
}

}  // namespace

// Not a coroutine of its own: it picks the one that serves the request.
Task<void> Router::Handle(ClientConnection& client) {
  const RequestHead& head = client.head();
  const std::optional<std::string_view> path = NormalizePath(head.path_and_query, path_scratch_);
  if (!path.has_value()) {
    return info_.Refuse(client, SurfaceOf(head), ErrorCode::kMalformedRequest,
                        "The path has an empty or dot segment, or a forbidden character.");
  }
  const RouteMatch match = routes_.Find(head, *path);
  if (match.surface == nullptr) {
    return info_.Refuse(client, SurfaceOf(head), ErrorCode::kNotFound);
  }
  const Surface& surface = *match.surface;
  if (match.other_method) {
    return info_.RefuseMethod(client, surface, routes_.Allowed(*path));
  }
  switch (match.operation) {
    case SurfaceOperation::kGenerate:
      return pipeline_.Serve(client, surface, *path, match.wildcard);
    case SurfaceOperation::kEstimate:
      return pipeline_.Serve(client, surface, *path, match.wildcard, ServeGoal::kEstimate);
    case SurfaceOperation::kCountTokens:
      return pipeline_.Serve(client, surface, *path, match.wildcard, ServeGoal::kTokenCount);
    case SurfaceOperation::kKeptAnswer:
      return pipeline_.ServeKept(client, surface, *path, match.wildcard);
    case SurfaceOperation::kListModels:
    case SurfaceOperation::kGetModel:
    case SurfaceOperation::kListEndpoints:
      return info_.Models(client, match, *path);
    case SurfaceOperation::kCredits:
      return info_.Credits(client, surface);
    case SurfaceOperation::kGeneration:
      return info_.Generation(client, surface);
    case SurfaceOperation::kReport:
      return info_.Report(client, surface);
    case SurfaceOperation::kKey:
      return spend_.Key(client, surface);
    case SurfaceOperation::kQuota:
      return spend_.Quota(client, surface);
  }
  return info_.Refuse(client, surface, ErrorCode::kNotFound);
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
