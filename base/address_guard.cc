#include "base/address_guard.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tollgate {
namespace {

constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;

using Ipv6Prefix = std::array<std::uint8_t, kIpv6Bytes>;

struct Ipv4Block {
  std::uint32_t prefix;
  int bits;
};

// IANA's IPv4 special-purpose address registry, multicast and the reserved class E.
constexpr Ipv4Block kIpv4Special[] = {
    {0x00000000, 8},   // 0.0.0.0/8, this network
    {0x0a000000, 8},   // 10.0.0.0/8, private
    {0x64400000, 10},  // 100.64.0.0/10, shared
    {0x7f000000, 8},   // 127.0.0.0/8, loopback
    {0xa9fe0000, 16},  // 169.254.0.0/16, link-local
    {0xac100000, 12},  // 172.16.0.0/12, private
    {0xc0000000, 24},  // 192.0.0.0/24, protocol assignments
    {0xc0000200, 24},  // 192.0.2.0/24, documentation
    {0xc0586300, 24},  // 192.88.99.0/24, 6to4 relay
    {0xc0a80000, 16},  // 192.168.0.0/16, private
    {0xc6120000, 15},  // 198.18.0.0/15, benchmarking
    {0xc6336400, 24},  // 198.51.100.0/24, documentation
    {0xcb007100, 24},  // 203.0.113.0/24, documentation
    {0xe0000000, 4},   // 224.0.0.0/4, multicast
    {0xf0000000, 4},   // 240.0.0.0/4, reserved
};

struct Ipv6Block {
  Ipv6Prefix prefix;
  int bits;
};

// Within 2000::/3, outside of which nothing is global unicast.
constexpr Ipv6Block kIpv6Special[] = {
    {{0x20, 0x01, 0x00}, 23},        // 2001::/23, protocol assignments
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // 2001:db8::/32, documentation
    {{0x3f, 0xff, 0x00}, 20},        // 3fff::/20, documentation
};

constexpr Ipv6Block kMapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};  // ::ffff:0:0/96
constexpr Ipv6Block kNat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};                     // 64:ff9b::/96
constexpr Ipv6Block kSixToFour = {{0x20, 0x02}, 16};                             // 2002::/16

bool IsGlobalIpv4(std::span<const std::uint8_t> bytes) {
  std::uint32_t address = 0;
  for (const std::uint8_t byte : bytes) address = address << 8 | byte;
  return std::none_of(std::begin(kIpv4Special), std::end(kIpv4Special),
                      [address](const Ipv4Block& block) {
                        return (address ^ block.prefix) >> (32 - block.bits) == 0;
                      });
}

bool IsWithin(std::span<const std::uint8_t> bytes, const Ipv6Block& block) {
  for (int bit = 0; bit < block.bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> bit % 8;
    if (((bytes[at] ^ block.prefix[at]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

bool IsGlobalUnicast(std::span<const std::uint8_t> address) {
  if (address.size() == kIpv4Bytes) return IsGlobalIpv4(address);
  if (address.size() != kIpv6Bytes) return false;
  if (IsWithin(address, kMapped) || IsWithin(address, kNat64)) {
    return IsGlobalIpv4(address.last(kIpv4Bytes));
  }
  if (IsWithin(address, kSixToFour)) return IsGlobalIpv4(address.subspan(2, kIpv4Bytes));
  if (address[0] >> 5 != 1) return false;  // 2000::/3
  return std::none_of(std::begin(kIpv6Special), std::end(kIpv6Special),
                      [address](const Ipv6Block& block) { return IsWithin(address, block); });
}

}  // namespace tollgate
