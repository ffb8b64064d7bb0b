// The benchmark's client: a closed loop of keep-alive connections that posts one body again and
// again, and prints what it saw as one JSON object.
//
//   bench-load --port P --connections 64 --seconds 4 --warmup 1 --body-bytes 1015
//              [--path /v1/chat/completions] [--model bench/chat] [--key tg_live_…]
//              [--header "name: value"]… [--stream 1] [--idle 1] [--watch "12,13;14"]
//
// Latencies are from before the request's write to after the answer's last byte, in microseconds.
// With --stream the answers are SSE and each chunk carries the time at which it was sent
// (bench_upstream.cc): chunk latency is from there to its arrival here; ttft is from the request to
// the first chunk.  With --idle the streams are opened and then only counted, for memory.
// Only what begins after the warm-up counts.  --watch names processes, in groups: what each group
// used of the processor (user, kernel) is read exactly where the counting begins and ends, and its
// resident memory at the end, while the connections are still open.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/event_loop.h"
#include "tests/bench/process_usage.h"

namespace tollgate::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  int connections = 1;
  double seconds = 4;
  double warmup = 1;
  std::size_t body_bytes = 1015;
  std::string path = "/v1/chat/completions";
  std::string model = "bench/chat";
  std::string key;
  std::string headers;  // Complete lines.
  std::string watch;
  bool stream = false;
  bool idle = false;
};

struct Connection {
  int fd = -1;
  std::size_t sent = 0;
  std::string in;
  std::int64_t start_ns = 0;
  bool head_seen = false;
  bool first_chunk_seen = false;
  bool chunked = false;
  std::size_t body_left = 0;
  std::string tail;  // The end of what was read before, in which a chunk's time may begin.
};

std::string Request(const Options& options) {
  std::string body = "{\"model\":\"" + options.model + "\",";
  body += options.stream ? "\"stream\":true," : "\"stream\":false,";
  body += "\"max_tokens\":1024,\"messages\":[{\"role\":\"user\",\"content\":\"";
  const std::string tail = "\"}]}";
  while (body.size() + tail.size() < options.body_bytes)
    body += "The quick brown fox "[body.size() % 20];
  body += tail;
  std::string head = "POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (!options.key.empty()) head += "Authorization: Bearer " + options.key + "\r\n";
  head += options.headers;
  head += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n";
  return head + body;
}

double Percentile(std::vector<std::uint32_t>* values, double share) {
  if (values->empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values->size() - 1));
  std::nth_element(values->begin(), values->begin() + static_cast<std::ptrdiff_t>(at),
                   values->end());
  return (*values)[at] / 10.0;  // Kept in tenths of a microsecond.
}

