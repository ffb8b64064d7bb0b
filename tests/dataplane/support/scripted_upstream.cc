#include "tests/dataplane/support/scripted_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

ScriptedUpstream::ScriptedUpstream() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  CHECK_EQ(::listen(listener_, 128), 0);
  socklen_t size = sizeof(address);
  CHECK_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

ScriptedUpstream::~ScriptedUpstream() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  for (const int socket : sockets_) ::close(socket);
}

void ScriptedUpstream::Expect(UpstreamScript script) {
  std::lock_guard lock(mutex_);
  scripts_.push_back(std::move(script));
}

std::vector<std::string> ScriptedUpstream::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedUpstream::Serve() {
  while (!stopping_) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ++connections_;
    std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { ServeConnection(socket); });
  }
}

bool ScriptedUpstream::ReadRequest(int socket, std::string& request) {
  request.clear();
  std::size_t wanted = std::string::npos;
  char bytes[65536];
  while (request.size() < wanted) {
    const ssize_t got = ::recv(socket, bytes, sizeof(bytes), 0);
    if (got <= 0) return false;
    request.append(bytes, static_cast<std::size_t>(got));
    const std::size_t end = request.find("\r\n\r\n");
    if (wanted != std::string::npos || end == std::string::npos) continue;
    const std::size_t length_at = request.find("content-length: ");
    wanted = end + 4;
    if (length_at < end) {
      wanted += static_cast<std::size_t>(std::atoi(request.c_str() + length_at + 16));
    }
    CHECK(length_at < end || request.starts_with("GET "));
  }
  CHECK_EQ(request.size(), wanted) << "more than one request was sent";
  return true;
}

void ScriptedUpstream::ServeConnection(int socket) {
  std::string request;
  while (ReadRequest(socket, request)) {
    UpstreamScript script;
    script.close = true;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!scripts_.empty()) {
        script = std::move(scripts_.front());
        scripts_.pop_front();
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(script.delay_ms));
    bool alive = true;
    for (std::size_t i = 0; i < script.pieces.size() && alive; ++i) {
      if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(script.pause_ms));
      alive = SendAll(socket, script.pieces[i]);
    }
    if (script.reset) {
      const linger now{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    if (!alive || script.close || script.reset) break;
  }
  // The number stays taken until the end; what it stood for is gone for the peer.
  ::shutdown(socket, SHUT_RDWR);
}

std::string HttpAnswer(int status, std::string_view content_type, std::string_view body,
                       std::string_view extra_lines) {
  return absl::StrCat("HTTP/1.1 ", status, " X\r\ncontent-type: ", AbslView(content_type),
                      "\r\ncontent-length: ", body.size(), "\r\n", AbslView(extra_lines), "\r\n",
                      AbslView(body));
}

std::string StreamHead() {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
}

std::string Chunk(std::string_view data) {
  return absl::StrCat(absl::Hex(data.size()), "\r\n", AbslView(data), "\r\n");
}

std::string Completion(std::string_view content, int prompt_tokens, int completion_tokens) {
  return absl::StrCat(R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m",)"
                      R"("choices":[{"index":0,)"
                      R"("message":{"role":"assistant","content":")",
                      AbslView(content), R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":)",
                      prompt_tokens, R"(,"completion_tokens":)", completion_tokens,
                      R"(,"total_tokens":)", prompt_tokens + completion_tokens, "}}");
}

std::string DeltaEvent(std::string_view content, std::string_view finish_reason) {
  return absl::StrCat(
      R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk",)"
      R"("choices":[{"index":0,"delta":{"content":")",
      AbslView(content), R"("},"finish_reason":)",
      finish_reason.empty() ? "null" : absl::StrCat("\"", AbslView(finish_reason), "\""),
      R"(}],"usage":null})", "\n\n");
}

std::string UsageEvent(int prompt_tokens, int completion_tokens) {
  return absl::StrCat(R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[],)"
                      R"("usage":{"prompt_tokens":)",
                      prompt_tokens, R"(,"completion_tokens":)", completion_tokens, "}}\n\n");
}

}  // namespace tollgate::dataplane
