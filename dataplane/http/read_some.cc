#include "dataplane/http/read_some.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace tollgate::dataplane {
namespace {

// Reaches what a socket keeps protected.
struct Internals : TcpSocket {
  static Reactor::per_descriptor_data& ReactorData(TcpSocket& socket) {
    return (socket.*&Internals::impl_).get_implementation().reactor_data_;
  }
};

// Whether the kernel says that nothing is left to read, not even the peer's end.
bool NothingLeft(const msghdr& message) {
  for (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(part))) {
    if (part->cmsg_level != SOL_TCP || part->cmsg_type != TCP_CM_INQ) continue;
    int left = 0;
    std::memcpy(&left, CMSG_DATA(part), sizeof(left));
    return left == 0;
  }
  return false;
}

}  // namespace

void AskForRest(TcpSocket& socket) {
  const int on = 1;
  ::setsockopt(socket.native_handle(), SOL_TCP, TCP_INQ, &on, sizeof(on));
}

void PlainRead::Begin(std::coroutine_handle<> waiter, std::coroutine_handle<> root) {
  waiter_ = waiter;
  root_ = root;
  if (!socket_.is_open()) {  // The reactor has forgotten it.
    ec_ = asio::error::bad_descriptor;
    reactor_.post_immediate_completion(this, false);
    return;
  }
  reactor_.start_op(Reactor::read_op, fd_, Internals::ReactorData(socket_), this,
                    /*is_continuation=*/false, /*allow_speculative=*/true);
}

asio::detail::reactor_op::status PlainRead::Perform(reactor_op* base) {
  auto& read = *static_cast<PlainRead*>(base);
  iovec place{read.buffer_.data(), read.buffer_.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got = 0;
  do {
    got = ::recvmsg(read.fd_, &message, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return not_done;
    read.ec_.assign(errno, boost::system::system_category());
    return done;
  }
  read.ec_ = got == 0 ? error_code(asio::error::eof) : error_code();
  read.bytes_transferred_ = static_cast<std::size_t>(got);
  // After an exhausting read Asio waits for the reactor before it tries again.
  return got == 0 || NothingLeft(message) ? done_and_exhausted : done;
}

void PlainRead::Complete(void* owner, asio::detail::scheduler_operation* base, const error_code&,
                         std::size_t) {
  auto& read = *static_cast<PlainRead*>(base);
  if (owner == nullptr) {  // The io_context goes.
    read.root_.destroy();
  } else {
    task_internal::Resume(read.waiter_);
  }
}

}  // namespace tollgate::dataplane
