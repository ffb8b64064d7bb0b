#include "dataplane/upstream/address_guard.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

bool Global(const char* address) { return IsGlobalUnicast(boost::asio::ip::make_address(address)); }

TEST(AddressGuardTest, HostsOfTheInternetAreGlobal) {
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "192.167.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.254", "2606:4700:4700::1111",
        "2a00:1450:4001::1", "2001:4860:4860::8888"}) {
    EXPECT_TRUE(Global(address)) << address;
  }
}

TEST(AddressGuardTest, NothingElseIs) {
  for (const char* address :
       {"0.0.0.0",         "0.1.2.3",          "10.0.0.1",    "100.64.0.1",
        "100.127.255.255", "127.0.0.1",        "127.255.0.1", "169.254.169.254",
        "172.16.0.1",      "172.31.255.255",   "192.0.0.1",   "192.0.2.1",
        "192.88.99.1",     "192.168.0.1",      "198.18.0.1",  "198.19.255.255",
        "198.51.100.7",    "203.0.113.7",      "224.0.0.1",   "239.255.255.255",
        "240.0.0.1",       "255.255.255.255",  "::",          "::1",
        "::ffff:8.8.8.8",  "::ffff:127.0.0.1", "::8.8.8.8",   "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",    "100::1",           "2001::1",     "2001:db8::1",
        "2002:7f00:1::1",  "3fff::1",          "3fff:fff::1", "4000::1",
        "fc00::1",         "fd12:3456::1",     "fe80::1",     "fec0::1",
        "ff02::1",         "2001:1ff::1",      "2001:10::1",  "2001:20::1"}) {
    EXPECT_FALSE(Global(address)) << address;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
