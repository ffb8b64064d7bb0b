#include "dataplane/http/transport.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tollgate::dataplane {
namespace {

// Pieces per system call; more are written by further calls.
constexpr std::size_t kPiecesMax = 32;

}  // namespace

Transport::Transport(TcpSocket socket)
    : socket_(std::move(socket)),
      reactor_(asio::use_service<Reactor>(socket_.get_executor().context())) {}

Task<IoResult> Transport::ReadTls(asio::mutable_buffer buffer) {
  co_return co_await tls_->async_read_some(buffer, kUseTask);
}

Task<IoResult> Transport::WriteSome(BytesList pieces) {
  if (tls_ != nullptr) co_return co_await tls_->async_write_some(pieces, kUseTask);
  co_return co_await socket_.async_write_some(pieces, kUseTask);
}

void Transport::Configure() {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  AskForRest(socket_);
}

bool Transport::TryWrite(BytesList& pieces, error_code& error) {
  error = {};
  if (tls_) return false;
  Drop(pieces, 0);
  while (!pieces.empty()) {
    std::array<iovec, kPiecesMax> parts;
    std::size_t count = 0;
    std::size_t wanted = 0;
    for (const asio::const_buffer& piece : pieces.first(std::min(pieces.size(), kPiecesMax))) {
      parts[count++] = {const_cast<void*>(piece.data()), piece.size()};
      wanted += piece.size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
      error.assign(errno, boost::system::system_category());
      return true;
    }
    Drop(pieces, static_cast<std::size_t>(sent));
    if (static_cast<std::size_t>(sent) < wanted) return false;
  }
  return true;
}

void Transport::Drop(BytesList& pieces, std::size_t written) {
  while (!pieces.empty() && written >= pieces.front().size()) {
    written -= pieces.front().size();
    pieces = pieces.subspan(1);
  }
  if (written > 0) pieces.front() += written;
}

bool Transport::PeerClosed() {
  pollfd state{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Transport::IdleAndOpen() {
  char byte;
  const ssize_t got =
      ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
  if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
  // A TLS 1.3 peer may send session tickets at any time: they are read with the next answer.
  return got > 0 && tls_ != nullptr && !PeerClosed();
}

void Transport::Close() {
  error_code ignored;
  socket_.close(ignored);
}

void Transport::ShutdownSend() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace tollgate::dataplane
