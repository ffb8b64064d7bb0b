// What answers the requests of the client listener.
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

// One per worker.  The paths are the surfaces' (Surface::routes()); what a path is for says who
// answers: the pipeline what goes to a model, InfoEndpoints and SpendEndpoints the rest.
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
  WorkerContext& context_;
  RouteTable routes_;
  Pipeline pipeline_;
  InfoEndpoints info_;
  SpendEndpoints spend_;
  std::string path_scratch_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_ROUTER_H_
