#include "base/ops_listener.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

HttpResponse Plain(int status, std::string text) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(text) + "\n";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse Ready(const OpsListenerOptions& options) {
  const absl::Status status = options.ready ? options.ready() : absl::OkStatus();
  return status.ok() ? Plain(200, "ok") : Plain(503, std::string(status.message()));
}

HttpResponse Answer(const OpsListenerOptions& options, const HttpRequest& request) {
  if (request.method != "GET") {
    HttpResponse response = Plain(405, "only GET is answered here");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/livez") {
    const bool live = !options.live || options.live();
    return live ? Plain(200, "ok") : Plain(503, "not making progress");
  }
  if (request.path == "/readyz") return Ready(options);
  if (request.path == "/metrics" && options.metrics) {
    HttpResponse response;
    response.content_type = kMetricsType;
    response.body = options.metrics();
    return response;
  }
  const auto path = options.paths.find(request.path);
  if (path != options.paths.end()) return path->second(request);
  return Plain(404, "no such page");
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpsListener>> OpsListener::Start(OpsListenerOptions options) {
  HttpServerOptions server_options;
  server_options.address = options.address;
  server_options.allow_remote = options.allow_remote;
  auto shared = std::make_shared<const OpsListenerOptions>(std::move(options));
  TG_ASSIGN_OR_RETURN(std::unique_ptr<HttpServer> server,
                      HttpServer::Start(server_options, [shared](const HttpRequest& request,
                                                                 HttpResponder& responder) {
                        responder.Send(Answer(*shared, request));
                      }));
  return std::unique_ptr<OpsListener>(new OpsListener(std::move(server)));
}

}  // namespace tollgate
