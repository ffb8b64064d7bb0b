#include "dataplane/meter/spool.h"

#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/status_reason.h"
#include "dataplane/meter/recovery.h"
#include "tests/dataplane/support/faulty_file_system.h"
#include "tests/dataplane/support/usage_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    options_.segment_bytes = 1 << 20;
    options_.bytes_max = 16 << 20;
  }

  // A run of the node; the former one is gone without a goodbye.
  void Boot(std::uint32_t lanes = 1) {
    spool_.reset();
    identity_.reset();
    options_.folder = folder_;
    identity_ = std::make_unique<NodeIdentity>(
        *NodeIdentity::Begin(files_, folder_, "boot", options_.durability, lanes, SystemRandom()));
    auto spool = Spool::Open(files_, SystemRandom(), *identity_, lanes, options_);
    ASSERT_OK(spool);
    spool_ = *std::move(spool);
  }

  Lane& lane() { return spool_->lane(0); }

  void WriteFinal(const std::string& id) {
    auto record = RecordOf(id);
    auto intent = AppendIntent(lane(), record);
    ASSERT_OK(intent);
    AppendFinal(lane(), *std::move(intent), record);
  }

  // A process that died leaves its intents open; this one must not CHECK over them.
  void LeaveOpen(IntentRef intent) { new IntentRef(std::move(intent)); }

  TempDir dir_;
  std::string folder_ = dir_.File("spool");
  FaultyFileSystem files_;
  SpoolOptions options_;
  std::unique_ptr<NodeIdentity> identity_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, FinalRecordsAreDenseAndReadInOrder) {
  Boot();
  for (int i = 0; i < 10; ++i) WriteFinal("gen_" + std::to_string(i));
  EXPECT_EQ(lane().last_sequence(), 10u);
  const auto finals = FinalsOf(lane());
  ASSERT_EQ(finals.size(), 10u);
  EXPECT_EQ(finals[3].generation_id(), "gen_3");
  EXPECT_EQ(lane().open_intents(), 0u);
}

TEST_F(SpoolTest, ARestartFindsWhatTheFormerRunLeft) {
  Boot();
  WriteFinal("gen_a");
  auto record = RecordOf("gen_b", 70);
  auto intent = AppendIntent(lane(), record);
  ASSERT_OK(intent);
  ASSERT_OK(lane().AppendExtension(*intent, Money::FromNanoUsd(5)));
  LeaveOpen(*std::move(intent));
  Boot();
  const auto lanes = spool_->AllLanes();
  ASSERT_EQ(lanes.size(), 2u);
  const auto finals = FinalsOf(*lanes[0]);
  ASSERT_EQ(finals.size(), 2u);
  EXPECT_EQ(finals[1].generation_id(), "gen_b");
  EXPECT_EQ(finals[1].charge_nano_usd(), 75);
  EXPECT_EQ(finals[1].holds(0).amount_nano_usd(), 75);
  EXPECT_EQ(finals[1].usage_source(), usage::v1::USAGE_SOURCE_INTERRUPTED);
  EXPECT_EQ(finals[1].outcome(), usage::v1::ATTEMPT_OUTCOME_INTERRUPTED);
  EXPECT_EQ(spool_->status().recovery.interrupted, 1u);
  EXPECT_TRUE(spool_->Whole(1));
}

TEST_F(SpoolTest, InterruptedAttemptsMayCostNothing) {
  options_.interrupted = InterruptedPolicy::kChargeNothing;
  Boot();
  auto record = RecordOf("gen_b", 70);
  LeaveOpen(*AppendIntent(lane(), record));
  Boot();
  const auto finals = FinalsOf(*spool_->AllLanes()[0]);
  ASSERT_EQ(finals.size(), 1u);
  EXPECT_EQ(finals[0].charge_nano_usd(), 0);
  EXPECT_EQ(finals[0].holds(0).amount_nano_usd(), 70);
}

