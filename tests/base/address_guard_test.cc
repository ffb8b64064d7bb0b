#include "base/address_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tollgate {
namespace {

bool Global(const std::string& text) {
  const bool v6 = text.find(':') != std::string::npos;
  std::vector<std::uint8_t> bytes(v6 ? 16 : 4);
  EXPECT_EQ(inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()), 1) << text;
  return IsGlobalUnicast(bytes);
}

TEST(AddressGuardTest, AdmitsThePublicInternet) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
        "192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700:4700::1111",
        "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    EXPECT_TRUE(Global(address)) << address;
  }
}

TEST(AddressGuardTest, RefusesEverythingElse) {
  for (const char* address : {"0.0.0.0",
                              "10.1.2.3",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.9",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd12::1",
                              "ff02::1",
                              "2001:db8::1",
                              "2001::1",
                              "3fff:fff::1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "64:ff9b::10.0.0.1",
                              "2002:7f00:1::1",
                              "::7f00:1",
                              "4000::1"}) {
    EXPECT_FALSE(Global(address)) << address;
  }
  EXPECT_FALSE(IsGlobalUnicast({}));
  EXPECT_FALSE(IsGlobalUnicast(std::vector<std::uint8_t>(5, 8)));
}

}  // namespace
}  // namespace tollgate
