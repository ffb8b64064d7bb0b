// The HTTP/1.1 server of the demo provider: a few threads, one event loop each, replies as data.
//
// Made for load: it answers tens of thousands of requests per second, and a reply that waits (a
// slow token, a hanging answer) occupies no thread.  Keep-alive; plain or TLS.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_LISTENER_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_LISTENER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/tls_files.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate {

// A request, valid during the call that gets it.
struct ProviderRequest {
  std::string_view method;
  std::string_view target;         // Path and query, as sent.
  std::string_view authorization;  // The header; empty when missing.
  std::string_view body;
  // All headers as sent, in order.
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};

  // The first header of this name, whatever its case; empty when missing.
  std::string_view Header(std::string_view name) const;
};

// Called from any of the listener's threads; must not block.
using ReplyFunction = std::function<Reply(const ProviderRequest&)>;

struct ProviderListenerOptions {
  std::string address = "127.0.0.1:0";  // Port 0 = any free one.
  bool allow_remote = false;            // An address off loopback is refused without it.
  int threads = 2;                      // >= 1.
  TlsFiles tls;                         // Certificate and key for https; empty for http.
};

// Thread-safe.
class ProviderListener {
 public:
  // Binds, listens and serves until Stop() or destruction.  InvalidArgument for the address or the
  // TLS files, Unavailable when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<ProviderListener>> Start(
      const ProviderListenerOptions& options, ReplyFunction answer);
  ~ProviderListener();

  int port() const;
  // "http://127.0.0.1:41234", without a final slash.
  std::string url() const;

  // Ends every connection and waits for the threads.  Idempotent.
  void Stop();

 private:
  class Impl;
  explicit ProviderListener(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_LISTENER_H_
