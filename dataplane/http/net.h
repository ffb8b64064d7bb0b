// The socket and coroutine types of the data plane: Asio with a fixed executor and error codes
// only.
#ifndef TOLLGATE_DATAPLANE_HTTP_NET_H_
#define TOLLGATE_DATAPLANE_HTTP_NET_H_

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace tollgate::dataplane {

namespace asio = boost::asio;
using boost::system::error_code;

// io_context's own executor: no type erasure at each operation.
using IoExecutor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, IoExecutor>;
template <typename T>
using Task = asio::awaitable<T, IoExecutor>;
// Completion token: `auto [error, bytes] = co_await stream.async_read_some(buffer, kUseTask)`.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<IoExecutor>> kUseTask{};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_NET_H_
