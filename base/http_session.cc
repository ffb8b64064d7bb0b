#include "base/http_session.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace tollgate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

// How much of a refused request is still read, and for how long, so that the client gets to see
// the refusal.
constexpr std::size_t kDrainBytesMax = 1024 * 1024;
constexpr std::chrono::seconds kDrainTimeout(2);

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

// Forms that two parsers may read differently (RFC 9112 section 6.1).
template <typename Message>
bool FramingIsAmbiguous(const Message& message) {
  const std::size_t lengths = message.count(http::field::content_length);
  const std::size_t encodings = message.count(http::field::transfer_encoding);
  if (lengths + encodings > 1) return true;
  const std::string_view length = View(message[http::field::content_length]);
  if (length.find_first_not_of("0123456789") != std::string_view::npos) return true;
  return encodings == 1 && (message.version() != 11 ||
                            !beast::iequals(message[http::field::transfer_encoding], "chunked"));
}

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, const HttpServerOptions& options,
                         Dispatch dispatch, std::function<void(HttpSession*)> on_closed)
    : stream_(std::move(socket)),
      options_(options),
      dispatch_(std::move(dispatch)),
      on_closed_(std::move(on_closed)) {
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
}

void HttpSession::ReadHead() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(options_.head_bytes_max));
  parser_->body_limit(options_.body_bytes_max);
  stream_.expires_after(absl::ToChronoNanoseconds(options_.idle_timeout));
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->OnHead(error); });
}

void HttpSession::OnHead(beast::error_code error) {
  if (error) return OnReadError(error);
  const auto& message = parser_->get();
  if (FramingIsAmbiguous(message)) return Refuse(400, "ambiguous framing");
  if (beast::iequals(message[http::field::expect], "100-continue")) return SendContinue();
  ReadBody();
}

void HttpSession::SendContinue() {
  writing_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(writing_),
                    [self = shared_from_this()](beast::error_code error, std::size_t) {
                      if (error) return self->Close(DropMode::kClose);
                      self->ReadBody();
                    });
}

void HttpSession::ReadBody() {
  http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->OnBody(error); });
}

void HttpSession::OnBody(beast::error_code error) {
  if (error) return OnReadError(error);
  stream_.expires_never();
  http::request<http::string_body> message = parser_->release();
  HttpRequest request;
  if (!ParseRequestTarget(View(message.target()), request)) {
    return Refuse(400, "malformed request target");
  }
  is_head_ = message.method() == http::verb::head;
  keep_alive_ = message.keep_alive();
  speaks_http_1_1_ = message.version() == 11;
  request.method = is_head_ ? "GET" : std::string(View(message.method_string()));
  for (const auto& field : message) {
    request.headers.emplace_back(View(field.name_string()), View(field.value()));
  }
  request.body = std::move(message.body());
  dispatch_(shared_from_this(), std::move(request));
}

void HttpSession::OnReadError(beast::error_code error) {
  if (error == http::error::body_limit) return Refuse(413, "the body is too large");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Refuse(431, "the head is too large");
  }
  const bool is_syntax = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (is_syntax) return Refuse(400, "malformed request");
  Close(DropMode::kClose);
}

void HttpSession::Refuse(int status, const std::string& message) {
  HttpResponse response;
  response.status = status;
  response.body = absl::StrCat(message, "\n");
  writing_ = RenderHead(response, BodyFraming::kLength, response.body.size(),
                        /*keep_alive=*/false, RealClock().Wall()) +
             response.body;
  stream_.expires_after(kDrainTimeout);
  asio::async_write(stream_, asio::buffer(writing_),
                    [self = shared_from_this()](beast::error_code error, std::size_t) {
                      if (error) return self->Close(DropMode::kClose);
                      beast::error_code ignored;
                      self->stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send,
                                                      ignored);
                      self->buffer_.clear();
                      self->Drain(kDrainBytesMax);
                    });
}

void HttpSession::Drain(std::size_t bytes_left) {
  constexpr std::size_t kStepBytes = 64 * 1024;
  buffer_.clear();
  stream_.async_read_some(
      buffer_.prepare(std::min(bytes_left, kStepBytes)),
      [self = shared_from_this(), bytes_left](beast::error_code error, std::size_t bytes) {
        if (error || bytes >= bytes_left) return self->Close(DropMode::kClose);
        self->Drain(bytes_left - bytes);
      });
}

void HttpSession::Close(DropMode mode) {
  if (is_closed_) return;
  is_closed_ = true;
  beast::error_code ignored;
  asio::ip::tcp::socket& socket = stream_.socket();
  if (mode == DropMode::kReset) {
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  }
  stream_.close();
  on_closed_(this);
}

// The promises are shared with the I/O thread, which may still be within set_value() when the
// waiter goes on.

bool HttpSession::WriteBlocking(std::string bytes) {
  auto done = std::make_shared<std::promise<bool>>();
  std::future<bool> result = done->get_future();
  asio::post(stream_.get_executor(), [this, done, &bytes, self = shared_from_this()] {
    if (is_closed_) return done->set_value(false);
    writing_ = std::move(bytes);
    stream_.expires_after(absl::ToChronoNanoseconds(options_.idle_timeout));
    asio::async_write(stream_, asio::buffer(writing_),
                      [done, self](beast::error_code error, std::size_t) {
                        if (error) {
                          self->Close(DropMode::kClose);
                        } else {
                          self->stream_.expires_never();
                        }
                        done->set_value(!error);
                      });
  });
  return result.get();
}

void HttpSession::DropBlocking(DropMode mode) {
  auto done = std::make_shared<std::promise<void>>();
  asio::post(stream_.get_executor(), [this, done, mode, self = shared_from_this()] {
    Close(mode);
    done->set_value();
  });
  done->get_future().wait();
}

bool HttpSession::IsOpenBlocking() {
  auto done = std::make_shared<std::promise<bool>>();
  std::future<bool> result = done->get_future();
  asio::post(stream_.get_executor(), [this, done, self = shared_from_this()] {
    if (is_closed_) return done->set_value(false);
    char byte = 0;
    const ssize_t got = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // 0 = the client sent FIN; bytes = it pipelined its next request.
    done->set_value(got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)));
  });
  return result.get();
}

void HttpSession::NextRequest(bool keep_alive) {
  asio::post(stream_.get_executor(), [self = shared_from_this(), keep_alive] {
    if (self->is_closed_) return;
    if (!keep_alive) return self->Close(DropMode::kClose);
    self->ReadHead();
  });
}

}  // namespace tollgate
