// The operator's listener: /livez, /readyz, /metrics and what a process adds.
//
//   /livez    200 "ok" while the process's own threads make progress; depends on nothing else,
//             since restarting a healthy process because a neighbour is down makes things worse
//   /readyz   200 "ok", or 503 with the reason, e.g. "no snapshot yet"
//   /metrics  the Prometheus text format
#ifndef TOLLGATE_BASE_OPS_LISTENER_H_
#define TOLLGATE_BASE_OPS_LISTENER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/http_server.h"

namespace tollgate {

struct OpsListenerOptions {
  std::string address = "127.0.0.1:0";
  bool allow_remote = false;  // See HttpServerOptions.
  // The callbacks run on the listener's thread, at any time until it is destroyed.
  std::function<bool()> live{};            // Empty = always live.
  std::function<absl::Status()> ready{};   // OK = ready; the message is shown.  Empty = ready.
  std::function<std::string()> metrics{};  // Metrics::SerializeText; empty = no /metrics.
  // More GET paths, e.g. "/config_dump".
  std::map<std::string, std::function<HttpResponse(const HttpRequest&)>> paths{};
};

class OpsListener {
 public:
  // The errors of HttpServer::Start().
  static absl::StatusOr<std::unique_ptr<OpsListener>> Start(OpsListenerOptions options);

  int port() const { return server_->port(); }
  std::string url() const { return server_->url(); }
  void Stop() { server_->Stop(); }

 private:
  explicit OpsListener(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}

  std::unique_ptr<HttpServer> server_;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_OPS_LISTENER_H_
