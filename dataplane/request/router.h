// The one table of routes of the client listener, and what answers them.
#ifndef TOLLGATE_DATAPLANE_REQUEST_ROUTER_H_
#define TOLLGATE_DATAPLANE_REQUEST_ROUTER_H_

#include <string>
#include <string_view>

#include "dataplane/http/client_connection.h"
#include "dataplane/request/info_endpoints.h"
#include "dataplane/request/pipeline.h"
#include "dataplane/request/spend_endpoints.h"
#include "dataplane/surface/route_table.h"

namespace tollgate::dataplane {

// One per worker.
//
//   the routes of each surface   Pipeline
//   GET  /v1/models              InfoEndpoints, as the next ones
//   GET  /v1/models/{id}         the id may hold slashes
//   GET  /v1/credits
//   GET  /v1/generation?id=
class Router final : public RequestHandler {
 public:
  explicit Router(WorkerContext& context)
      : context_(context),
        routes_(Surfaces()),
        pipeline_(context),
        info_(context),
        spend_(context) {}

  Task<void> Handle(ClientConnection& client) override;
  void RenderHeadError(int status, std::string_view message, std::string& body) override;

 private:
  Task<void> ServeSurface(ClientConnection& client, const RouteMatch& match, std::string_view path);

  WorkerContext& context_;
  RouteTable routes_;
  Pipeline pipeline_;
  InfoEndpoints info_;
  SpendEndpoints spend_;
  std::string path_scratch_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_ROUTER_H_
