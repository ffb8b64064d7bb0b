#include "dataplane/request/wire_buffer.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

using usage::v1::UsageRecord;

UsageRecord Parsed(const WireBuffer& wire) {
  UsageRecord record;
  EXPECT_TRUE(record.ParseFromString(std::string(wire.view())));
  return record;
}

TEST(WireBufferTest, NumbersOfEverySizeComeBack) {
  for (const std::int64_t value :
       {std::int64_t{1}, std::int64_t{127}, std::int64_t{128}, std::int64_t{1} << 35,
        std::numeric_limits<std::int64_t>::max(), std::int64_t{-1}}) {
    WireBuffer wire;
    wire.Number(UsageRecord::kChargeNanoUsdFieldNumber, value);
    EXPECT_EQ(Parsed(wire).charge_nano_usd(), value);
  }
}

TEST(WireBufferTest, DefaultsAreLeftOut) {
  WireBuffer wire;
  wire.Number(UsageRecord::kChargeNanoUsdFieldNumber, 0);
  wire.Text(UsageRecord::kRegionFieldNumber, "");
  EXPECT_EQ(wire.size(), 0u);
}

// One byte holds a length of up to 127, two hold 16,383; the content moves for the second.
TEST(WireBufferTest, MessagesOfEveryLength) {
  for (const std::size_t length :
       {0u, 1u, 120u, 123u, 124u, 125u, 126u, 127u, 128u, 129u, 200u, 5000u, 16'000u}) {
    WireBuffer wire;
    const std::size_t hold = wire.BeginMessage(UsageRecord::kHoldsFieldNumber);
    wire.Text(usage::v1::Hold::kAccountFieldNumber, std::string(length, 'x'));
    wire.EndMessage(hold);
    wire.Text(UsageRecord::kRegionFieldNumber, "behind");
    const UsageRecord record = Parsed(wire);
    ASSERT_EQ(record.holds_size(), 1) << length;
    EXPECT_EQ(record.holds(0).account(), std::string(length, 'x'));
    EXPECT_EQ(record.region(), "behind");
  }
}

TEST(WireBufferTest, GrowsAndKeepsWhatIsThere) {
  WireBuffer wire;
  for (int i = 0; i < 200; ++i) {
    wire.Text(UsageRecord::kRegionFieldNumber, std::string(100, static_cast<char>('a' + i % 26)));
  }
  EXPECT_EQ(Parsed(wire).region(), std::string(100, static_cast<char>('a' + 199 % 26)));
}

TEST(WireBufferTest, TruncateMakesRoomForAnotherEnd) {
  WireBuffer wire;
  wire.Text(UsageRecord::kRegionFieldNumber, "kept");
  const std::size_t common = wire.size();
  wire.Text(UsageRecord::kUserFieldNumber, "dropped");
  wire.Truncate(common);
  wire.Number(UsageRecord::kAttemptFieldNumber, 2);
  const UsageRecord record = Parsed(wire);
  EXPECT_EQ(record.region(), "kept");
  EXPECT_EQ(record.user(), "");
  EXPECT_EQ(record.attempt(), 2u);
}

}  // namespace
}  // namespace tollgate::dataplane