void PrintPercentiles(const char* name, std::vector<std::uint32_t>* values) {
  std::printf("\"%s_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},", name,
              Percentile(values, 0.5), Percentile(values, 0.99), Percentile(values, 0.999),
              Percentile(values, 1.0));
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), request_(Request(options)) {}

  int Run() {
    std::vector<Connection> connections(static_cast<std::size_t>(options_.connections));
    for (std::size_t i = 0; i < connections.size(); ++i) {
      Open(&connections[i]);
      // Connecting thousands takes a while: what has come meanwhile is read meanwhile.
      if (i % kOpenAtOnce == kOpenAtOnce - 1) Turn(0);
    }
    count_from_ns_ = NowNs() + static_cast<std::int64_t>(options_.warmup * 1e9);
    const std::int64_t end = count_from_ns_ + static_cast<std::int64_t>(options_.seconds * 1e9);
    RunUntil(count_from_ns_);
    const std::vector<ProcessUsage> before = ReadGroups(options_.watch);
    const std::int64_t from = NowNs();
    RunUntil(end);
    const std::vector<ProcessUsage> after = ReadGroups(options_.watch);
    PrintWatched(before, after);
    Print(static_cast<double>(NowNs() - from) / 1e9);
    return 0;
  }

 private:
  static constexpr std::size_t kOpenAtOnce = 64;

  void RunUntil(std::int64_t end_ns) {
    while (NowNs() < end_ns) Turn(10);
  }

  void Turn(int timeout_ms) {
    epoll_.Wait(timeout_ms, [this](std::uint32_t events, void* data) {
      auto* connection = static_cast<Connection*>(data);
      if (events & EPOLLOUT) Write(connection);
      if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read(connection);
    });
  }

  void Open(Connection* connection) {
    *connection = Connection{};
    connection->fd = Connect(options_.port);
    epoll_.Add(connection->fd, EPOLLIN, connection);
    Begin(connection);
  }

  void Begin(Connection* connection) {
    connection->start_ns = NowNs();
    connection->sent = 0;
    connection->head_seen = false;
    connection->first_chunk_seen = false;
    connection->in.clear();
    connection->tail.clear();
    Write(connection);
  }

  void Write(Connection* connection) {
    const ssize_t sent = send(connection->fd, request_.data() + connection->sent,
                              request_.size() - connection->sent, MSG_NOSIGNAL);
    if (sent > 0) connection->sent += static_cast<std::size_t>(sent);
    const bool whole = connection->sent == request_.size();
    if (!whole) epoll_.Modify(connection->fd, EPOLLIN | EPOLLOUT, connection);
    if (whole && request_.size() > 65536) epoll_.Modify(connection->fd, EPOLLIN, connection);
  }

  void Fail(Connection* connection) {
    ++errors_;
    close(connection->fd);
    Open(connection);
  }

  void Read(Connection* connection) {
    char buffer[65536];
    const ssize_t got = recv(connection->fd, buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return Fail(connection);
    std::string_view data(buffer, static_cast<std::size_t>(got));
    if (!connection->head_seen) {
      connection->in.append(data);
      const std::size_t head_end = connection->in.find("\r\n\r\n");
      if (head_end == std::string::npos) return;
      if (!ReadHead(connection, std::string_view(connection->in).substr(0, head_end))) {
        if (errors_ == 0) std::fprintf(stderr, "the first error: %.600s\n", connection->in.c_str());
        return Fail(connection);
      }
      const std::string body = connection->in.substr(head_end + 4);
      Body(connection, body);
    } else {
      Body(connection, data);
    }
  }

  bool ReadHead(Connection* connection, std::string_view head) {
    connection->head_seen = true;
    if (head.substr(9, 3) != "200") return false;
    const std::size_t at = FindHeader(head, "content-length:");
    connection->chunked = at == std::string_view::npos;
    connection->body_left =
        connection->chunked ? 0 : static_cast<std::size_t>(std::atoll(head.data() + at));
    return true;
  }

  static std::size_t FindHeader(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
      if (strncasecmp(head.data() + at + 2, name.data(), name.size()) == 0) {
        return at + 2 + name.size();
      }
    }
    return std::string_view::npos;
  }

  void Body(Connection* connection, std::string_view data) {
    if (options_.stream) CountChunks(connection, data);
    if (!connection->chunked) {
      connection->body_left -= std::min(connection->body_left, data.size());
      if (connection->body_left == 0) Done(connection);
      return;
    }
    connection->tail.append(data);
    if (connection->tail.size() > 64) connection->tail.erase(0, connection->tail.size() - 64);
    if (connection->tail.ends_with("0\r\n\r\n")) Done(connection);
  }

  void CountChunks(Connection* connection, std::string_view data) {
    const std::int64_t now = NowNs();
    const bool counts = now >= count_from_ns_;
    std::string joined;
    if (!connection->tail.empty()) {
      joined = connection->tail.substr(connection->tail.size() -
                                       std::min<std::size_t>(connection->tail.size(), 20));
      joined.append(data);
      data = joined;
    }
    for (std::size_t at = data.find("\"t="); at != std::string_view::npos;
         at = data.find("\"t=", at + 22)) {
      if (at + 22 > data.size()) break;
      const std::int64_t sent = std::atoll(std::string(data.substr(at + 3, 19)).c_str());
      if (counts) {
        ++chunks_;
        chunk_latency_.push_back(
            static_cast<std::uint32_t>(std::max<std::int64_t>(0, now - sent) / 100));
        if (!connection->first_chunk_seen) {
          ttft_.push_back(static_cast<std::uint32_t>((now - connection->start_ns) / 100));
        }
      }
      connection->first_chunk_seen = true;
    }
  }

  void Done(Connection* connection) {
    const std::int64_t now = NowNs();
    if (connection->start_ns >= count_from_ns_ || (options_.stream && now >= count_from_ns_)) {
      ++requests_;
      latency_.push_back(static_cast<std::uint32_t>((now - connection->start_ns) / 100));
    }
    if (!options_.idle) Begin(connection);
  }

  static void PrintWatched(const std::vector<ProcessUsage>& before,
                           const std::vector<ProcessUsage>& after) {
    std::printf("{\"watched\":[");
    for (std::size_t i = 0; i < after.size(); ++i) {
      std::printf("%s{\"user_s\":%.3f,\"kernel_s\":%.3f,\"rss_bytes\":%lld}", i == 0 ? "" : ",",
                  after[i].user_s - before[i].user_s, after[i].kernel_s - before[i].kernel_s,
                  static_cast<long long>(after[i].rss_bytes));
    }
    std::printf("],");
  }

  void Print(double seconds) {
    std::printf("\"requests\":%llu,\"errors\":%llu,\"chunks\":%llu,\"seconds\":%.3f,",
                static_cast<unsigned long long>(requests_),
                static_cast<unsigned long long>(errors_), static_cast<unsigned long long>(chunks_),
                seconds);
    PrintPercentiles("latency", &latency_);
    PrintPercentiles("chunk_latency", &chunk_latency_);
    PrintPercentiles("ttft", &ttft_);
    std::printf("\"rps\":%.1f,\"chunks_per_second\":%.1f}\n",
                static_cast<double>(requests_) / seconds, static_cast<double>(chunks_) / seconds);
  }

  const Options options_;
  const std::string request_;
  Epoll epoll_;
  std::int64_t count_from_ns_ = std::numeric_limits<std::int64_t>::max();  // Not yet.
  std::uint64_t requests_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t chunks_ = 0;
  std::vector<std::uint32_t> latency_;
  std::vector<std::uint32_t> chunk_latency_;
  std::vector<std::uint32_t> ttft_;
};

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  tollgate::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--port") options.port = static_cast<std::uint16_t>(std::atoi(value));
    if (name == "--connections") options.connections = std::atoi(value);
    if (name == "--seconds") options.seconds = std::atof(value);
    if (name == "--warmup") options.warmup = std::atof(value);
    if (name == "--body-bytes") options.body_bytes = static_cast<std::size_t>(std::atoll(value));
    if (name == "--path") options.path = value;
    if (name == "--model") options.model = value;
    if (name == "--key") options.key = value;
    if (name == "--header") options.headers += std::string(value) + "\r\n";
    if (name == "--watch") options.watch = value;
    if (name == "--stream") options.stream = std::atoi(value) != 0;
    if (name == "--idle") options.idle = std::atoi(value) != 0;
  }
  return tollgate::bench::Load(options).Run();
}
