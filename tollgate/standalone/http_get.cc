#include "tollgate/standalone/http_get.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/host_port.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Error = boost::system::error_code;

constexpr std::chrono::seconds kTimeout(1);
constexpr int kHttp11 = 11;

// Runs the one operation that is pending on the stream, whose own timeout ends it.
void RunOne(asio::io_context& loop) {
  loop.restart();
  loop.run();
}

absl::Status Failed(const std::string& url, const Error& error) {
  return absl::UnavailableError(absl::StrCat("GET ", url, ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::string> HttpGet(
    const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers) {
  constexpr std::string_view kScheme = "http://";
  const std::size_t path = url.find('/', kScheme.size());
  if (url.substr(0, kScheme.size()) != kScheme || path == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("'", url, "' is not http://host:port/path"));
  }
  const std::string authority = url.substr(kScheme.size(), path - kScheme.size());
  TG_ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(authority));
  Error error;
  const auto ip = asio::ip::make_address(address.host, error);
  if (error) return Failed(url, error);

  asio::io_context loop;
  boost::beast::tcp_stream stream(loop);
  const auto done = [&error](Error result, std::size_t) { error = result; };
  stream.expires_after(kTimeout);
  stream.async_connect(asio::ip::tcp::endpoint(ip, address.port),
                       [&error](Error result) { error = result; });
  RunOne(loop);
  if (error) return Failed(url, error);

  http::request<http::empty_body> request(http::verb::get, url.substr(path), kHttp11);
  request.set(http::field::host, authority);
  for (const auto& [name, value] : headers) request.set(name, value);
  http::async_write(stream, request, done);
  RunOne(loop);
  if (error) return Failed(url, error);

  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::async_read(stream, buffer, response, done);
  RunOne(loop);
  if (error) return Failed(url, error);
  if (response.result() != http::status::ok) {
    return absl::UnavailableError(absl::StrCat("GET ", url, ": status ", response.result_int()));
  }
  return response.body();
}

}  // namespace tollgate
