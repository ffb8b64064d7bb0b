// One client's connection: reads requests one after another, hands each to the handler, and writes
// what the handler answers.  One coroutine per connection, on one worker's thread.
#ifndef TOLLGATE_DATAPLANE_HTTP_CLIENT_CONNECTION_H_
#define TOLLGATE_DATAPLANE_HTTP_CLIENT_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/http/input_buffer.h"
#include "dataplane/http/request_head.h"
#include "dataplane/http/timer_wheel.h"
#include "dataplane/http/transport.h"

namespace tollgate::dataplane {

class ClientConnection;

// How long clients may take; dataplane/config.h says what each is for.
struct ClientTimeouts {
  absl::Duration tls_handshake = absl::Seconds(10);
  absl::Duration head = absl::Seconds(15);
  absl::Duration body_idle = absl::Seconds(30);
  absl::Duration body_total = absl::Minutes(5);
  absl::Duration write_idle = absl::Seconds(60);
  absl::Duration keep_alive = absl::Seconds(75);
};

// Something that goes on for a client and can be told that the client left or the node stops.
class Interruptible {
 public:
  virtual ~Interruptible() = default;
  // The client closed its connection.
  virtual void OnClientGone() = 0;
  // The node ends what is still running.
  virtual void OnStop() = 0;
};

// Answers requests.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Answers the request whose head is read: exactly one of Send() and StartStream()…EndStream(), or
  // neither, which drops the connection.
  virtual Task<void> Handle(ClientConnection& client) = 0;
  // Answers a request whose head was refused, with the right status; then the connection ends.
  // `status` is 400, 408, 415, 417, 431 or 505.
  virtual void RenderHeadError(int status, std::string_view message, std::string& body) = 0;
};

// What the connections of one worker share.
struct ConnectionHost {
  const Clock* clock = nullptr;
  TimerWheel* wheel = nullptr;
  DateLine* date = nullptr;
  RequestHandler* handler = nullptr;
  ClientTimeouts timeouts;
  // Set when the node drains: connections end with their current request.
  bool draining = false;
  // All of them; each enters and leaves by itself.
  ClientConnection* first = nullptr;
  std::size_t count = 0;
};

class ClientConnection {
 public:
  ClientConnection(ConnectionHost& host, TcpSocket socket, std::shared_ptr<asio::ssl::context> tls);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Serves until the connection ends.
  Task<void> Serve();

  // ---- For handlers ---------------------------------------------------------------------------

  // The request's head.  Its views are valid until the body is read.
  const RequestHead& head() const { return head_; }

  // When the request's head was complete.
  MonotonicTime request_start() const { return request_start_; }

  // Takes in what was read of the body; true when it is decided: BodyStatus() says how.  False:
  // ReadBody() must be awaited.  `bytes_max` bounds the body.
  bool BodyReady(std::uint64_t bytes_max);
  Task<void> ReadBody();

  enum class BodyStatus {
    kComplete,
    kTooLarge,
    kTooSlow,
    kMalformed,  // Bad framing.
    kGone,       // The client closed.
  };
  BodyStatus body_status() const { return body_status_; }
  // REQUIRED: kComplete.
  std::string_view body() const { return in_.view().substr(0, body_reader_.decoded()); }

  // Prepares a whole answer.  `header_lines` are complete lines with CRLF.  The pieces of the body
  // must live until it is flushed.
  void Send(int status, std::string_view content_type, std::string_view header_lines,
            std::initializer_list<std::string_view> body);

  // The same with a body that is kept until it is written.
  void SendOwned(int status, std::string_view content_type, std::string_view header_lines,
                 std::string body);

  // Prepares the head of an answer whose size is not known.
  void StartStream(int status, std::string_view content_type, std::string_view header_lines);
  // Prepares a piece of it; nothing when all of `pieces` are empty.
  void AddToStream(std::span<const std::string_view> pieces);
  // Prepares the end of it.
  void EndStream();

  // Writes what was prepared: `if (!client.FlushNow()) co_await client.FlushRest();`
  bool FlushNow();
  Task<void> FlushRest();

  // Whether the client can still be written to.
  bool gone() const { return gone_; }
  // Looks whether the client has closed, and remembers.
  bool CheckGone();

  // Whether the answer has begun: then an error can no longer be a status.
  bool answer_started() const { return answer_started_; }
  std::uint64_t bytes_written() const { return bytes_written_; }
  int status() const { return status_; }

  // ---- For the worker -------------------------------------------------------------------------

  // Who is told of OnClientGone() and OnStop(); null when the handler waits for nothing.
  void set_interruptible(Interruptible* interruptible) { interruptible_ = interruptible; }
  Interruptible* interruptible() { return interruptible_; }
  // Closes it when no request is running on it.
  void CloseIfIdle();
  // Ends what is running: handlers are told, waiting reads and writes fail.
  void Stop();
  // Closes it, whatever goes on.
  void Close() {
    gone_ = true;
    transport_.Close();
  }
  ClientConnection* next() { return next_; }

 private:
  enum class HeadResult { kNeedMore, kOk, kRefused };

  Task<void> ServeRequests();
  HeadResult TryHead();
  HeadResult RefuseHead(int status, std::string_view message);
  // Drops what is left of the request; false when the connection must end instead.
  bool PrepareForNext();
  bool BodyDroppable() const;
  Task<void> Linger();
  void TakeBodyState(BodyState state);
  void BeginHead(int status, std::string_view content_type);
  void Render(std::initializer_list<std::string_view> texts);
  void Piece(std::string_view bytes);
  void OnTimer();

  ConnectionHost& host_;
  Transport transport_;
  std::shared_ptr<asio::ssl::context> tls_;
  InputBuffer in_;
  TimerEntry timer_;
  bool timed_out_ = false;
  bool writing_ = false;
  ClientConnection* next_ = nullptr;
  ClientConnection** link_ = nullptr;
  Interruptible* interruptible_ = nullptr;

  HeadEnd head_end_;
  std::size_t head_bytes_ = 0;
  BodyStatus body_status_ = BodyStatus::kComplete;
  bool body_begun_ = false;  // The head was dropped from the buffer, the body is at its front.
  bool body_over_ = false;   // The body is complete.
  BodyReader body_reader_{BodyFraming::kNone, 0, 0};
  MonotonicTime request_start_;
  bool in_request_ = false;

  std::string out_;  // Rendered heads and chunk sizes.
  std::vector<asio::const_buffer>
      pieces_;  // What was prepared, in order; into out_ or the caller's.
  BytesList unsent_;
  std::string owned_body_;
  bool answer_started_ = false;
  bool chunked_answer_ = false;
  bool close_after_ = false;
  bool gone_ = false;
  int status_ = 0;
  std::uint64_t bytes_written_ = 0;

  RequestHead head_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_CLIENT_CONNECTION_H_
