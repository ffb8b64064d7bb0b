#include "dataplane/upstream/dialer.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {
namespace {

using Tcp = asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<Tcp, IoExecutor>;

// Providers change addresses rarely, and a connection lives far longer than this.
constexpr std::int64_t kAddressesKeptMs = 30'000;
// Tickets kept per origin: one for each connection that may be opened at about the same time.
constexpr std::size_t kSessionsPerOriginMax = 8;

struct SessionDeleter {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPointer = std::unique_ptr<SSL_SESSION, SessionDeleter>;
using SessionQueue = std::deque<SessionPointer>;

// Where an SSL keeps the queue of its origin.
int QueueIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// OpenSSL has a new session or ticket: keeps it (1 = the reference is ours).
int KeepSession(SSL* ssl, SSL_SESSION* session) {
  auto* queue = static_cast<SessionQueue*>(SSL_get_ex_data(ssl, QueueIndex()));
  if (queue == nullptr) return 0;
  queue->push_back(SessionPointer(session));
  if (queue->size() > kSessionsPerOriginMax) queue->pop_front();
  return 1;
}

std::string OriginText(const Origin& origin) { return absl::StrCat(origin.host, ":", origin.port); }

}  // namespace

// Addresses of the queues are stable, since connections point to them.
struct Dialer::Sessions {
  absl::flat_hash_map<std::string, std::unique_ptr<SessionQueue>> by_origin;
};

// Ends whatever the dialer waits for when the time is up.
class Dialer::Deadline {
 public:
  Deadline(TimerWheel& wheel, absl::Duration timeout)
      : entry_([this] {
          expired_ = true;
          if (resolver_ != nullptr) resolver_->cancel();
          if (transport_ != nullptr) transport_->Close();
        }) {
    wheel.Arm(entry_, timeout);
  }

  bool expired() const { return expired_; }
  void Watch(Resolver* resolver) { resolver_ = resolver; }
  void Watch(Transport* transport) { transport_ = transport; }

 private:
  bool expired_ = false;
  Resolver* resolver_ = nullptr;
  Transport* transport_ = nullptr;
  TimerEntry entry_;
};

Dialer::Dialer(asio::io_context& context, TimerWheel& wheel, const TrustedRoots& roots,
               DialGuard guard)
    : context_(context),
      wheel_(wheel),
      roots_(roots),
      guard_(std::move(guard)),
      sessions_(std::make_unique<Sessions>()) {}

Dialer::~Dialer() = default;

asio::ssl::context& Dialer::Tls() {
  if (tls_ != nullptr) return *tls_;
  tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX* native = tls_->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(native, KeepSession);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(native, kHttp11, sizeof(kHttp11) - 1);
  SSL_CTX_set1_cert_store(native, roots_.store());
  return *tls_;
}

Task<DialError> Dialer::Resolve(const Origin& origin, Deadline& deadline, std::int64_t now_ms,
                                std::vector<Tcp::endpoint>& endpoints) {
  error_code error;
  const asio::ip::address literal = asio::ip::make_address(origin.host, error);
  if (!error) {
    endpoints.emplace_back(literal, origin.port);
    co_return DialError::kNone;
  }
  const std::string key = OriginText(origin);
  if (const auto known = addresses_.find(key);
      known != addresses_.end() && known->second.until_ms > now_ms) {
    endpoints = known->second.endpoints;
    co_return DialError::kNone;
  }
  if (guard_.resolve) {
    for (const asio::ip::address& address : guard_.resolve(origin.host)) {
      endpoints.emplace_back(address, origin.port);
    }
    co_return endpoints.empty() ? DialError::kResolve : DialError::kNone;
  }
  Resolver resolver(context_.get_executor());
  deadline.Watch(&resolver);
  const std::string port = absl::StrCat(origin.port);
  auto [resolve_error, results] =
      co_await resolver.async_resolve(origin.host, port, Resolver::numeric_service, kUseTask);
  deadline.Watch(static_cast<Resolver*>(nullptr));
  if (deadline.expired()) co_return DialError::kTimeout;
  if (resolve_error || results.empty()) co_return DialError::kResolve;
  for (const auto& result : results) {
    if (endpoints.size() == kAddressesPerHostMax) break;
    endpoints.push_back(result.endpoint());
  }
  if (!guard_.admits) addresses_[key] = {endpoints, now_ms + kAddressesKeptMs};
  co_return DialError::kNone;
}

bool Dialer::Admits(const std::vector<Tcp::endpoint>& endpoints) const {
  return !guard_.admits ||
         std::all_of(endpoints.begin(), endpoints.end(), [this](const Tcp::endpoint& endpoint) {
           return guard_.admits(endpoint.address());
         });
}

bool Dialer::PrepareTls(Transport& transport, const Origin& origin) {
  transport.StartTls(Tls());
  SSL* ssl = transport.tls().native_handle();
  error_code not_literal;
  asio::ip::make_address(origin.host, not_literal);
  if (not_literal) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(ssl, origin.host.c_str()) != 1) return false;
    if (SSL_set_tlsext_host_name(ssl, origin.host.c_str()) != 1) return false;
  } else if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), origin.host.c_str()) != 1) {
    return false;
  }
  if (guard_.admits) return true;
  auto& queue = sessions_->by_origin[OriginText(origin)];
  if (queue == nullptr) queue = std::make_unique<SessionQueue>();
  SSL_set_ex_data(ssl, QueueIndex(), queue.get());
  if (!queue->empty()) {  // A ticket is used once (RFC 8446 appendix C.4).
    SSL_set_session(ssl, queue->back().get());
    queue->pop_back();
  }
  return true;
}

Task<DialResult> Dialer::Dial(const Origin& origin, absl::Duration timeout, std::int64_t now_ms) {
  Deadline deadline(wheel_, timeout);
  std::vector<Tcp::endpoint> endpoints;
  const DialError resolved = co_await Resolve(origin, deadline, now_ms, endpoints);
  if (resolved != DialError::kNone) co_return DialResult{nullptr, resolved};
  if (!Admits(endpoints)) co_return DialResult{nullptr, DialError::kForbidden};
  for (const Tcp::endpoint& endpoint : endpoints) {
    auto connection = std::make_unique<UpstreamConnection>(
        OriginKey{origin.tls, origin.port, origin.host}, TcpSocket(context_.get_executor()));
    Transport& transport = connection->transport();
    deadline.Watch(&transport);
    auto [error] = co_await transport.socket().async_connect(endpoint, kUseTask);
    if (!error && !deadline.expired()) {
      transport.Configure();
      if (!origin.tls) {
        deadline.Watch(static_cast<Transport*>(nullptr));
        co_return DialResult{std::move(connection), DialError::kNone};
      }
      if (!PrepareTls(transport, origin)) co_return DialResult{nullptr, DialError::kTls};
      auto [tls_error] =
          co_await transport.tls().async_handshake(asio::ssl::stream_base::client, kUseTask);
      deadline.Watch(static_cast<Transport*>(nullptr));
      if (deadline.expired()) co_return DialResult{nullptr, DialError::kTimeout};
      // Another address would show the same certificate: there is no insecure second try.
      if (tls_error) co_return DialResult{nullptr, DialError::kTls};
      co_return DialResult{std::move(connection), DialError::kNone};
    }
    deadline.Watch(static_cast<Transport*>(nullptr));
    if (deadline.expired()) co_return DialResult{nullptr, DialError::kTimeout};
  }
  addresses_.erase(OriginText(origin));  // They may have moved.
  co_return DialResult{nullptr, DialError::kConnect};
}

}  // namespace tollgate::dataplane
