// One connection of base/http_server.cc: reads a request, lets the handler answer it, repeats.
//
// Threads: everything runs on the server's I/O thread, except the blocking methods, which the
// handler's thread calls while the I/O thread waits for the answer to be complete.
#ifndef TOLLGATE_BASE_HTTP_SESSION_H_
#define TOLLGATE_BASE_HTTP_SESSION_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http_message.h"
#include "base/http_server.h"

namespace tollgate {

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // Runs the handler with a responder for this session, on a thread where it may block.
  using Dispatch = std::function<void(std::shared_ptr<HttpSession>, HttpRequest)>;

  // `on_closed` is called once, on the I/O thread.
  HttpSession(boost::asio::ip::tcp::socket socket, const HttpServerOptions& options,
              Dispatch dispatch, std::function<void(HttpSession*)> on_closed);

  // On the I/O thread:
  void Start() { ReadHead(); }
  void Close(DropMode mode);

  // On the handler's thread; each waits for the I/O thread.
  bool WriteBlocking(std::string bytes);
  void DropBlocking(DropMode mode);
  bool IsOpenBlocking();
  // The answer is complete: read the next request, or close.
  void NextRequest(bool keep_alive);

  bool is_head() const { return is_head_; }
  bool keep_alive() const { return keep_alive_; }
  bool speaks_http_1_1() const { return speaks_http_1_1_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void ReadHead();
  void OnHead(boost::beast::error_code error);
  void SendContinue();
  void ReadBody();
  void OnBody(boost::beast::error_code error);
  // Answers a request that was not understood and ends the connection.
  void Refuse(int status, const std::string& message);
  void OnReadError(boost::beast::error_code error);
  // Reads and drops what the client still sends, so that it sees the answer and not a reset.
  void Drain(std::size_t bytes_left);

  boost::beast::tcp_stream stream_;
  const HttpServerOptions& options_;
  const Dispatch dispatch_;
  const std::function<void(HttpSession*)> on_closed_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string writing_;
  bool is_closed_ = false;
  // Of the current request; constant while the handler runs.
  bool is_head_ = false;
  bool keep_alive_ = false;
  bool speaks_http_1_1_ = false;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_HTTP_SESSION_H_
