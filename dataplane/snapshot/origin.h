// Where a provider's API is: a base URL taken apart, strictly.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_ORIGIN_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_ORIGIN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate::dataplane {

struct Origin {
  bool tls = false;
  std::string host;  // Lower case; an IPv6 address without brackets.
  std::uint16_t port = 0;
  std::string path_prefix;  // "" or "/v1": begins with a slash, does not end with one.

  // The Host header: the port is left out when it is the scheme's own.
  std::string HostHeader() const;
  void AppendHostHeader(std::string& out) const;

  friend bool operator==(const Origin&, const Origin&) = default;
};

// Reads "http[s]://host[:port][/prefix]".  InvalidArgument for anything else: user information, a
// query, a fragment, a backslash, a percent sign, blanks, control characters, an empty host or a
// "." or ".." segment.
absl::StatusOr<Origin> ParseOrigin(std::string_view base_url);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_ORIGIN_H_
