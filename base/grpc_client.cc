#include "base/grpc_client.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/grpc_log.h"
#include "base/grpc_server.h"
#include "base/grpc_tls.h"
#include "base/host_port.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

// Reconnection: soon, for a service that restarts; not in step with every other node (gRPC adds
// jitter).  Until it is back, nodes spend what they have leased and new money is for nobody: with
// the usual growth to seconds a service that took one second to restart was found after four.  An
// attempt that is refused costs a packet; a thousand nodes make two thousand a second.
constexpr int kReconnectMsMin = 100;
constexpr int kReconnectMsMax = 500;
constexpr int kConnectTimeoutMs = 5'000;

// Whether plaintext to the target stays on this machine.
bool IsLocalTarget(std::string_view target) {
  if (target.starts_with("unix:") || target.starts_with("unix-abstract:")) return true;
  for (std::string_view scheme : {"dns:///", "ipv4:", "ipv6:"}) {
    if (target.starts_with(scheme)) target.remove_prefix(scheme.size());
  }
  absl::StatusOr<HostPort> address = ParseHostPort(target);
  return address.ok() && IsLoopbackHost(address->host);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const std::string& target,
                                                                          const TlsFiles& files) {
  if (files.empty()) {
    if (!IsLocalTarget(target)) {
      return absl::InvalidArgumentError(
          absl::StrCat("refusing to connect to ", target,
                       " without TLS: give a certificate, a private key and a CA, or use a "
                       "loopback address"));
    }
    return grpc::InsecureChannelCredentials();
  }
  TG_ASSIGN_OR_RETURN(TlsPem pem, ReadTlsPem(files));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = pem.ca;
  options.pem_private_key = std::string(pem.private_key.Reveal());
  options.pem_cert_chain = pem.certificate;
  return grpc::SslCredentials(options);
}

grpc::ChannelArguments MakeArguments() {
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kGrpcMessageBytesMax);
  arguments.SetMaxSendMessageSize(kGrpcMessageBytesMax);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kGrpcMetadataBytesMax);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(kGrpcClientPingInterval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(kGrpcPingTimeout));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMsMin);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMsMax);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  // Retries are the callers' business: they know what is idempotent.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // An HTTP proxy from the environment must not see traffic between our processes.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

// Keeps a channel until the process ends.  In gRPC 1.51 the last one to go takes the threads of the
// callback API with it, and joins itself when a call that ends lets go of it on such a thread: the
// process aborts in its shutdown ("prior > 0").  A process opens a handful of channels.
void KeepForever(std::shared_ptr<grpc::Channel> channel) {
  static auto* const mutex = new std::mutex;
  static auto* const channels = new std::vector<std::shared_ptr<grpc::Channel>>;
  std::lock_guard lock(*mutex);
  channels->push_back(std::move(channel));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& target,
                                                       const TlsFiles& tls) {
  SendGrpcLogToOurs();
  if (target.empty()) return absl::InvalidArgumentError("the gRPC target is empty");
  TG_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ChannelCredentials> credentials,
                      MakeCredentials(target, tls));
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(target, credentials, MakeArguments());
  KeepForever(channel);
  return channel;
}

}  // namespace tollgate
