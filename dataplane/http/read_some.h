// One read of a plain socket, as an operation of Asio's reactor that lives in the coroutine which
// waits for it: no handler is made, and no system call that finds nothing.
//
// Asio's own read tries the socket first, whatever it knows of it, and nearly always in vain: an
// answer is not there yet when its request was just sent.  This one asks the kernel with each read
// whether more is left (TCP_INQ, which counts a peer's end as more), and when nothing is, the next
// read waits for the reactor at once.
//
// It stands on parts of Boost 1.81 that are not documented: reactor_op, and where a socket keeps
// the reactor's data.
#ifndef TOLLGATE_DATAPLANE_HTTP_READ_SOME_H_
#define TOLLGATE_DATAPLANE_HTTP_READ_SOME_H_

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <coroutine>
#include <cstddef>
#include <tuple>

#include "dataplane/http/net.h"

namespace tollgate::dataplane {

using Reactor = asio::detail::epoll_reactor;

// Makes the kernel say with each read what is left; reads work without it, too.
void AskForRest(TcpSocket& socket);

class PlainRead : public asio::detail::reactor_op {
 public:
  // `socket` is connected and does not block; both live until the read is over.
  PlainRead(Reactor& reactor, TcpSocket& socket, asio::mutable_buffer buffer)
      : reactor_op(error_code(), &Perform, &Complete),
        reactor_(reactor),
        socket_(socket),
        fd_(socket.native_handle()),
        buffer_(buffer) {}
  PlainRead(const PlainRead&) = delete;
  PlainRead& operator=(const PlainRead&) = delete;

  void Begin(std::coroutine_handle<> waiter, std::coroutine_handle<> root);
  std::tuple<error_code, std::size_t> result() const { return {ec_, bytes_transferred_}; }

 private:
  static status Perform(reactor_op* base);
  static void Complete(void* owner, asio::detail::scheduler_operation* base, const error_code&,
                       std::size_t);

  Reactor& reactor_;
  TcpSocket& socket_;
  const int fd_;
  asio::mutable_buffer buffer_;
  std::coroutine_handle<> waiter_;
  std::coroutine_handle<> root_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_READ_SOME_H_
