#include "billing/alert/webhook_client.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdint>
#include <span>

#include "absl/strings/str_cat.h"
#include "base/address_guard.h"
#include "base/clock.h"
#include "base/host_port.h"
#include "base/status_macros.h"

namespace tollgate::billing {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kHttp11 = 11;

struct Target {
  bool tls = true;
  HostPort address;
  std::string authority;  // As written: the Host header.
  std::string path;
};

absl::StatusOr<Target> ParseUrl(const std::string& url) {
  Target target;
  std::string rest;
  if (url.starts_with("https://")) {
    rest = url.substr(8);
  } else if (url.starts_with("http://")) {
    rest = url.substr(7);
    target.tls = false;
  } else {
    return absl::InvalidArgumentError("the URL does not begin with https://");
  }
  const std::size_t slash = rest.find('/');
  target.authority = rest.substr(0, slash);
  target.path = slash == std::string::npos ? "/" : rest.substr(slash);
  const std::size_t bracket = target.authority.rfind(']');
  const std::size_t colon = target.authority.rfind(':');
  const bool has_port =
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  TG_ASSIGN_OR_RETURN(
      target.address,
      ParseHostPort(has_port ? target.authority
                             : absl::StrCat(target.authority, target.tls ? ":443" : ":80")));
  return target;
}

bool IsPublic(const asio::ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return IsGlobalUnicast(std::span<const std::uint8_t>(bytes.data(), bytes.size()));
  }
  const auto bytes = address.to_v6().to_bytes();
  return IsGlobalUnicast(std::span<const std::uint8_t>(bytes.data(), bytes.size()));
}

}  // namespace

struct WebhookClient::Tls {
  asio::ssl::context context{asio::ssl::context::tls_client};
  // Whether the system's certificates are read: they take some thirty milliseconds and a few
  // megabytes, which a program without webhooks does without.
  bool has_system = false;
};

// One call: its operations run one after another, all within one time.
class WebhookCall {
 public:
  WebhookCall(asio::ssl::context& tls, const WebhookClientOptions& options)
      : options_(options), end_(RealClock().Monotonic() + options.timeout), stream_(loop_, tls) {}

  absl::Status Run(const Target& target, http::request<http::string_body>& request) {
    TG_RETURN_IF_ERROR(Connect(target));
    return target.tls ? Exchange(stream_, request) : Exchange(stream_.next_layer(), request);
  }

 private:
  boost::beast::tcp_stream& tcp() { return stream_.next_layer(); }

  // Runs what was begun to its end, or gives it up with the time.
  absl::Status Wait(const char* what) {
    loop_.restart();
    const absl::Duration left = end_ - RealClock().Monotonic();
    loop_.run_for(absl::ToChronoNanoseconds(std::max(left, absl::ZeroDuration())));
    if (!done_) {
      tcp().close();
      loop_.restart();
      loop_.run();  // The handlers of what was given up.
      return absl::UnavailableError(absl::StrCat(what, ": no answer in time"));
    }
    done_ = false;
    if (error_) return absl::UnavailableError(absl::StrCat(what, ": ", error_.message()));
    return absl::OkStatus();
  }
  auto Note() {
    return [this](Error error, auto&&...) {
      error_ = error;
      done_ = true;
    };
  }

  absl::StatusOr<std::vector<Tcp::endpoint>> Resolve(const Target& target) {
    Tcp::resolver resolver(loop_);
    std::vector<Tcp::endpoint> endpoints;
    bool refused = false;
    resolver.async_resolve(
        target.address.host, std::to_string(target.address.port),
        [&](Error error, const Tcp::resolver::results_type& results) {
          for (const auto& result : results) {
            if (options_.allow_private || IsPublic(result.endpoint().address())) {
              endpoints.push_back(result.endpoint());
            } else {
              refused = true;
            }
          }
          error_ = error;
          done_ = true;
        });
    TG_RETURN_IF_ERROR(Wait("resolving the webhook's name"));
    if (endpoints.empty() && refused) {
      return absl::PermissionDeniedError("the webhook's address is not on the public internet");
    }
    return endpoints;
  }

  absl::Status Connect(const Target& target) {
    TG_ASSIGN_OR_RETURN(const std::vector<Tcp::endpoint> endpoints, Resolve(target));
    absl::Status status = absl::UnavailableError("the webhook's name has no address");
    for (const Tcp::endpoint& endpoint : endpoints) {
      tcp().async_connect(endpoint, Note());
      status = Wait("connecting to the webhook");
      if (status.ok()) break;
    }
    TG_RETURN_IF_ERROR(status);
    if (!target.tls) return absl::OkStatus();
    const std::string& host = target.address.host;
    if (SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str()) != 1) {
      return absl::InvalidArgumentError("the webhook's name cannot be asked for");
    }
    stream_.set_verify_mode(asio::ssl::verify_peer);
    stream_.set_verify_callback(asio::ssl::host_name_verification(host));
    stream_.async_handshake(asio::ssl::stream_base::client, Note());
    return Wait("the webhook's TLS");
  }

  template <typename Stream>
  absl::Status Exchange(Stream& stream, http::request<http::string_body>& request) {
    http::async_write(stream, request, Note());
    TG_RETURN_IF_ERROR(Wait("sending to the webhook"));
    // The head is all that counts: an endless body is nobody's business.
    boost::beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    http::async_read_header(stream, buffer, parser, Note());
    TG_RETURN_IF_ERROR(Wait("the webhook's answer"));
    const unsigned status = parser.get().result_int();
    if (status >= 200 && status < 300) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("the webhook answered with status ", status));
  }

  const WebhookClientOptions& options_;
  const MonotonicTime end_;
  asio::io_context loop_;
  asio::ssl::stream<boost::beast::tcp_stream> stream_;
  Error error_;
  bool done_ = false;
};

absl::StatusOr<std::unique_ptr<WebhookClient>> WebhookClient::Create(WebhookClientOptions options) {
  auto tls = std::make_unique<Tls>();
  Error error;
  if (!options.ca_file.empty()) tls->context.load_verify_file(options.ca_file, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("the certificates for webhooks cannot be read: ", error.message()));
  }
  SSL_CTX_set_min_proto_version(tls->context.native_handle(), TLS1_2_VERSION);
  return std::unique_ptr<WebhookClient>(new WebhookClient(std::move(options), std::move(tls)));
}

WebhookClient::WebhookClient(WebhookClientOptions options, std::unique_ptr<Tls> tls)
    : options_(std::move(options)), tls_(std::move(tls)) {}

WebhookClient::~WebhookClient() = default;

absl::Status WebhookClient::Post(const std::string& url,
                                 const std::vector<std::pair<std::string, std::string>>& headers,
                                 const std::string& body) {
  TG_ASSIGN_OR_RETURN(const Target target, ParseUrl(url));
  if (!target.tls && !options_.allow_private) {
    return absl::InvalidArgumentError("the URL does not begin with https://");
  }
  http::request<http::string_body> request(http::verb::post, target.path, kHttp11);
  request.set(http::field::host, target.authority);
  request.set(http::field::content_type, "application/json");
  request.set(http::field::user_agent, "tollgate");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  if (target.tls && !tls_->has_system) {
    Error error;
    tls_->context.set_default_verify_paths(error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("the system's certificates cannot be read: ", error.message()));
    }
    tls_->has_system = true;
  }
  WebhookCall call(tls_->context, options_);
  return call.Run(target, request);
}

}  // namespace tollgate::billing
