// Which addresses the gateway may be sent to by those who use it: an image by URL must never be a
// way into the network that the gateway stands in.
#ifndef TOLLGATE_DATAPLANE_UPSTREAM_ADDRESS_GUARD_H_
#define TOLLGATE_DATAPLANE_UPSTREAM_ADDRESS_GUARD_H_

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <string>
#include <vector>

namespace tollgate::dataplane {

// Whether an address is one host of the public Internet: not private, shared, link-local, loopback,
// multicast, reserved or for documentation, and none that stands for another address (IPv4 within
// IPv6 in any form).
// Source: IANA's IPv4 and IPv6 Special-Purpose Address Registries.
bool IsGlobalUnicast(const boost::asio::ip::address& address);

// What a dialer asks before it connects.  A guarded dialer remembers nothing of a host, since its
// callers choose them.
struct DialGuard {
  // Whether an address may be connected to; all of a host's must be.  Empty: any.
  std::function<bool(const boost::asio::ip::address&)> admits;
  // In place of the system's resolver, for tests; empty: the system's.
  std::function<std::vector<boost::asio::ip::address>(const std::string& host)> resolve;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_UPSTREAM_ADDRESS_GUARD_H_
