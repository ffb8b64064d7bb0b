// A byte stream to a peer: plain TCP or TLS over it.  Used for clients and for providers alike.
#ifndef TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_
#define TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_

#include <sys/uio.h>

#include <boost/asio/ssl/stream.hpp>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "dataplane/http/net.h"
#include "dataplane/http/read_some.h"

namespace tollgate::dataplane {

using TlsStream = asio::ssl::stream<TcpSocket&>;

// What a write sends: pieces that stay valid until it is complete.
using BytesList = std::span<asio::const_buffer>;

// An error, or how many bytes were read or written.
using IoResult = std::tuple<error_code, std::size_t>;

// One thread; at most one read and one write at a time.
class Transport {
 public:
  class Read;

  // Takes a socket over, connected or to be connected.
  explicit Transport(TcpSocket socket);

  // No delay for small writes, and system calls that do not block.
  void Configure();

  // Begins to speak TLS; the caller runs the handshake on tls().
  void StartTls(asio::ssl::context& context) {
    tls_ = std::make_unique<TlsStream>(socket_, context);
  }

  bool encrypted() const { return tls_ != nullptr; }
  TcpSocket& socket() { return socket_; }
  TlsStream& tls() { return *tls_; }

  // Reads at least one byte: `auto [error, bytes] = co_await transport.ReadSome(buffer)`.
  Read ReadSome(asio::mutable_buffer buffer);

  // Writes `pieces`, at once and as far as the socket takes it (one system call as a rule).  True
  // when it is done, well or not: then `error` says.  False when the rest, to which `pieces` is
  // narrowed, is left for WriteSome().  Always false for TLS, whose records are written by
  // WriteSome().
  bool TryWrite(BytesList& pieces, error_code& error);

  // Waits until the peer takes something, and writes it.
  Task<IoResult> WriteSome(BytesList pieces);

  // Drops `written` bytes, and empty pieces, from the front of `pieces`.
  static void Drop(BytesList& pieces, std::size_t written);

  // Whether the peer has closed its side, or the connection is broken.  Asks the socket without
  // waiting; data that is still to be read does not hide it.
  bool PeerClosed();

  // Whether an idle connection can be used again: nothing came, not even an end.
  bool IdleAndOpen();

  // Ends the connection at once, without a farewell; what waits for it fails.
  void Close();

  // Ends it in order: announces the end, and leaves unread bytes to the caller.
  void ShutdownSend();

 private:
  Task<IoResult> ReadTls(asio::mutable_buffer buffer);

  TcpSocket socket_;
  Reactor& reactor_;
  std::unique_ptr<TlsStream> tls_;
};

// A read that can be awaited.
class Transport::Read {
 public:
  Read(Transport& transport, asio::mutable_buffer buffer)
      : transport_(transport),
        buffer_(buffer),
        plain_(transport.reactor_, transport.socket_, buffer) {}
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    if (transport_.tls_ != nullptr) {
      encrypted_.emplace(transport_.ReadTls(buffer_));
      return encrypted_->await_suspend(waiter);
    }
    plain_.Begin(waiter, waiter.promise().root);
    return true;
  }
  IoResult await_resume() {
    return encrypted_.has_value() ? encrypted_->await_resume() : plain_.result();
  }

 private:
  Transport& transport_;
  asio::mutable_buffer buffer_;
  PlainRead plain_;
  std::optional<Task<IoResult>> encrypted_;
};

inline Transport::Read Transport::ReadSome(asio::mutable_buffer buffer) {
  return Read(*this, buffer);
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_
