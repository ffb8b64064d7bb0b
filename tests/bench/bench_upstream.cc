// The benchmark's provider: answers every POST at the least possible cost; one to /v1/messages in
// Anthropic's format, any other in OpenAI's.
//
//   bench-upstream --port 0 [--chunks 200] [--rate 50] [--content-bytes 16]
//
// A body that contains `"stream":true` is answered by an SSE stream of --chunks events, --rate a
// second (0: as fast as the socket takes them), each with the time at which it was sent; any other
// by one JSON object (OpenAI's has 649 bytes, Anthropic's the same text).  Prints its port on the
// first line and serves until killed.
// Requests are read by Content-Length only: it stands behind proxies, not before the Internet.
#include <algorithm>
#include <cstring>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/event_loop.h"

namespace tollgate::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  int chunks = 200;
  double rate = 50;
};

struct Connection {
  int fd = -1;
  bool open = true;
  std::string in;
  std::string out;
  bool waits_for_write = false;
  bool messages = false;  // The stream that runs is Anthropic's.
  int chunks_left = 0;
  std::int64_t next_ns = 0;
};

constexpr std::size_t kChatBytes = 649;

// `begin`, as much text as an answer of chat completions with kChatBytes has, `end`.
std::string JsonAnswer(std::string body, std::string_view end, std::size_t text_bytes) {
  for (std::size_t i = 0; i < text_bytes; ++i) body += "lorem ipsum "[i % 12];
  body += end;
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr std::string_view kChatBegin =
    R"({"id":"chatcmpl-bench","object":"chat.completion","created":1795000000,)"
    R"("model":"bench-chat","choices":[{"index":0,"message":{"role":"assistant","content":")";
constexpr std::string_view kChatEnd =
    R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":210,)"
    R"("completion_tokens":60,"total_tokens":270}})";
constexpr std::size_t kTextBytes = kChatBytes - kChatBegin.size() - kChatEnd.size();

constexpr std::string_view kMessageBegin =
    R"({"id":"msg_bench","type":"message","role":"assistant","model":"bench-chat",)"
    R"("content":[{"type":"text","text":")";
constexpr std::string_view kMessageEnd =
    R"("}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":210,"output_tokens":60}})";

constexpr std::string_view kMessageStreamBegin =
    "event: message_start\n"
    R"(data: {"type":"message_start","message":{"id":"msg_bench","type":"message",)"
    R"("role":"assistant","model":"bench-chat","content":[],"stop_reason":null,)"
    R"("stop_sequence":null,"usage":{"input_tokens":210,"output_tokens":1}}})"
    "\n\nevent: content_block_start\n"
    R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
    "\n\n";
constexpr std::string_view kMessageStreamEnd =
    "event: content_block_stop\n"
    R"(data: {"type":"content_block_stop","index":0})"
    "\n\nevent: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},)"
    R"("usage":{"output_tokens":200}})"
    "\n\nevent: message_stop\n"
    R"(data: {"type":"message_stop"})"
    "\n\n";
constexpr std::string_view kChatStreamEnd =
    R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1795000000,)"
    R"("model":"bench-chat","choices":[],"usage":{"prompt_tokens":210,)"
    R"("completion_tokens":200,"total_tokens":410}})"
    "\n\ndata: [DONE]\n\n";

class Upstream {
 public:
  explicit Upstream(const Options& options)
      : options_(options),
        interval_ns_(options.rate > 0 ? static_cast<std::int64_t>(1e9 / options.rate) : 0),
        chat_(JsonAnswer(std::string(kChatBegin), kChatEnd, kTextBytes)),
        message_(JsonAnswer(std::string(kMessageBegin), kMessageEnd, kTextBytes)) {
    listener_ = Listen(&options_.port);
    std::printf("%u\n", options_.port);
    std::fflush(stdout);
    epoll_.Add(listener_, EPOLLIN, nullptr);
  }

  void Run() {
    while (true) {
      epoll_.Wait(TimeoutMs(), [this](std::uint32_t events, void* data) {
        if (data == nullptr) return Accept();
        auto* connection = static_cast<Connection*>(data);
        if (connection->open && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) Read(connection);
        if (connection->open && (events & EPOLLOUT)) Flush(connection);
      });
      SendDue();
      closed_.clear();
    }
  }

 private:
  struct Due {
    std::int64_t at_ns;
    std::shared_ptr<Connection> connection;
    bool operator<(const Due& other) const { return at_ns > other.at_ns; }
  };

  int TimeoutMs() const {
    if (due_.empty()) return -1;
    const std::int64_t left = due_.top().at_ns - NowNs();
    return left <= 0 ? 0 : static_cast<int>(left / 1'000'000);
  }

