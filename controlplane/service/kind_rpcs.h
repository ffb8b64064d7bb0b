// What the services of all kinds have in common: the gate that every rpc passes, and the five rpcs.
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_KIND_RPCS_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_KIND_RPCS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/error_map.h"
#include "base/metrics.h"
#include "base/status_macros.h"
#include "controlplane/service/admin_services.h"
#include "prometheus/counter.h"

namespace tollgate::controlplane {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// "CreateKey" of CreateKeyRequest.
inline std::string MethodOf(const Message& request) {
  constexpr std::string_view kSuffix = "Request";
  const std::string& name = request.GetDescriptor()->name();
  return name.substr(0, name.size() - kSuffix.size());
}

// What every rpc goes through: authentication, role, limits, metrics and the form of errors.
class Gate {
 public:
  Gate(const AdminServicesParts& parts, const char* service) : parts_(parts), service_(service) {}

  AdminApi& api() const { return parts_.api; }

  // Runs `operation(principal, "package.Service/Method")` if the caller may, and answers.
  template <typename Operation>
  Reactor* Serve(Context* context, Role needed, const Message& request, Operation operation) const {
    const std::string method = MethodOf(request);
    const absl::Status status = [&]() -> absl::Status {
      TG_ASSIGN_OR_RETURN(const Principal principal, parts_.authenticator.Authenticate(*context));
      TG_RETURN_IF_ERROR(RequireRole(principal, needed));
      TG_RETURN_IF_ERROR(CheckRequest(request));
      return operation(principal, absl::StrCat("tollgate.admin.v1.", service_, "/", method));
    }();
    Count(method, status);
    Reactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpc(status));
    return reactor;
  }

 private:
  void Count(const std::string& method, const absl::Status& status) const {
    parts_.metrics
        .AddCounter("tollgate_admin_requests_total", "Admin requests answered.",
                    {{"service", service_},
                     {"method", method},
                     {"code", absl::StatusCodeToString(status.code())}})
        .Increment();
  }

  const AdminServicesParts parts_;
  const char* const service_;
};

// The five rpcs that every kind has.
class KindRpcs {
 public:
  KindRpcs(const AdminServicesParts& parts, KindId kind, const char* service)
      : gate_(parts, service), kind_(KindOf(kind)) {}

  Reactor* Get(Context* context, const Message* request, Message* response) const {
    return gate_.Serve(context, Role::kViewer, *request, [&](const Principal&, const auto&) {
      return gate_.api().Get(kind_, *request, *response);
    });
  }
  Reactor* List(Context* context, const Message* request, Message* response) const {
    return gate_.Serve(context, Role::kViewer, *request, [&](const Principal&, const auto&) {
      return gate_.api().List(kind_, *request, *response);
    });
  }
  Reactor* Create(Context* context, const Message* request, Message* response) const {
    return gate_.Serve(context, Role::kAdmin, *request,
                       [&](const Principal& principal, const std::string& method) {
                         return gate_.api().Create(kind_, principal, method, *request, *response);
                       });
  }
  Reactor* Update(Context* context, const Message* request, Message* response) const {
    return gate_.Serve(context, Role::kAdmin, *request,
                       [&](const Principal& principal, const std::string& method) {
                         return gate_.api().Update(kind_, principal, method, *request, *response);
                       });
  }
  Reactor* Delete(Context* context, const Message* request, Message* response) const {
    return gate_.Serve(context, Role::kAdmin, *request,
                       [&](const Principal& principal, const std::string& method) {
                         return gate_.api().Delete(kind_, principal, method, *request, *response);
                       });
  }

  const Gate& gate() const { return gate_; }

 private:
  const Gate gate_;
  const Kind& kind_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_KIND_RPCS_H_
