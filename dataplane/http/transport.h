// A byte stream to a peer: plain TCP or TLS over it.  Used for clients and for providers alike.
#ifndef TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_
#define TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_

#include <sys/uio.h>

#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "dataplane/http/net.h"

namespace tollgate::dataplane {

using TlsStream = asio::ssl::stream<TcpSocket&>;

// What a write sends: pieces that stay valid until it is complete.
using BytesList = std::span<asio::const_buffer>;

// One thread; at most one read and one write at a time.
class Transport {
 public:
  // Takes a connected socket over.
  explicit Transport(TcpSocket socket) : socket_(std::move(socket)) {}

  // No delay for small writes, and system calls that do not block.
  void Configure();

  // Begins to speak TLS; the caller runs the handshake on tls().
  void StartTls(asio::ssl::context& context) {
    tls_ = std::make_unique<TlsStream>(socket_, context);
  }

  bool encrypted() const { return tls_ != nullptr; }
  TcpSocket& socket() { return socket_; }
  TlsStream& tls() { return *tls_; }

  // Reads at least one byte.
  Task<std::tuple<error_code, std::size_t>> ReadSome(asio::mutable_buffer buffer) {
    return tls_ ? tls_->async_read_some(buffer, kUseTask)
                : socket_.async_read_some(buffer, kUseTask);
  }

  // Writes `pieces`, at once and as far as the socket takes it (one system call as a rule).  True
  // when it is done, well or not: then `error` says.  False when the rest, to which `pieces` is
  // narrowed, is left for WriteSome().  Always false for TLS, whose records are written by
  // WriteSome().
  bool TryWrite(BytesList& pieces, error_code& error);

  // Waits until the peer takes something, and writes it.
  Task<std::tuple<error_code, std::size_t>> WriteSome(BytesList pieces) {
    return tls_ ? tls_->async_write_some(pieces, kUseTask)
                : socket_.async_write_some(pieces, kUseTask);
  }

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
  TcpSocket socket_;
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_TRANSPORT_H_