// Killed during recovery, after each number of records it writes: the next start does the rest.
TEST_F(SpoolTest, RecoveryMayBeKilledAnywhere) {
  constexpr std::size_t kOpen = 4;
  for (std::size_t written = 0; written <= kOpen; ++written) {
    folder_ = dir_.File("killed" + std::to_string(written));
    Boot();
    WriteFinal("gen_whole");
    for (std::size_t i = 0; i < kOpen; ++i) {
      auto record = RecordOf("gen_" + std::to_string(i));
      LeaveOpen(*AppendIntent(lane(), record));
    }
    spool_.reset();
    identity_.reset();
    identity_ = std::make_unique<NodeIdentity>(
        *NodeIdentity::Begin(files_, folder_, "boot", options_.durability, 1, SystemRandom()));
    RecoveryReport report;
    {
      auto once = RecoverLanes(files_, SystemRandom(), options_, *identity_, report);
      ASSERT_OK(once);
      ASSERT_EQ(report.interrupted, kOpen);
      // Takes back all but `written` of what it wrote, from the end, as if it had never got there.
      const auto segment = (*once)[0].lane->Segments().back();
      std::vector<std::size_t> offsets;
      std::size_t offset = 0;
      RecordView view;
      for (std::size_t at = kSegmentHeaderBytes; segment->ReadCommitted(&offset, &view);
           at = offset) {
        if (view.type == RecordType::kFinal) offsets.push_back(at);
      }
      std::string bytes = *RealFileSystem().ReadFile(segment->path());
      const std::size_t keep = offsets.size() - kOpen + written;
      if (keep < offsets.size()) {
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(offsets[keep]), bytes.end(), '\0');
      }
      ASSERT_OK(RealFileSystem().WriteFileAtomically(segment->path(), bytes, kModePrivate));
    }
    Boot();
    EXPECT_EQ(spool_->status().recovery.interrupted, kOpen - written);
    std::set<std::string> ids;
    const auto finals = FinalsOf(*spool_->AllLanes()[0]);
    for (const auto& record : finals) EXPECT_TRUE(ids.insert(record.generation_id()).second);
    EXPECT_EQ(finals.size(), kOpen + 1);
  }
}

TEST_F(SpoolTest, ACorruptSegmentIsKeptAndItsLaneNotClosed) {
  Boot();
  for (int i = 0; i < 5; ++i) WriteFinal("gen_" + std::to_string(i));
  const std::string path = lane().Segments()[0]->path();
  spool_.reset();
  std::string bytes = *RealFileSystem().ReadFile(path);
  bytes[bytes.find("gen_2")] ^= 1;
  ASSERT_OK(RealFileSystem().WriteFileAtomically(path, bytes, kModePrivate));
  Boot();
  EXPECT_FALSE(spool_->Whole(1));
  EXPECT_EQ(spool_->status().recovery.corrupt_segments, 1u);
  EXPECT_EQ(spool_->status().recovery.interrupted, 0u);
  EXPECT_LT(FinalsOf(*spool_->AllLanes()[0]).size(), 5u);
  EXPECT_TRUE(RealFileSystem().Exists(path));
}

// Fills the lane until it moves on, with intents open over the seam.
TEST_F(SpoolTest, MovesOnToTheNextSegmentAndDeletesInOrder) {
  Boot();
  auto early = RecordOf("gen_early");
  auto intent = AppendIntent(lane(), early);
  ASSERT_OK(intent);
  int written = 0;
  while (lane().Segments().size() < 3) {
    WriteFinal("gen_" + std::to_string(written++));
    if (written % 500 == 0) spool_->Upkeep();
  }
  // All acknowledged, but the first segment holds an open intent: nothing may go.
  spool_->Acknowledged(lane(), lane().last_sequence());
  EXPECT_EQ(lane().Segments().size(), 3u);
  AppendFinal(lane(), *std::move(intent), early);
  spool_->Acknowledged(lane(), 1);
  EXPECT_EQ(lane().Segments().size(), 3u);
  spool_->Acknowledged(lane(), lane().last_sequence());
  ASSERT_EQ(lane().Segments().size(), 1u);
  LaneReader reader(lane());
  RecordView view;
  ASSERT_TRUE(reader.Next(&view));
  EXPECT_GT(view.sequence, 1u);
}

