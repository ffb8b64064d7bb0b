#include "billing/ledger/entry_codec.h"

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

Entry Example() {
  Entry entry;
  entry.sequence = 7;
  entry.time = absl::FromUnixNanos(1'767'225'600'123'456'789);
  entry.transfer = {
      .kind = EntryKind::kUsage,
      .workspace_id = "ws_1",
      .idempotency_key = "usage/n/1/0/7",
      .postings = {{"holds/ws_1", Money::FromNanoUsd(-5)}, {"revenue/m", Money::FromNanoUsd(5)}},
      .description = "words",
      .generation_id = "gen_1"};
  entry.balance = Money::FromNanoUsd(-1);
  entry.hash = Sha256("x");
  return entry;
}

TEST(EntryCodecTest, DecodesWhatItEncodes) {
  EXPECT_THAT(DecodeEntry(EncodeEntry(Example())), IsOkAndHolds(Example()));
}

TEST(EntryCodecTest, WhoAskedIsChainedAndNotWhatARepetitionMustAgreeIn) {
  Entry acted = Example();
  acted.transfer.actor = "ops";
  EXPECT_THAT(DecodeEntry(EncodeEntry(acted)), IsOkAndHolds(acted));
  Entry other = acted;
  other.transfer.actor = "opt";
  EXPECT_NE(EncodeEntryContents(acted), EncodeEntryContents(other));
  EXPECT_EQ(ContentsDigest(acted.transfer), ContentsDigest(Example().transfer));
  const std::string stored = EncodeEntry(acted);
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_THAT(DecodeEntry(stored.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
}

// So that entries of before actors were kept have the hashes that they had.
TEST(EntryCodecTest, AnEntryThatNobodyAskedForIsEncodedAsEver) {
  const std::string contents = EncodeEntryContents(Example());
  EXPECT_EQ(contents[0], 1);
  Entry nobody = Example();
  nobody.transfer.actor = "";
  EXPECT_EQ(EncodeEntryContents(nobody), contents);
  std::string as_acted = EncodeEntry(Example()) + std::string(4, '\0');
  as_acted[32] = 3;
  EXPECT_THAT(DecodeEntry(as_acted), StatusIs(absl::StatusCode::kDataLoss)) << "two forms of one";
}

TEST(EntryCodecTest, EveryPrefixAndAnySurplusIsDataLoss) {
  const std::string stored = EncodeEntry(Example());
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_THAT(DecodeEntry(stored.substr(0, size)), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
  EXPECT_THAT(DecodeEntry(stored + "x"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(EntryCodecTest, AnUnknownVersionOrKindIsDataLoss) {
  std::string stored = EncodeEntry(Example());
  stored[32] = 9;
  EXPECT_THAT(DecodeEntry(stored), StatusIs(absl::StatusCode::kDataLoss));
  stored = EncodeEntry(Example());
  stored[32 + 1 + 8] = 77;
  EXPECT_THAT(DecodeEntry(stored), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(EntryCodecTest, TheContentsDigestSeesEveryPartButTheKey) {
  const Transfer base = Example().transfer;
  Transfer other = base;
  other.idempotency_key = "another";
  EXPECT_EQ(ContentsDigest(base), ContentsDigest(other));
  for (int part = 0; part < 5; ++part) {
    other = base;
    if (part == 0) other.kind = EntryKind::kLoss;
    if (part == 1) other.workspace_id = "ws_2";
    if (part == 2) other.description = "other words";
    if (part == 3) other.generation_id = "gen_2";
    if (part == 4) other.postings[0].amount = Money::FromNanoUsd(-6);
    EXPECT_NE(ContentsDigest(base), ContentsDigest(other)) << part;
  }
}

}  // namespace
}  // namespace tollgate::billing
