#include "tollgate/cli/session.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/config_file.h"
#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/key_file.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::cli {

absl::StatusOr<const RpcClient*> Session::Admin() {
  return Connect(admin_, flags_.admin, &Ready::admin, kDefaultAdminAddress);
}

absl::StatusOr<const RpcClient*> Session::Billing() {
  return Connect(billing_, flags_.billing, &Ready::billing, kDefaultBillingAddress);
}

absl::StatusOr<const RpcClient*> Session::Catalog() {
  return Connect(catalog_, flags_.catalog, &Ready::catalog, kDefaultCatalogAddress);
}

absl::StatusOr<const RpcClient*> Session::Connect(std::unique_ptr<RpcClient>& client,
                                                  const std::string& flag,
                                                  std::string Ready::*ready, const char* fallback) {
  if (client != nullptr) return client.get();
  TG_RETURN_IF_ERROR(ReadReadyFile());
  std::string address = flag;
  if (address.empty()) address = ready_.*ready;
  if (address.empty()) address = fallback;
  TG_ASSIGN_OR_RETURN(Secret token, Token());
  TG_ASSIGN_OR_RETURN(auto channel, tollgate::Connect(address, flags_.tls));
  client = std::make_unique<RpcClient>(std::move(channel), std::move(token));
  return client.get();
}

absl::Status Session::ReadReadyFile() {
  if (ready_read_) return absl::OkStatus();
  ready_read_ = true;
  std::string path = flags_.ready_file;
  if (path.empty()) {
    const char* named = std::getenv("TOLLGATE_READY_FILE");  // NOLINT(concurrency-mt-unsafe)
    if (named != nullptr) path = named;
  }
  if (path.empty()) {
    // An address or a token on the command line speaks of another server than the local one.
    const bool elsewhere =
        !flags_.admin.empty() || !flags_.billing.empty() || !flags_.catalog.empty();
    if (elsewhere || !RealFileSystem().Exists(kDefaultReadyFile)) return absl::OkStatus();
    path = kDefaultReadyFile;
  }
  // A flat JSON object is a YAML map.
  TG_ASSIGN_OR_RETURN(const ConfigNode root, ConfigNode::Load(path));
  ready_.admin = root.Get<std::string>("admin_grpc", "");
  ready_.billing = root.Get<std::string>("billing_grpc", "");
  ready_.catalog = root.Get<std::string>("catalog_grpc", "");
  ready_.token = root.Get<std::string>("admin_token", "");
  ready_.token_file = root.Get<std::string>("admin_token_file", "");
  return absl::OkStatus();  // Other keys are for others: no Finish().
}

absl::StatusOr<Secret> Session::Token() const {
  if (!flags_.token.empty()) return Secret(flags_.token);
  const std::string& path = !flags_.token_file.empty() ? flags_.token_file : ready_.token_file;
  if (path.empty() || !ready_.token.empty()) return Secret(ready_.token);
  TG_ASSIGN_OR_RETURN(const Secret text, ReadKeyFile(path));
  return Secret(StdView(absl::StripAsciiWhitespace(AbslView(text.Reveal()))));
}

}  // namespace tollgate::cli