TEST_F(SpoolTest, AReaderFollowsTheWriterOverSegments) {
  Boot();
  std::atomic<bool> done{false};
  constexpr int kRecords = 12'000;
  std::thread writer([&] {
    for (int i = 0; i < kRecords; ++i) {
      auto record = RecordOf("gen_" + std::to_string(i));
      auto intent = AppendIntent(lane(), record);
      while (!intent.ok()) {  // The spare was not ready yet.
        std::this_thread::yield();
        intent = AppendIntent(lane(), record);
      }
      AppendFinal(lane(), *std::move(intent), record);
    }
    done = true;
  });
  LaneReader reader(lane());
  RecordView view;
  std::uint64_t expected = 1;
  while (expected <= kRecords) {
    const bool finished = done;
    if (!reader.Next(&view)) {
      ASSERT_FALSE(finished && expected <= lane().last_sequence() && !reader.Next(&view));
      continue;
    }
    ASSERT_EQ(view.sequence, expected++);
    ASSERT_NE(view.text().find("gen_"), std::string_view::npos);
  }
  writer.join();
}

// Upkeep may be late: the lane then makes the next segment itself, and refuses nothing.
TEST_F(SpoolTest, ALaneThatIsFasterThanUpkeepRefusesNothing) {
  options_.threads = false;
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  for (int i = 0; i < 5'000; ++i) WriteFinal("gen_" + std::to_string(i));
  EXPECT_GT(lane().Segments().size(), 4u);
  EXPECT_EQ(FinalsOf(lane()).size(), 5'000u);
}

// Each open intent keeps what its own final record needs, and no more.
TEST_F(SpoolTest, ManyAttemptsAreOpenAtOnce) {
  options_.threads = false;
  Boot();
  const std::string record = RecordOf("gen_open").SerializeAsString();
  const std::size_t reserve = RecordBytes(record.size());
  std::vector<IntentRef> open;
  while (lane().Segments().size() == 1) {
    auto intent = lane().AppendIntent(record, reserve);
    ASSERT_OK(intent);
    open.push_back(*std::move(intent));
  }
  EXPECT_GT(open.size(), 2 * options_.segment_bytes / kFinalReserveBytes);
  const std::size_t count = open.size();
  for (IntentRef& intent : open) lane().AppendFinal(std::move(intent), record);
  EXPECT_EQ(FinalsOf(lane()).size(), count);
}

// A disk without room is asked once between two looks of upkeep, not for each request.
TEST_F(SpoolTest, AFullDiskIsNotAskedAgainForEachRequest) {
  options_.threads = false;
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  files_.disk_full = true;
  absl::Status refused;
  for (int i = 0; i < 100'000 && refused.ok(); ++i) {
    const auto record = RecordOf("gen_" + std::to_string(i));
    auto next = AppendIntent(lane(), record);
    refused = next.status();
    if (next.ok()) AppendFinal(lane(), *std::move(next), record);
  }
  EXPECT_EQ(ReasonOf(refused), "SPOOL_FULL");
  files_.disk_full = false;
  EXPECT_EQ(ReasonOf(AppendIntent(lane(), RecordOf("gen_again")).status()), "SPOOL_FULL");
  spool_->Upkeep();
  WriteFinal("gen_again");
}

TEST_F(SpoolTest, AFullDiskRefusesIntentsAndEndsRunningOnes) {
  Boot();
  files_.disk_full = true;
  auto running = RecordOf("gen_running");
  auto intent = AppendIntent(lane(), running);
  ASSERT_OK(intent);
  absl::Status refused;
  for (int i = 0; i < 100'000 && refused.ok(); ++i) {
    auto record = RecordOf("gen_" + std::to_string(i));
    auto next = AppendIntent(lane(), record);
    refused = next.status();
    if (next.ok()) AppendFinal(lane(), *std::move(next), record);
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "SPOOL_FULL");
  AppendFinal(lane(), *std::move(intent), running);  // Its room was kept.
  files_.disk_full = false;
  spool_->Upkeep();
  WriteFinal("gen_again");
}

TEST_F(SpoolTest, AtItsLimitItRefusesUntilBillingHasTakenSome) {
  options_.bytes_max = 3 << 20;
  Boot();
  absl::Status refused;
  for (int i = 0; i < 100'000 && refused.ok(); ++i) {
    auto record = RecordOf("gen_" + std::to_string(i));
    auto next = AppendIntent(lane(), record);
    if (!next.ok()) {
      spool_->Upkeep();
      next = AppendIntent(lane(), record);
    }
    refused = next.status();
    if (next.ok()) AppendFinal(lane(), *std::move(next), record);
  }
  EXPECT_EQ(ReasonOf(refused), "SPOOL_FULL");
  EXPECT_LE(spool_->status().used_bytes, options_.bytes_max);
  spool_->Acknowledged(lane(), lane().last_sequence());
  spool_->Upkeep();
  EXPECT_FALSE(spool_->status().refusing);
  WriteFinal("gen_again");
}

TEST_F(SpoolTest, DiskDurabilityWaitsForTheSyncAndNeverTrustsAFailedOne) {
  options_.durability = Durability::kDisk;
  Boot();
  auto record = RecordOf("gen_a");
  auto intent = AppendIntent(lane(), record);
  ASSERT_OK(intent);
  auto wait = [&] {
    std::atomic<int> code{-1};
    spool_->WhenDurable(lane().position(),
                        [&](absl::Status status) { code = static_cast<int>(status.code()); });
    while (code == -1) std::this_thread::yield();
    return static_cast<absl::StatusCode>(code.load());
  };
  EXPECT_EQ(wait(), absl::StatusCode::kOk);
  files_.sync_fails = true;
  AppendFinal(lane(), *std::move(intent), record);
  EXPECT_EQ(wait(), absl::StatusCode::kDataLoss);
  files_.sync_fails = false;
  EXPECT_EQ(wait(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(spool_->status().sync_failed);
  auto next = RecordOf("gen_b");
  EXPECT_EQ(ReasonOf(AppendIntent(lane(), next).status()), "SPOOL_FAILED");
  EXPECT_EQ(FinalsOf(lane()).size(), 1u);  // Still shipped.
}

TEST_F(SpoolTest, WithoutThreadsItsOwnerSyncs) {
  options_.durability = Durability::kDisk;
  options_.threads = false;
  Boot();
  WriteFinal("gen_a");
  int synced = 0;
  for (int i = 0; i < 2; ++i) {
    spool_->WhenDurable(lane().position(), [&](absl::Status status) { synced += status.ok(); });
  }
  EXPECT_EQ(synced, 0);
  spool_->SyncPending();
  EXPECT_EQ(synced, 2);
}

// Billing must never have what a power loss can take: the sequence would be given again.
TEST_F(SpoolTest, OnDiskAFinalIsShippedOnceItIsSynced) {
  options_.durability = Durability::kDisk;
  options_.threads = false;
  Boot();
  WriteFinal("gen_a");
  LaneReader shipper(lane(), LaneReader::Reads::kShippable);
  LaneReader index(lane());
  RecordView view;
  EXPECT_TRUE(index.Next(&view));
  EXPECT_FALSE(shipper.Next(&view));
  spool_->Upkeep();
  spool_->SyncPending();
  ASSERT_TRUE(shipper.Next(&view));
  EXPECT_EQ(view.sequence, 1u);
  EXPECT_FALSE(shipper.Next(&view));
}

// The final record of an intent in the first segment is in the second, and not synced: a power loss
// would leave neither.
TEST_F(SpoolTest, OnDiskASegmentStaysUntilTheFinalsOfItsIntentsAreSynced) {
  options_.durability = Durability::kDisk;
  options_.threads = false;
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  auto early = RecordOf("gen_early");
  auto intent = AppendIntent(lane(), early);
  ASSERT_OK(intent);
  while (lane().Segments().size() < 2) WriteFinal("gen_other");
  spool_->Upkeep();
  spool_->SyncPending();
  const std::uint64_t synced = lane().last_sequence();
  AppendFinal(lane(), *std::move(intent), early);
  spool_->Acknowledged(lane(), synced);
  EXPECT_EQ(lane().Segments().size(), 2u);
  spool_->Upkeep();
  spool_->SyncPending();
  spool_->Acknowledged(lane(), synced);
  EXPECT_EQ(lane().Segments().size(), 1u);
}

// What billing has of a run that did not sync may be missing here: its intents are not charged, and
// none of its sequences is given to another record.
TEST_F(SpoolTest, AfterAPowerLossAnUnsyncedRunGetsNoNewRecords) {
  Boot();
  WriteFinal("gen_a");
  auto record = RecordOf("gen_b");
  LeaveOpen(*AppendIntent(lane(), record));
  spool_.reset();
  identity_.reset();
  identity_ = std::make_unique<NodeIdentity>(*NodeIdentity::Begin(
      files_, folder_, "another_boot", options_.durability, 1, SystemRandom()));
  spool_ = *Spool::Open(files_, SystemRandom(), *identity_, 1, options_);
  EXPECT_EQ(spool_->status().recovery.interrupted, 0u);
  EXPECT_EQ(spool_->AllLanes()[0]->last_sequence(), 1u);
}

// The last segment of a lane is the only one whose absence no later one tells.
TEST_F(SpoolTest, TheLastSegmentThatWasBegunIsMissed) {
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  auto early = RecordOf("gen_early");
  LeaveOpen(*AppendIntent(lane(), early));
  while (lane().Segments().size() < 2) {
    WriteFinal("gen_other");
    spool_->Upkeep();
  }
  WriteFinal("gen_last");
  spool_->Upkeep();
  const std::string last = lane().Segments().back()->path();
  spool_.reset();
  ASSERT_TRUE(std::filesystem::remove(last));
  for (int start = 0; start < 2; ++start) {
    Boot();
    EXPECT_EQ(spool_->status().recovery.corrupt_segments, 1u);
    EXPECT_EQ(spool_->status().recovery.interrupted, 0u) << "its final may have been in it";
    EXPECT_FALSE(spool_->Whole(1));
  }
  EXPECT_TRUE(spool_->Whole(2)) << "which left nothing";
}

TEST_F(SpoolTest, SoIsTheOnlyOne) {
  Boot(2);
  WriteFinal("gen_a");
  const std::string only = spool_->lane(1).Segments().back()->path();
  spool_.reset();
  ASSERT_TRUE(std::filesystem::remove(only));
  Boot(2);
  EXPECT_EQ(spool_->status().recovery.corrupt_segments, 1u);
  EXPECT_FALSE(spool_->Whole(1));
  ASSERT_EQ(spool_->AllLanes().size(), 3u);
  EXPECT_EQ(FinalsOf(*spool_->AllLanes()[0]).size(), 1u) << "the other lane is shipped";
}

TEST_F(SpoolTest, ASegmentThatWasNeverBegunIsNotMissed) {
  Boot();
  WriteFinal("gen_a");
  ASSERT_TRUE(lane().has_spare());
  spool_.reset();
  ASSERT_TRUE(std::filesystem::remove(folder_ + "/" + SegmentName(1, 0, 2)));
  Boot();
  EXPECT_EQ(spool_->status().recovery.corrupt_segments, 0u);
  EXPECT_TRUE(spool_->Whole(1));
}

// What a power loss leaves of one whose header was not synced; nobody was promised what was in it.
TEST_F(SpoolTest, ASegmentThatLostItsBeginningIsNotMissedAtAnyLaterStart) {
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  while (lane().Segments().size() < 2) {
    WriteFinal("gen_a");
    spool_->Upkeep();
  }
  spool_->Upkeep();
  const std::string last = lane().Segments().back()->path();
  spool_.reset();
  std::filesystem::resize_file(last, 0);
  std::filesystem::resize_file(last, options_.segment_bytes);
  for (int start = 0; start < 3; ++start) {
    Boot();
    EXPECT_EQ(spool_->status().recovery.corrupt_segments, 0u);
    EXPECT_TRUE(spool_->Whole(1));
  }
}

// The segments that acknowledged records leave behind are deleted, and that is no loss.
TEST_F(SpoolTest, WhatWasAcknowledgedAndDeletedIsNotMissed) {
  options_.segment_bytes = kSegmentBytesMin;
  Boot();
  while (lane().Segments().size() < 3) {
    WriteFinal("gen_a");
    spool_->Upkeep();
  }
  spool_->Upkeep();
  spool_->Acknowledged(lane(), lane().last_sequence());
  ASSERT_EQ(lane().Segments().size(), 1u);
  Boot();
  EXPECT_TRUE(spool_->Whole(1));
  spool_->ForgetIncarnation(1);
  ASSERT_OK(identity_->Closed(1));
  Boot();
  EXPECT_EQ(spool_->status().recovery.corrupt_segments, 0u);
}

}  // namespace
}  // namespace tollgate::dataplane
