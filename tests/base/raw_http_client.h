// A blocking TCP client that sends bytes as they are and shows what came back.
#ifndef TOLLGATE_TESTS_BASE_RAW_HTTP_CLIENT_H_
#define TOLLGATE_TESTS_BASE_RAW_HTTP_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace tollgate {

class RawHttpClient {
 public:
  explicit RawHttpClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A test that waits for bytes which never come fails instead of hanging.
    const timeval timeout{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawHttpClient() { Close(); }
  RawHttpClient(const RawHttpClient&) = delete;
  RawHttpClient& operator=(const RawHttpClient&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // The peer is gone; what it said first is still to be read.
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Reads until the text read so far ends with, or contains, `end`; or until the end of stream.
  std::string ReadUntil(std::string_view end) {
    std::string text;
    while (text.find(end) == std::string::npos && ReadSome(text)) {
    }
    return text;
  }

  // Reads to the end of stream.
  std::string ReadAll() {
    std::string text;
    while (ReadSome(text)) {
    }
    return text;
  }

  // Whether the last read ended by a reset.
  bool was_reset() const { return was_reset_; }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  bool ReadSome(std::string& text) {
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    was_reset_ = got < 0 && errno == ECONNRESET;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  int fd_;
  bool was_reset_ = false;
};

}  // namespace tollgate

#endif  // TOLLGATE_TESTS_BASE_RAW_HTTP_CLIENT_H_
