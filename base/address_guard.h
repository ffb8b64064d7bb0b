// Which addresses a URL that somebody else chose may lead to.
//
// A server that connects wherever it is told can be told to connect to its own neighbours: the
// metadata service of a cloud, a database without a password (SSRF).  What a name resolves to is
// checked, not the name, and the connection goes to the address that was checked.
#ifndef TOLLGATE_BASE_ADDRESS_GUARD_H_
#define TOLLGATE_BASE_ADDRESS_GUARD_H_

#include <cstdint>
#include <span>

namespace tollgate {

// Whether an address in network order (4 bytes of IPv4 or 16 of IPv6) is of one host on the public
// internet: none of the special purposes of RFC 6890 and its registries (private, shared, loopback,
// link-local, multicast, documentation, benchmarking, reserved, …).  An IPv6 address that stands
// for an IPv4 one (mapped, NAT64, 6to4) is judged as that.  False for another length.
bool IsGlobalUnicast(std::span<const std::uint8_t> address);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_ADDRESS_GUARD_H_
