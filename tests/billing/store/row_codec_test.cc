#include "billing/store/row_codec.h"

#include <algorithm>
#include <vector>

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

TEST(RowCodecTest, KeysSortAsTheirParts) {
  const std::vector<std::string> keys = {WorkspaceEntryKey("ws", EntryKind::kTopUp, 1),
                                         WorkspaceEntryKey("ws", EntryKind::kTopUp, 255),
                                         WorkspaceEntryKey("ws", EntryKind::kTopUp, 256),
                                         WorkspaceEntryKey("ws", EntryKind::kUsage, 1),
                                         WorkspaceEntryKey("ws1", EntryKind::kTopUp, 1)};
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_THAT(SequenceAtEnd(keys[2]), IsOkAndHolds(256u));
}

TEST(RowCodecTest, AZeroByteCannotForgeAKey) {
  EXPECT_EQ(KeyString(std::string("a\0b", 3)), std::string("a?b\0", 4));
}

TEST(RowCodecTest, WhatNoEncoderMadeIsDataLoss) {
  const auto kLoss = absl::StatusCode::kDataLoss;
  const std::string lease_key = EncodeLeaseKey({"wallet/w", "n", 1});
  const std::string lease = EncodeLease({{"wallet/w", "n", 1}, {}, true});
  EXPECT_OK(DecodeLease(lease_key, lease));
  EXPECT_THAT(DecodeLease("x", lease), StatusIs(kLoss));
  EXPECT_THAT(DecodeLease(lease_key + "x", lease), StatusIs(kLoss));
  EXPECT_THAT(DecodeLease(lease_key, lease + "x"), StatusIs(kLoss));
  EXPECT_THAT(DecodeMoney("short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeAccount("a", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeNode("n", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeAppliedKey("k", "short"), StatusIs(kLoss));
  const std::string lane_key = EncodeLaneKey({"n", 1, 2});
  EXPECT_THAT(DecodeLane(lane_key, "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeLane(lane_key.substr(1, 3), SequenceKey(1)), StatusIs(kLoss));
  EXPECT_THAT(DecodeDigest(lane_key, "short"), StatusIs(kLoss));
  EXPECT_THAT(SequenceAtEnd("short"), StatusIs(kLoss));
}

}  // namespace
}  // namespace tollgate::billing
