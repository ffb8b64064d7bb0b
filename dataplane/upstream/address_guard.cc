#include "dataplane/upstream/address_guard.h"

#include <cstdint>

namespace tollgate::dataplane {
namespace {

namespace ip = boost::asio::ip;

struct Block4 {
  std::uint32_t prefix;
  int bits;
};
constexpr std::uint32_t V4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}
constexpr Block4 kSpecial4[] = {
    {V4(0, 0, 0, 0), 8},        // This network.
    {V4(10, 0, 0, 0), 8},       // Private.
    {V4(100, 64, 0, 0), 10},    // Shared between providers and their customers.
    {V4(127, 0, 0, 0), 8},      // Loopback.
    {V4(169, 254, 0, 0), 16},   // Link-local; where clouds keep their metadata.
    {V4(172, 16, 0, 0), 12},    // Private.
    {V4(192, 0, 0, 0), 24},     // IETF protocols.
    {V4(192, 0, 2, 0), 24},     // Documentation.
    {V4(192, 88, 99, 0), 24},   // 6to4 relays.
    {V4(192, 168, 0, 0), 16},   // Private.
    {V4(198, 18, 0, 0), 15},    // Benchmarks.
    {V4(198, 51, 100, 0), 24},  // Documentation.
    {V4(203, 0, 113, 0), 24},   // Documentation.
    {V4(224, 0, 0, 0), 4},      // Multicast.
    {V4(240, 0, 0, 0), 4},      // Reserved, and the broadcast.
};

bool IsGlobal4(std::uint32_t address) {
  for (const Block4& block : kSpecial4) {
    if (address >> (32 - block.bits) == block.prefix >> (32 - block.bits)) return false;
  }
  return true;
}

bool IsGlobal6(const ip::address_v6::bytes_type& bytes) {
  const std::uint32_t head = static_cast<std::uint32_t>(bytes[0]) << 24 |
                             static_cast<std::uint32_t>(bytes[1]) << 16 |
                             static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
  if (head >> 29 != 1) return false;                // Global unicast is 2000::/3.
  if (head >> 9 == 0x20010000u >> 9) return false;  // 2001::/23: protocols, Teredo among them.
  if (head == 0x20010db8u) return false;            // Documentation.
  if (head >> 16 == 0x2002u) return false;          // 6to4: an IPv4 address in disguise.
  if (head >> 12 == 0x3fff0u) return false;         // Documentation.
  return true;
}

}  // namespace

bool IsGlobalUnicast(const ip::address& address) {
  // Also what is written as IPv6 but is IPv4 (::ffff:10.0.0.1) has no place within 2000::/3.
  return address.is_v4() ? IsGlobal4(address.to_v4().to_uint())
                         : IsGlobal6(address.to_v6().to_bytes());
}

}  // namespace tollgate::dataplane
