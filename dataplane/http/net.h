// The socket types of the data plane: Asio with a fixed executor and error codes only; coroutines
// are those of task.h.
#ifndef TOLLGATE_DATAPLANE_HTTP_NET_H_
#define TOLLGATE_DATAPLANE_HTTP_NET_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "dataplane/http/task.h"

namespace tollgate::dataplane {

namespace asio = boost::asio;
using boost::system::error_code;

// io_context's own executor: no type erasure at each operation.
using IoExecutor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, IoExecutor>;

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_NET_H_