  void Accept() {
    int fd = -1;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      SetNonBlockingNoDelay(fd);
      auto connection = std::make_shared<Connection>();
      connection->fd = fd;
      epoll_.Add(fd, EPOLLIN, connection.get());
      if (connections_.size() <= static_cast<std::size_t>(fd)) connections_.resize(fd + 1);
      connections_[fd] = std::move(connection);
    }
  }

  void Close(Connection* connection) {
    connection->open = false;
    close(connection->fd);
    // Kept until the end of this turn: later events of the turn may still name it.
    closed_.push_back(std::move(connections_[connection->fd]));
  }

  void Read(Connection* connection) {
    char buffer[65536];
    while (true) {
      const ssize_t got = recv(connection->fd, buffer, sizeof(buffer), 0);
      if (got > 0) {
        connection->in.append(buffer, static_cast<std::size_t>(got));
        if (got < static_cast<ssize_t>(sizeof(buffer))) break;
        continue;
      }
      if (got < 0 && errno == EAGAIN) break;
      return Close(connection);
    }
    while (connection->open && TakeRequest(connection)) {
    }
  }

  // Answers one whole request at the front of `in`; false when there is none.
  bool TakeRequest(Connection* connection) {
    std::string& in = connection->in;
    const std::size_t head_end = in.find("\r\n\r\n");
    if (head_end == std::string::npos) return false;
    const std::string_view head(in.data(), head_end);
    std::size_t body_bytes = 0;
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
      if (strncasecmp(head.data() + at + 2, "content-length:", 15) == 0) {
        body_bytes = static_cast<std::size_t>(std::atoll(head.data() + at + 17));
      }
    }
    if (in.size() < head_end + 4 + body_bytes) return false;
    const std::string_view body(in.data() + head_end + 4, body_bytes);
    const bool messages = head.starts_with("POST /v1/messages ");
    // The load generator puts the flag near the front or the very end; look at both, not between.
    const bool stream = body.substr(0, 256).find("\"stream\":true") != std::string_view::npos;
    in.erase(0, head_end + 4 + body_bytes);
    if (stream) {
      connection->messages = messages;
      StartStream(connection);
    } else {
      Send(connection, messages ? message_ : chat_);
    }
    return true;
  }

  void StartStream(Connection* connection) {
    Send(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    if (connection->messages) Send(connection, Framed(kMessageStreamBegin));
    connection->chunks_left = options_.chunks;
    connection->next_ns = NowNs();
    due_.push({connection->next_ns, connections_[connection->fd]});
  }

  void SendDue() {
    while (!due_.empty() && due_.top().at_ns <= NowNs()) {
      const std::shared_ptr<Connection> connection = due_.top().connection;
      due_.pop();
      if (!connection->open) continue;
      SendChunk(connection.get());
      if (connection->open && connection->chunks_left > 0) {
        connection->next_ns += interval_ns_;
        due_.push({connection->next_ns, connection});
      }
    }
  }

  void SendChunk(Connection* connection) {
    if (interval_ns_ == 0 && connection->out.size() > 256 * 1024) {
      connection->next_ns = NowNs() + 1'000'000;  // Flat out: wait for the reader.
      return;
    }
    char event[512];
    const bool last = --connection->chunks_left == 0;
    const auto now = static_cast<long long>(NowNs());
    const int length =
        connection->messages
            ? std::snprintf(event, sizeof(event),
                            "event: content_block_delta\n"
                            R"(data: {"type":"content_block_delta","index":0,)"
                            R"("delta":{"type":"text_delta","text":"t=%019lld"}})"
                            "\n\n",
                            now)
            : std::snprintf(event, sizeof(event),
                            R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk",)"
                            R"("created":1795000000,"model":"bench-chat",)"
                            R"("choices":[{"index":0,"delta":{"content":"t=%019lld"},)"
                            R"("finish_reason":%s}]})"
                            "\n\n",
                            now, last ? "\"stop\"" : "null");
    std::string chunk = Framed({event, static_cast<std::size_t>(length)});
    if (last) {
      chunk += Framed(connection->messages ? kMessageStreamEnd : kChatStreamEnd);
      chunk += "0\r\n\r\n";
    }
    Send(connection, chunk);
  }

  static std::string Framed(std::string_view data) {
    char size[16];
    std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
    return std::string(size).append(data).append("\r\n");
  }

  void Send(Connection* connection, std::string_view data) {
    if (connection->out.empty()) {
      const ssize_t sent = send(connection->fd, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent == static_cast<ssize_t>(data.size())) return;
      if (sent < 0 && errno != EAGAIN) return Close(connection);
      data.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    }
    connection->out.append(data);
    if (!connection->waits_for_write) {
      connection->waits_for_write = true;
      epoll_.Modify(connection->fd, EPOLLIN | EPOLLOUT, connection);
    }
  }

  void Flush(Connection* connection) {
    const ssize_t sent =
        send(connection->fd, connection->out.data(), connection->out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return Close(connection);
    if (sent > 0) connection->out.erase(0, static_cast<std::size_t>(sent));
    if (connection->out.empty()) {
      connection->waits_for_write = false;
      epoll_.Modify(connection->fd, EPOLLIN, connection);
    }
  }

  Options options_;
  const std::int64_t interval_ns_;
  const std::string chat_;
  const std::string message_;
  int listener_ = -1;
  Epoll epoll_;
  std::vector<std::shared_ptr<Connection>> connections_;  // By descriptor.
  std::vector<std::shared_ptr<Connection>> closed_;
  std::priority_queue<Due> due_;
};

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  tollgate::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--port") options.port = static_cast<std::uint16_t>(value);
    if (name == "--chunks") options.chunks = static_cast<int>(value);
    if (name == "--rate") options.rate = value;
  }
  tollgate::bench::Upstream(options).Run();
}
