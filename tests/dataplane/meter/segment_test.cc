#include "dataplane/meter/segment.h"

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

constexpr std::size_t kBytes = 4096;

class SegmentTest : public testing::Test {
 protected:
  SegmentTest() {
    auto segment = *Segment::Create(RealFileSystem(), path_, kBytes);
    segment->Begin({.incarnation = 7, .lane = 1, .index = 2, .first_sequence = 40, .salt = 99});
    for (int i = 0; i < 5; ++i) {
      offsets_.push_back(segment->committed());
      Append(*segment, "record number " + std::to_string(i) + std::string(i, '.'),
             static_cast<std::uint64_t>(40 + i));
    }
    offsets_.push_back(segment->committed());
    segment.reset();
    whole_ = *RealFileSystem().ReadFile(path_);
  }

  void Append(Segment& segment, const std::string& text, std::uint64_t sequence) {
    std::memcpy(segment.Prepare(text.size()).data(), text.data(), text.size());
    segment.Commit(RecordType::kFinal, sequence, sequence, text.size());
  }

  // What a start makes of these bytes.
  Segment::Recovery RecoverFrom(const std::string& bytes, std::shared_ptr<Segment>* out = nullptr) {
    EXPECT_OK(RealFileSystem().WriteFileAtomically(path_, bytes, kModePrivate));
    auto segment = Segment::OpenExisting(RealFileSystem(), path_);
    EXPECT_OK(segment);
    const Segment::Recovery recovery = (*segment)->Recover();
    if (out != nullptr) *out = *segment;
    return recovery;
  }

  TempDir dir_;
  const std::string path_ = dir_.File("segment");
  std::vector<std::size_t> offsets_;  // Of each record, and the end.
  std::string whole_;
};

TEST_F(SegmentTest, ReadsBackWhatWasCommitted) {
  std::shared_ptr<Segment> segment;
  const Segment::Recovery recovery = RecoverFrom(whole_, &segment);
  EXPECT_EQ(recovery.records, 5u);
  EXPECT_EQ(recovery.torn_bytes, 0u);
  EXPECT_FALSE(recovery.corrupt);
  EXPECT_EQ(segment->header().incarnation, 7u);
  EXPECT_EQ(segment->header().first_sequence, 40u);
  std::size_t offset = 0;
  RecordView record;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(segment->ReadCommitted(&offset, &record));
    EXPECT_EQ(record.sequence, static_cast<std::uint64_t>(40 + i));
    EXPECT_TRUE(record.text().starts_with("record number " + std::to_string(i)));
  }
  EXPECT_FALSE(segment->ReadCommitted(&offset, &record));
}

// The machine died while the last record went out: any prefix of its bytes is there.
TEST_F(SegmentTest, ATornLastRecordIsCutAtEveryByte) {
  const std::size_t last = offsets_[4];
  for (std::size_t cut = last; cut < offsets_[5]; ++cut) {
    std::string torn = whole_;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.end(), '\0');
    // The padding carries nothing: with all of its payload the record is whole.
    if (torn == whole_) continue;
    std::shared_ptr<Segment> segment;
    const Segment::Recovery recovery = RecoverFrom(torn, &segment);
    EXPECT_EQ(recovery.records, 4u) << cut;
    EXPECT_FALSE(recovery.corrupt) << cut;
    EXPECT_EQ(recovery.torn_bytes > 0, cut > last) << cut;
    EXPECT_EQ(segment->committed(), last);
    // And the next record goes in its place, even a shorter one.
    Append(*segment, "x", 44);
    segment.reset();
    auto again = *Segment::OpenExisting(RealFileSystem(), path_);
    EXPECT_EQ(again->Recover().records, 5u) << cut;
  }
}

TEST_F(SegmentTest, ABitFlipInTheMiddleIsFoundAndNothingChanged) {
  for (std::size_t byte = offsets_[2]; byte < offsets_[3]; ++byte) {
    std::string bad = whole_;
    bad[byte] = static_cast<char>(bad[byte] ^ 0x04);
    std::shared_ptr<Segment> segment;
    const Segment::Recovery recovery = RecoverFrom(bad, &segment);
    segment.reset();
    if (recovery.records == 5) {
      // Padding behind the payload: not part of the record.
      EXPECT_GE(byte, offsets_[3] - kRecordAlignment);
      continue;
    }
    EXPECT_TRUE(recovery.corrupt) << byte;
    EXPECT_EQ(recovery.corrupt_offset, offsets_[2]);
    EXPECT_EQ(recovery.records, 2u);
    EXPECT_EQ(*RealFileSystem().ReadFile(path_), bad) << "the evidence was altered";
  }
}

TEST_F(SegmentTest, ADamagedHeaderIsRefused) {
  for (std::size_t byte = 0; byte < kSegmentHeaderBytes; ++byte) {
    std::string bad = whole_;
    bad[byte] = static_cast<char>(bad[byte] ^ 0x04);
    ASSERT_OK(RealFileSystem().WriteFileAtomically(path_, bad, kModePrivate));
    EXPECT_THAT(Segment::OpenExisting(RealFileSystem(), path_).status(),
                StatusIs(absl::StatusCode::kDataLoss))
        << byte;
  }
}

TEST_F(SegmentTest, OneThatWasNeverBegunIsNotFound) {
  const std::string path = dir_.File("spare");
  ASSERT_OK(Segment::Create(RealFileSystem(), path, kBytes).status());
  EXPECT_THAT(Segment::OpenExisting(RealFileSystem(), path).status(),
              StatusIs(absl::StatusCode::kNotFound));
}

// A client cannot place a record into the journal by sending bytes that look like one.
TEST_F(SegmentTest, ARecordOfAnotherSegmentIsNoRecordHere) {
  auto other = *Segment::Create(RealFileSystem(), dir_.File("other"), kBytes);
  other->Begin({.incarnation = 7, .lane = 1, .index = 2, .first_sequence = 40, .salt = 100});
  Append(*other, "forged", 45);
  other.reset();
  const std::string forged = *RealFileSystem().ReadFile(dir_.File("other"));
  std::string bytes = whole_;
  const std::size_t frame = RecordBytes(6);
  bytes.replace(offsets_[5], frame, forged.substr(kSegmentHeaderBytes, frame));
  const Segment::Recovery recovery = RecoverFrom(bytes);
  EXPECT_EQ(recovery.records, 5u);
  EXPECT_GT(recovery.torn_bytes, 0u);
}

}  // namespace
}  // namespace tollgate::dataplane
