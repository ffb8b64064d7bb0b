#include "base/crc32c.h"

#include <string>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Crc32cTest, KnownAnswers) {
  // RFC 3720 appendix B.4, and the check value of the catalogue of CRCs.
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794Eu);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32cTest, PortableEqualsHardwareAtEveryLengthAndSplit) {
  SeededRandom random(9);
  std::string data(100, '\0');
  random.Fill({reinterpret_cast<std::uint8_t*>(data.data()), data.size()});
  for (std::size_t length = 0; length <= data.size(); ++length) {
    const std::string part = data.substr(0, length);
    EXPECT_EQ(ExtendCrc32cPortable(0, BytesOf(part)), Crc32c(part));
    const std::string rest = data.substr(length);
    EXPECT_EQ(ExtendCrc32c(Crc32c(part), BytesOf(rest)), Crc32c(data));
  }
}

}  // namespace
}  // namespace tollgate
