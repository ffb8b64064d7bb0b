// Opens connections to providers: the one place from which the data plane connects anywhere.
#ifndef TOLLGATE_DATAPLANE_UPSTREAM_DIALER_H_
#define TOLLGATE_DATAPLANE_UPSTREAM_DIALER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "dataplane/upstream/address_guard.h"
#include "dataplane/upstream/connection.h"
#include "dataplane/upstream/trusted_roots.h"

namespace tollgate::dataplane {

// Why there is no connection.
enum class DialError {
  kNone,
  kResolve,
  kForbidden,  // The guard admits not all of its addresses.
  kConnect,
  kTls,
  kTimeout,
};

struct DialResult {
  std::unique_ptr<UpstreamConnection> connection;  // Null unless kNone.
  DialError error = DialError::kNone;
};

// One per worker.  Resolves (answers are kept for 30 s), connects to one address after another, and
// for https verifies the certificate against the host's name and resumes sessions.
class Dialer {
 public:
  // All must outlive this.  With a guard that admits not all, only what it admits is connected to,
  // each address looked at after the name was resolved.
  Dialer(asio::io_context& context, TimerWheel& wheel, const TrustedRoots& roots,
         DialGuard guard = {});
  ~Dialer();

  // Connects within `timeout`, TLS handshake included.
  Task<DialResult> Dial(const Origin& origin, absl::Duration timeout, std::int64_t now_ms);

 private:
  struct Sessions;
  struct Addresses {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    std::int64_t until_ms = 0;
  };
  class Deadline;

  asio::ssl::context& Tls();
  Task<DialError> Resolve(const Origin& origin, Deadline& deadline, std::int64_t now_ms,
                          std::vector<asio::ip::tcp::endpoint>& endpoints);
  bool Admits(const std::vector<asio::ip::tcp::endpoint>& endpoints) const;
  bool PrepareTls(Transport& transport, const Origin& origin);

  asio::io_context& context_;
  TimerWheel& wheel_;
  const TrustedRoots& roots_;
  const DialGuard guard_;
  std::unique_ptr<asio::ssl::context> tls_;  // Made when it is first needed.
  std::unique_ptr<Sessions> sessions_;
  absl::flat_hash_map<std::string, Addresses> addresses_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_UPSTREAM_DIALER_H_
