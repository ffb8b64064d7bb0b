// A provider on loopback that does what a test tells it, request by request.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_SCRIPTED_UPSTREAM_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_SCRIPTED_UPSTREAM_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tollgate::dataplane {

// What is done with one request: pieces are sent one after another, each by a write of its own with
// a short pause before it, so that they arrive apart; then the connection is kept or closed.
struct UpstreamScript {
  std::vector<std::string> pieces = {};
  bool close = false;
  bool reset = false;  // Closes with a reset, after the pieces.
  int pause_ms = 2;    // Before each piece but the first.
  int delay_ms = 0;    // Before the first.
};

// One thread; connections are served one after another, kept ones until they are closed.
class ScriptedUpstream {
 public:
  ScriptedUpstream();
  ~ScriptedUpstream();

  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  int port() const { return port_; }

  // Adds to what will be done, in order.  Without a script a request gets the connection closed.
  void Expect(UpstreamScript script);

  // Every request so far, head and body.
  std::vector<std::string> requests() const;
  int connections() const { return connections_; }

 private:
  void Serve();
  void ServeConnection(int socket);
  bool ReadRequest(int socket, std::string& request);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;  // Guards the next ones.
  std::deque<UpstreamScript> scripts_;
  std::vector<std::string> requests_;
  std::vector<std::thread> threads_;
  std::vector<int> sockets_;
  std::thread thread_;
};

// A whole answer with a Content-Length.
std::string HttpAnswer(int status, std::string_view content_type, std::string_view body,
                       std::string_view extra_lines = "");
// The head of an event stream in chunks, and one chunk.
std::string StreamHead();
std::string Chunk(std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// A completion with the given usage, and events as a provider sends them.
std::string Completion(std::string_view content, int prompt_tokens, int completion_tokens);
std::string DeltaEvent(std::string_view content, std::string_view finish_reason = "");
std::string UsageEvent(int prompt_tokens, int completion_tokens);
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_SCRIPTED_UPSTREAM_H_
