#include "base/http_server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/host_port.h"
#include "base/http_message.h"
#include "base/http_session.h"
#include "base/status_macros.h"

namespace tollgate {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// After a failed accept (most likely no file descriptors), so as not to spin.
constexpr std::chrono::milliseconds kAcceptPause(100);

class SessionResponder final : public HttpResponder {
 public:
  explicit SessionResponder(std::shared_ptr<HttpSession> session)
      : session_(std::move(session)), keep_alive_(session_->keep_alive()) {}

  void Send(HttpResponse response) override {
    CHECK(state_ == State::kFresh) << "a second answer to one request";
    state_ = State::kDone;
    if (!HeadersAreSafe(response)) response = InternalError();
    std::string bytes = RenderHead(response, BodyFraming::kLength, response.body.size(),
                                   keep_alive_, RealClock().Wall());
    if (!session_->is_head() && StatusHasBody(response.status)) bytes += response.body;
    is_open_ = session_->WriteBlocking(std::move(bytes));
  }

  bool StartStream(HttpResponse head) override {
    CHECK(state_ == State::kFresh) << "a second answer to one request";
    if (!HeadersAreSafe(head)) {
      Send(InternalError());
      return false;
    }
    state_ = State::kStreaming;
    has_body_ = !session_->is_head() && StatusHasBody(head.status);
    // HTTP/1.0 has no chunks: there the end of the connection ends the body.
    is_chunked_ = session_->speaks_http_1_1();
    if (!is_chunked_) keep_alive_ = false;
    std::string bytes =
        RenderHead(head, is_chunked_ ? BodyFraming::kChunked : BodyFraming::kUntilClose, 0,
                   keep_alive_, RealClock().Wall());
    if (has_body_ && !head.body.empty()) bytes += Framed(head.body);
    is_open_ = session_->WriteBlocking(std::move(bytes));
    return is_open_;
  }

  bool Write(std::string_view chunk) override {
    if (!is_open_ || state_ != State::kStreaming) return false;
    if (!has_body_ || chunk.empty()) return true;
    is_open_ = session_->WriteBlocking(Framed(chunk));
    return is_open_;
  }

  void Finish() override {
    if (state_ != State::kStreaming) return;
    state_ = State::kDone;
    if (is_open_ && has_body_ && is_chunked_) is_open_ = session_->WriteBlocking("0\r\n\r\n");
  }

  void Drop(DropMode mode) override {
    state_ = State::kDone;
    is_open_ = false;
    session_->DropBlocking(mode);
  }

  bool IsOpen() override {
    is_open_ = is_open_ && session_->IsOpenBlocking();
    return is_open_;
  }

  // The handler has returned.
  void Complete() {
    if (state_ == State::kFresh) Send(InternalError());
    if (state_ == State::kStreaming) Drop(DropMode::kClose);
    if (is_open_) session_->NextRequest(keep_alive_);
  }

 private:
  enum class State { kFresh, kStreaming, kDone };

  static HttpResponse InternalError() {
    HttpResponse response;
    response.status = 500;
    response.body = "internal error\n";
    return response;
  }

  std::string Framed(std::string_view chunk) const {
    return is_chunked_ ? RenderChunk(chunk) : std::string(chunk);
  }

  const std::shared_ptr<HttpSession> session_;
  State state_ = State::kFresh;
  bool keep_alive_;
  bool is_open_ = true;
  bool is_chunked_ = false;
  bool has_body_ = true;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpServerOptions options, HttpHandler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        work_(io_.get_executor()),
        acceptor_(io_),
        accept_timer_(io_),
        handlers_(static_cast<std::size_t>(options_.handler_threads)) {}

  absl::Status Bind(const HostPort& address) {
    boost::system::error_code error;
    const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
    const asio::ip::address ip = asio::ip::make_address(host, error);
    if (error) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot listen on ", address.ToString(), ": write an IP address"));
    }
    const tcp::endpoint endpoint(ip, address.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", address.ToString(), ": ", error.message()));
    }
    host_ = host;
    return absl::OkStatus();
  }

  void Run() {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  void Stop() {
    std::lock_guard lock(stop_mutex_);
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
      is_stopping_ = true;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      accept_timer_.cancel();
      // Closing a session removes it from the map.
      while (!sessions_.empty()) {
        const std::shared_ptr<HttpSession> session = sessions_.begin()->second;
        session->Close(DropMode::kClose);
      }
    });
    // Handlers that run find their connection closed, with the I/O thread there to tell them.
    handlers_.join();
    work_.reset();
    io_.stop();
    thread_.join();
  }

  int port() const { return port_; }
  std::string url() const {
    return absl::StrCat("http://", HostPort{host_, static_cast<std::uint16_t>(port_)}.ToString());
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (is_stopping_) return;
      if (error) return PauseAccepting();
      if (sessions_.size() < options_.connections_max) StartSession(std::move(socket));
      Accept();
    });
  }

  void PauseAccepting() {
    accept_timer_.expires_after(kAcceptPause);
    accept_timer_.async_wait([this](boost::system::error_code error) {
      if (!error && !is_stopping_) Accept();
    });
  }

  void StartSession(tcp::socket socket) {
    auto session = std::make_shared<HttpSession>(
        std::move(socket), options_,
        [this](std::shared_ptr<HttpSession> from, HttpRequest request) {
          Dispatch(std::move(from), std::move(request));
        },
        [this](HttpSession* closed) { sessions_.erase(closed); });
    sessions_.emplace(session.get(), session);
    session->Start();
  }

  void Dispatch(std::shared_ptr<HttpSession> session, HttpRequest request) {
    asio::post(handlers_, [this, session = std::move(session), request = std::move(request)] {
      SessionResponder responder(session);
      handler_(request, responder);
      responder.Complete();
    });
  }

  const HttpServerOptions options_;
  const HttpHandler handler_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  // Used by the I/O thread only, once it runs.
  tcp::acceptor acceptor_;
  asio::steady_timer accept_timer_;
  std::unordered_map<HttpSession*, std::shared_ptr<HttpSession>> sessions_;
  bool is_stopping_ = false;

  asio::thread_pool handlers_;
  std::string host_;
  int port_ = 0;
  std::mutex stop_mutex_;
  std::thread thread_;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              HttpHandler handler) {
  TG_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(options.address));
  if (options.handler_threads < 1) {
    return absl::InvalidArgumentError("an HTTP server needs at least one handler thread");
  }
  if (!options.allow_remote && !IsLoopbackHost(address.host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "refusing to listen on ", options.address,
        ", which other machines can reach: allow remote access explicitly, or listen on "
        "127.0.0.1"));
  }
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  TG_RETURN_IF_ERROR(impl->Bind(address));
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }
int HttpServer::port() const { return impl_->port(); }
std::string HttpServer::url() const { return impl_->url(); }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace tollgate
