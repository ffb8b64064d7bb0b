// Network addresses as text: "127.0.0.1:8080", "[::1]:0", "localhost:9000".
#ifndef TOLLGATE_BASE_HOST_PORT_H_
#define TOLLGATE_BASE_HOST_PORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate {

struct HostPort {
  std::string host;  // Without brackets.
  std::uint16_t port = 0;

  // "host:port", with brackets around an IPv6 host.
  std::string ToString() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// Reads "host:port".  The port is required, decimal, 0..65535; an IPv6 host needs brackets; a host
// is 1 to 253 letters, digits, '.', '-', '_' (or ':' within brackets).  InvalidArgument otherwise.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// Whether the host can only be reached from this machine: 127.0.0.0/8, ::1 or "localhost".
bool IsLoopbackHost(std::string_view host);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_HOST_PORT_H_
