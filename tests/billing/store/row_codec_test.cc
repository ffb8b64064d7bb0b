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
  EXPECT_THAT(DecodeLease(lease_key, lease.substr(0, 24) + '\x03'), StatusIs(kLoss));
  EXPECT_THAT(DecodeLease("x", lease), StatusIs(kLoss));
  EXPECT_THAT(DecodeLease(lease_key + "x", lease), StatusIs(kLoss));
  EXPECT_THAT(DecodeLease(lease_key, lease + "x"), StatusIs(kLoss));
  EXPECT_THAT(DecodeMoney("short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeAccount("a", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeNode("n", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeAppliedKey("k", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeAppliedKey("k", std::string(8 + 32, 'x') + '\0'), StatusIs(kLoss));
  EXPECT_THAT(DecodeAppliedKey("k", std::string(8 + 32, 'x') + '\x7f'), StatusIs(kLoss));
  EXPECT_THAT(DecodeCredit("ws", "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeKeyTotals(KeyTotalsKey("ws", "k"), "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeKeyTotals("ws", EncodeKeyTotals({})), StatusIs(kLoss));
  EXPECT_THAT(DecodeMessage(SequenceKey(1), "short"), StatusIs(kLoss));
  const std::string lane_key = EncodeLaneKey({"n", 1, 2});
  EXPECT_THAT(DecodeLane(lane_key, "short"), StatusIs(kLoss));
  EXPECT_THAT(DecodeLane(lane_key.substr(1, 3), SequenceKey(1)), StatusIs(kLoss));
  const std::string digests = EncodeDigests({ShortDigest{}, ShortDigest{}});
  const std::string digests_key = EncodeRecordKey({{"n", 1, 2}, 2});
  EXPECT_OK(DecodeDigests(digests_key, digests));
  EXPECT_THAT(DecodeDigests(digests_key, digests.substr(1)), StatusIs(kLoss));
  EXPECT_THAT(DecodeDigests(digests_key, ""), StatusIs(kLoss));
  EXPECT_THAT(DecodeDigests(lane_key, digests), StatusIs(kLoss));
  EXPECT_THAT(DecodeDigests(EncodeRecordKey({{"n", 1, 2}, 1}), digests), StatusIs(kLoss));
  EXPECT_THAT(SequenceAtEnd("short"), StatusIs(kLoss));
}

TEST(RowCodecTest, ALeaseSaysHowItEnded) {
  const LeaseKey key{"budget/b/all", "n", 1};
  const LeaseRow rows[] = {{key, {}, false}, {key, {}, true}, {key, {}, true, true}};
  for (const LeaseRow& row : rows) {
    EXPECT_THAT(DecodeLease(EncodeLeaseKey(key), EncodeLease(row)), IsOkAndHolds(row));
  }
}

TEST(RowCodecTest, DigestsComeBackByTheirSequences) {
  const LaneKey lane{"n", 1, 2};
  const ShortDigest a = Shorten(Sha256("a"));
  const ShortDigest b = Shorten(Sha256("b"));
  EXPECT_THAT(
      DecodeDigests(EncodeRecordKey({lane, 34}), EncodeDigests({a, b})),
      IsOkAndHolds(testing::ElementsAre(DigestRow{{lane, 33}, a}, DigestRow{{lane, 34}, b})));
}

}  // namespace
}  // namespace tollgate::billing
