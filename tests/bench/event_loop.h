// What the benchmark's upstream and load generator share: an epoll loop, sockets, pinned clocks.
//
// They are written on bare epoll, apart from the product's code, so that the measuring side costs
// as little as possible and shares no bug with what is measured.  Single-threaded.
#ifndef TOLLGATE_TESTS_BENCH_EVENT_LOOP_H_
#define TOLLGATE_TESTS_BENCH_EVENT_LOOP_H_

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace tollgate::bench {

// CLOCK_MONOTONIC in nanoseconds: the same clock in all processes of this machine, so that a chunk
// can carry the time at which it was sent.
inline std::int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

[[noreturn]] inline void Fail(const std::string& what) {
  std::perror(what.c_str());
  std::exit(1);
}

inline void SetNonBlockingNoDelay(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// A thin epoll: `data` is whatever the owner wants back.
class Epoll {
 public:
  Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) Fail("epoll_create1");
  }
  ~Epoll() { close(fd_); }
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void Add(int fd, std::uint32_t events, void* data) { Control(EPOLL_CTL_ADD, fd, events, data); }
  void Modify(int fd, std::uint32_t events, void* data) {
    Control(EPOLL_CTL_MOD, fd, events, data);
  }

  // Calls `handle(events, data)` for each ready descriptor; waits at most `timeout_ms` (-1: ever).
  template <typename Handle>
  void Wait(int timeout_ms, Handle&& handle) {
    const int ready = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    for (int i = 0; i < ready; ++i) handle(events_[i].events, events_[i].data.ptr);
  }

 private:
  void Control(int operation, int fd, std::uint32_t events, void* data) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    if (epoll_ctl(fd_, operation, fd, &event) != 0) Fail("epoll_ctl");
  }

  int fd_;
  std::array<epoll_event, 512> events_{};
};

// Listens on 127.0.0.1; port 0 lets the system choose.  Returns the descriptor, sets `port`.
// Several processes may listen on one port and share what comes (SO_REUSEPORT).
inline int Listen(std::uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(*port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Fail("bind");
  if (listen(fd, 4096) != 0) Fail("listen");
  socklen_t length = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  *port = ntohs(address.sin_port);
  return fd;
}

// Connects to 127.0.0.1:`port`, blocking until it is established.
inline int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Fail("connect");
  SetNonBlockingNoDelay(fd);
  return fd;
}

}  // namespace tollgate::bench

#endif  // TOLLGATE_TESTS_BENCH_EVENT_LOOP_H_
