#include "tollgate/demo_provider/provider_listener.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/host_port.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tollgate/demo_provider/provider_connection.h"

namespace tollgate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

// Connections that wait to be accepted; above the largest burst of a load test.
constexpr int kBacklog = 4096;

// A server context, or none for plain http.  The one place where Asio's SSL context may throw.
absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const TlsFiles& tls) {
  if (tls.empty()) return nullptr;
  try {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    context->use_certificate_chain_file(tls.certificate_path);
    context->use_private_key_file(tls.private_key_path, asio::ssl::context::pem);
    return context;
  } catch (const boost::system::system_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("cannot use the TLS certificate ",
                                                   tls.certificate_path, " with the key ",
                                                   tls.private_key_path, ": ", error.what()));
  }
}

absl::StatusOr<tcp::endpoint> ParseEndpoint(const ProviderListenerOptions& options) {
  TG_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.address));
  if (!IsLoopbackHost(address.host) && !options.allow_remote) {
    return absl::InvalidArgumentError(
        absl::StrCat("the demo provider listens on loopback only, not on ", options.address));
  }
  Error error;
  const auto ip =
      asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("'", address.host, "' is not an IP address"));
  }
  return tcp::endpoint(ip, address.port);
}

}  // namespace

std::string_view ProviderRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(AbslView(key), AbslView(name))) return value;
  }
  return {};
}

class ProviderListener::Impl {
 public:
  Impl(int threads, ReplyFunction answer, std::unique_ptr<asio::ssl::context> tls)
      : answer_(std::move(answer)), tls_(std::move(tls)) {
    for (int i = 0; i < threads; ++i) {
      loops_.push_back(std::make_unique<asio::io_context>(1));
      guards_.push_back(asio::make_work_guard(*loops_.back()));
    }
  }

  ~Impl() { Stop(); }

  absl::Status Listen(const tcp::endpoint& endpoint) {
    acceptor_.emplace(*loops_.front());
    Error error;
    acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(kBacklog, error);
    if (error) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ",
                                                 endpoint.address().to_string(), ":",
                                                 endpoint.port(), ": ", error.message()));
    }
    endpoint_ = acceptor_->local_endpoint(error);
    Accept();
    for (auto& loop : loops_) threads_.emplace_back([&loop] { loop->run(); });
    return absl::OkStatus();
  }

  void Stop() {
    for (auto& loop : loops_) loop->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    guards_.clear();
    acceptor_.reset();
    // Destroying a loop destroys the connections that wait in it.
    loops_.clear();
  }

  int port() const { return endpoint_.port(); }
  std::string url() const {
    const HostPort address{endpoint_.address().to_string(), endpoint_.port()};
    return (tls_ != nullptr ? "https://" : "http://") + address.ToString();
  }

 private:
  void Accept() {
    asio::io_context& loop = *loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(loop, [this](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) Serve(std::move(socket));
      Accept();
    });
  }

  void Serve(tcp::socket socket) {
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const auto executor = socket.get_executor();
    if (tls_ == nullptr) {
      Run<tcp::socket>(executor, std::move(socket));
    } else {
      Run<asio::ssl::stream<tcp::socket>>(executor,
                                          asio::ssl::stream<tcp::socket>(std::move(socket), *tls_));
    }
  }

  // On the thread to which the connection belongs.
  template <typename Stream, typename Executor>
  void Run(const Executor& executor, Stream stream) {
    auto connection = std::make_shared<ProviderConnection<Stream>>(std::move(stream), answer_);
    asio::post(executor, [connection] { connection->Run(); });
  }

  const ReplyFunction answer_;
  const std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<asio::io_context>> loops_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
  std::optional<tcp::acceptor> acceptor_;
  tcp::endpoint endpoint_;
  std::size_t next_loop_ = 0;
  std::vector<std::thread> threads_;
};

ProviderListener::ProviderListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProviderListener::~ProviderListener() = default;

absl::StatusOr<std::unique_ptr<ProviderListener>> ProviderListener::Start(
    const ProviderListenerOptions& options, ReplyFunction answer) {
  if (options.threads < 1) return absl::InvalidArgumentError("threads must be at least 1");
  TG_ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseEndpoint(options));
  TG_ASSIGN_OR_RETURN(auto tls, MakeTlsContext(options.tls));
  auto impl = std::make_unique<Impl>(options.threads, std::move(answer), std::move(tls));
  TG_RETURN_IF_ERROR(impl->Listen(endpoint));
  return std::unique_ptr<ProviderListener>(new ProviderListener(std::move(impl)));
}

int ProviderListener::port() const { return impl_->port(); }
std::string ProviderListener::url() const { return impl_->url(); }
void ProviderListener::Stop() { impl_->Stop(); }

}  // namespace tollgate
