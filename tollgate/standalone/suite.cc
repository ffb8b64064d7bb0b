#include "tollgate/standalone/suite.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "billing/server.h"
#include "catalog/server.h"
#include "controlplane/server.h"
#include "dataplane/server.h"

namespace tollgate {
namespace {

constexpr char kTokenName[] = "standalone";
constexpr absl::Duration kReadyTimeout = absl::Seconds(10);
constexpr std::chrono::milliseconds kPollInterval(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Suite>> Suite::Start(const StandaloneConfig& config,
                                                    const DataFolder& folder) {
  std::unique_ptr<Suite> suite(new Suite(config, folder));
  // Stores are opened and read side by side.  A service whose neighbour's port the system chooses
  // is built when that one listens: at its get().  The futures wait for their threads when they go,
  // before the suite does.
  const std::launch when = suite->PortsAreStated() ? std::launch::async : std::launch::deferred;
  std::future<absl::Status> billing = std::async(when, &Suite::BuildBilling, suite.get());
  std::future<absl::Status> catalog = std::async(when, &Suite::BuildCatalog, suite.get());
  std::future<absl::Status> controlplane = std::async(when, &Suite::BuildControlPlane, suite.get());
  std::future<absl::Status> dataplane = std::async(when, &Suite::BuildDataPlane, suite.get());
  // Nobody connects before the other one listens: a connection that is refused is tried again
  // after a tenth of a second.
  TG_RETURN_IF_ERROR(catalog.get());
  TG_RETURN_IF_ERROR(suite->StartCatalog());
  TG_RETURN_IF_ERROR(controlplane.get());
  TG_RETURN_IF_ERROR(suite->StartControlPlane());
  TG_RETURN_IF_ERROR(billing.get());
  TG_RETURN_IF_ERROR(suite->StartBilling());
  TG_RETURN_IF_ERROR(dataplane.get());
  TG_RETURN_IF_ERROR(suite->StartDataPlane());
  TG_RETURN_IF_ERROR(suite->WaitReady());
  return suite;
}

Suite::Suite(const StandaloneConfig& config, const DataFolder& folder)
    : config_(config), folder_(folder) {}

Suite::~Suite() { Stop(); }

bool Suite::PortsAreStated() const {
  return config_.catalog.port != 0 && config_.admin.port != 0 && config_.billing.port != 0;
}

std::string Suite::CatalogAddress() const {
  return PortsAreStated() ? config_.catalog.ToString() : addresses_.catalog_grpc;
}

std::string Suite::ControlPlaneAddress() const {
  return PortsAreStated() ? config_.admin.ToString() : addresses_.admin_grpc;
}

std::string Suite::BillingAddress() const {
  return PortsAreStated() ? config_.billing.ToString() : addresses_.billing_grpc;
}

absl::Status Suite::BuildCatalog() {
  catalog::Config config;
  config.listen = config_.catalog.ToString();
  config.directory_listen = config_.directory.ToString();
  config.directory_allow_remote = config_.allow_remote;
  config.data_dir = folder_.Path("catalog");
  config.admin_tokens = {Sha256(folder_.admin_token().Reveal())};
  config.ops_listen.clear();
  TG_ASSIGN_OR_RETURN(catalog_, catalog::Server::Build(std::move(config), {.metrics = &metrics_}));
  return absl::OkStatus();
}

absl::Status Suite::StartCatalog() {
  TG_RETURN_IF_ERROR(catalog_->Start());
  addresses_.catalog_grpc = catalog_->addresses().grpc;
  addresses_.directory_url = catalog_->addresses().directory_url;
  return absl::OkStatus();
}

absl::Status Suite::BuildControlPlane() {
  controlplane::Config config;
  config.listen = config_.admin.ToString();
  config.data_dir = folder_.Path("controlplane");
  config.pepper_file = folder_.pepper_file();
  config.seal_key_file = folder_.seal_key_file();
  config.catalog_address = CatalogAddress();
  config.tokens = {{.name = kTokenName,
                    .role = controlplane::Role::kAdmin,
                    .sha256 = Sha256(folder_.admin_token().Reveal())},
                   {.name = "node",
                    .role = controlplane::Role::kNode,
                    .sha256 = Sha256(folder_.node_token().Reveal())}};
  config.ops_listen.clear();
  TG_ASSIGN_OR_RETURN(controlplane_,
                      controlplane::Server::Build(std::move(config), {.metrics = &metrics_}));
  return absl::OkStatus();
}

absl::Status Suite::StartControlPlane() {
  TG_RETURN_IF_ERROR(controlplane_->Start());
  addresses_.admin_grpc = controlplane_->addresses().grpc;
  return absl::OkStatus();
}

absl::Status Suite::BuildBilling() {
  billing::Config config;
  config.listen = config_.billing.ToString();
  config.data_dir = folder_.Path("billing");
  config.control_plane_address = ControlPlaneAddress();
  config.seal_key_file = folder_.seal_key_file();
  config.admin_tokens = {{.name = kTokenName,
                          .role = billing::AdminRole::kAdmin,
                          .digest = Sha256(folder_.admin_token().Reveal())},
                         {.name = "node",
                          .role = billing::AdminRole::kViewer,
                          .digest = Sha256(folder_.node_token().Reveal())}};
  config.ops_listen.clear();
  TG_ASSIGN_OR_RETURN(billing_, billing::Server::Build(std::move(config), {.metrics = &metrics_}));
  return absl::OkStatus();
}

absl::Status Suite::StartBilling() {
  TG_RETURN_IF_ERROR(billing_->Start());
  addresses_.billing_grpc = billing_->grpc_address();
  return absl::OkStatus();
}

absl::Status Suite::BuildDataPlane() {
  dataplane::Config config;
  config.http_listen = config_.http.ToString();
  config.http_certificate = config_.http_certificate;
  config.http_private_key = config_.http_private_key;
  config.workers = config_.threads;
  config.ops_listen = config_.ops.ToString();
  config.ops_allow_remote = config_.allow_remote;
  config.data_dir = folder_.Path("dataplane");
  config.control_plane.address = ControlPlaneAddress();
  config.control_plane.token_file = folder_.node_token_file();
  config.billing.address = BillingAddress();
  config.billing.token_file = folder_.node_token_file();
  config.pepper_file = folder_.pepper_file();
  config.seal_key_file = folder_.seal_key_file();
  config.access_log_path = folder_.Path("access.log");
  config.durable_on_disk = config_.durability == "disk";
  TG_ASSIGN_OR_RETURN(dataplane_,
                      dataplane::Server::Build(std::move(config), {.metrics = &metrics_}));
  return absl::OkStatus();
}

absl::Status Suite::StartDataPlane() {
  TG_RETURN_IF_ERROR(dataplane_->Start());
  addresses_.http_url = dataplane_->http_url();
  addresses_.ops_url = dataplane_->ops_url();
  return absl::OkStatus();
}

absl::Status Suite::WaitReady() const {
  const MonotonicTime deadline = RealClock().Monotonic() + kReadyTimeout;
  boost::asio::io_context loop;
  absl::Status ready = dataplane_->Ready();
  while (!ready.ok() && RealClock().Monotonic() < deadline) {
    boost::asio::steady_timer(loop, kPollInterval).wait();
    ready = dataplane_->Ready();
  }
  if (ready.ok()) return ready;
  return absl::DeadlineExceededError(
      absl::StrCat("the data plane does not come into service: ", ready.message()));
}

void Suite::Stop() {
  if (dataplane_ != nullptr) dataplane_->Stop();
  if (billing_ != nullptr) billing_->Stop();
  if (controlplane_ != nullptr) controlplane_->Stop();
  if (catalog_ != nullptr) catalog_->Stop();
}

}  // namespace tollgate
