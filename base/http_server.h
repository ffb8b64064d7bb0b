// A small HTTP/1.1 server for LOW-RATE endpoints: ops listener, price directory, demo provider.
// The data plane's own listener is another thing altogether (dataplane/http).
//
// One thread does the I/O; handlers run on a pool of their own and may block.  Keep-alive,
// pipelined requests one after another, HEAD (handled as GET, the body is not sent), limits on
// head, body, connections and idle time.  Plaintext only.
#ifndef TOLLGATE_BASE_HTTP_SERVER_H_
#define TOLLGATE_BASE_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tollgate {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// One request, complete with its body.
struct HttpRequest {
  std::string method{};                        // As sent; "GET" also for HEAD.
  std::string path{};                          // Percent-decoded, begins with '/', without query.
  std::map<std::string, std::string> query{};  // Percent-decoded ('+' = blank); first value wins.
  HttpHeaders headers{};                       // In order, names as sent.
  std::string body{};

  // The first header of that name, without regard to case.
  std::optional<std::string_view> Header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  HttpHeaders headers{};  // Besides Content-Type, Content-Length, Connection and Date.
  std::string body{};
};

// How Drop() ends a connection.
enum class DropMode {
  kClose,  // FIN: the client sees an early end of stream, after all bytes written.
  kReset,  // RST: the client sees "connection reset", perhaps before bytes already written.
};

// Answers one request: Send() once, or StartStream(), Write()…, Finish(), or Drop() at any time.
// Used by the handler's thread only, while the handler runs.  A handler that returns without an
// answer gives a 500; one that leaves a stream unfinished drops the connection.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;

  // Sends a whole response.  CR, LF or NUL in a header makes it a 500.
  virtual void Send(HttpResponse response) = 0;

  // Begins a chunked response with the status and headers of `head`; its body, if any, is the first
  // chunk.  False when the connection is gone.
  virtual bool StartStream(HttpResponse head) = 0;

  // Sends one chunk and waits until the socket took it (backpressure).  False when the connection
  // is gone or took nothing for the idle timeout.  An empty chunk is ignored.
  virtual bool Write(std::string_view chunk) = 0;

  // Ends the stream properly.
  virtual void Finish() = 0;

  // Ends the connection abruptly, without finishing the response.
  virtual void Drop(DropMode mode) = 0;

  // False once the client has closed or the server stops.  Asks the socket.
  virtual bool IsOpen() = 0;
};

using HttpHandler = std::function<void(const HttpRequest&, HttpResponder&)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1:0";  // host:port; port 0 = any free one.
  // An address off loopback is refused unless the operator asked for it in so many words.
  bool allow_remote = false;
  int handler_threads = 1;  // ≥ 1.  A streaming handler occupies one.
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t connections_max = 1024;               // Beyond it a new one is closed at once.
  absl::Duration idle_timeout = absl::Seconds(30);  // Between requests, and for one read or write.
};

// Thread-safe.
class HttpServer {
 public:
  // Binds, listens and serves until Stop() or destruction.  InvalidArgument for the address or
  // options, Unavailable when it cannot be bound.  Exceptions from `handler` are not allowed.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           HttpHandler handler);
  ~HttpServer();

  int port() const;
  // "http://127.0.0.1:41234", without a final slash.
  std::string url() const;

  // Closes the listener and every connection, waits for running handlers.  Idempotent.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_HTTP_SERVER_H_
