#include "base/random.h"

#include <array>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(SeededRandomTest, SameSeedSameBytes) {
  SeededRandom a(7);
  SeededRandom b(7);
  SeededRandom other(8);
  const std::uint64_t first = a.Next64();
  EXPECT_EQ(first, b.Next64());
  EXPECT_NE(first, other.Next64());
  EXPECT_NE(first, a.Next64());
}

TEST(SeededRandomTest, IsSplitMix64) {
  // The published first output for state 0, least significant byte first.
  SeededRandom random(0);
  std::array<std::uint8_t, 8> bytes;
  random.Fill(bytes);
  std::uint64_t word = 0;
  for (std::size_t i = 8; i-- > 0;) word = word << 8 | bytes[i];
  EXPECT_EQ(word, 0xE220A8397B1DCDAFu);
}

TEST(RandomTest, BelowReachesEachValueAboutEquallyOften) {
  SeededRandom random(1);
  std::array<int, 62> counts{};
  for (int i = 0; i < 62'000; ++i) ++counts[random.Below(62)];
  for (int count : counts) {
    EXPECT_GT(count, 800);
    EXPECT_LT(count, 1200);
  }
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(SystemRandomTest, FillsEveryLengthAndDiffers) {
  std::set<std::vector<std::uint8_t>> seen;
  for (int i = 0; i < 100; ++i) {
    std::vector<std::uint8_t> bytes(16);
    SystemRandom().Fill(bytes);
    seen.insert(bytes);
  }
  EXPECT_EQ(seen.size(), 100u);
  SystemRandom().Fill({});
}

}  // namespace
}  // namespace tollgate
