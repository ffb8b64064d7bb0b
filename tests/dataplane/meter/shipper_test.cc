#include "dataplane/meter/shipper.h"

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "base/status_reason.h"
#include "tests/dataplane/support/fake_link.h"
#include "tests/dataplane/support/faulty_file_system.h"
#include "tests/dataplane/support/usage_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

using usage::v1::ReportUsageRequest;
using usage::v1::ReportUsageResponse;

class ShipperTest : public testing::Test {
 protected:
  ~ShipperTest() override { shipper_.reset(); }

  void Boot(std::string_view boot = "boot", std::uint32_t lanes = 1) {
    shipper_.reset();
    spool_.reset();
    identity_.reset();
    identity_ = std::make_unique<NodeIdentity>(*NodeIdentity::Begin(
        files_, dir_.path(), boot, Durability::kProcess, lanes, SystemRandom()));
    spool_ = *Spool::Open(files_, SystemRandom(), *identity_, lanes,
                          {.folder = dir_.path(), .segment_bytes = 1 << 20});
    IncarnationLeases leases;
    leases.retired = [this](std::uint64_t) { return retired_.load(); };
    leases.forget = [this](std::uint64_t incarnation) { forgotten_.insert(incarnation); };
    shipper_ = std::make_unique<Shipper>(*spool_, *identity_, leases, executor_, clock_, random_,
                                         peer_.Factory(), ShipperOptions{.session = "s"});
    shipper_->Start();
    executor_.RunReady();
  }

  void Write(const std::string& id, std::uint32_t lane = 0) {
    auto record = RecordOf(id);
    auto intent = AppendIntent(spool_->lane(lane), record);
    ASSERT_OK(intent);
    AppendFinal(spool_->lane(lane), *std::move(intent), record);
  }

  // Billing: answers all that was sent, once.
  void Bill(bool acknowledge = true) {
    while (!peer_.sent.empty()) {
      const ReportUsageRequest request = peer_.Take();
      ReportUsageResponse response;
      if (request.has_hello()) {
        for (const auto& lane : request.hello().lanes()) {
          usage::v1::LaneEnd* end = response.mutable_welcome()->add_lanes();
          *end->mutable_lane() = lane;
          end->set_sequence(watermarks_[{lane.incarnation(), lane.lane()}]);
        }
      } else if (request.has_batch()) {
        const auto& batch = request.batch();
        std::uint64_t& mark = watermarks_[{batch.lane().incarnation(), batch.lane().lane()}];
        EXPECT_LE(batch.first_sequence(), mark + 1) << "a gap";
        for (int i = 0; i < batch.records_size(); ++i) {
          const std::uint64_t sequence = batch.first_sequence() + static_cast<std::uint64_t>(i);
          if (sequence <= mark) continue;
          mark = sequence;
          usage::v1::UsageRecord record;
          EXPECT_TRUE(record.ParseFromString(batch.records(i)));
          ++billed_[record.generation_id()];
        }
        if (!acknowledge) continue;
        *response.mutable_ack()->mutable_lane()->mutable_lane() = batch.lane();
        response.mutable_ack()->mutable_lane()->set_sequence(mark);
      } else {
        closed_.insert(request.close_incarnation().incarnation());
        for (const auto& end : request.close_incarnation().lanes()) {
          const auto mark = watermarks_[{end.lane().incarnation(), end.lane().lane()}];
          EXPECT_EQ(end.sequence(), mark);
        }
        response.mutable_incarnation_closed()->set_incarnation(
            request.close_incarnation().incarnation());
      }
      peer_.Say(response);
    }
  }

  void Run(absl::Duration duration) {
    for (absl::Duration done; done < duration; done += absl::Milliseconds(20)) {
      executor_.Advance(absl::Milliseconds(20), absl::Milliseconds(20));
      Bill();
    }
  }

  TempDir dir_;
  FaultyFileSystem files_;
  FakeClock clock_;
  ManualExecutor executor_{clock_};
  SeededRandom random_{1};
  FakePeer<ReportUsageRequest, ReportUsageResponse> peer_{executor_};
  std::unique_ptr<NodeIdentity> identity_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Shipper> shipper_;
  std::atomic<bool> retired_{true};
  std::set<std::uint64_t> forgotten_;
  std::set<std::uint64_t> closed_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t> watermarks_;
  std::map<std::string, int> billed_;
};

TEST_F(ShipperTest, ShipsEachRecordOnceWithinTheInterval) {
  Boot("boot", 2);
  EXPECT_EQ(peer_.sent.front().hello().lanes_size(), 2);
  Bill();
  Write("gen_a", 0);
  Write("gen_b", 1);
  Run(absl::Milliseconds(260));
  EXPECT_EQ(billed_, (std::map<std::string, int>{{"gen_a", 1}, {"gen_b", 1}}));
  EXPECT_EQ(shipper_->status().shipped, 2u);
  EXPECT_EQ(shipper_->status().waiting, 0u);
}

TEST_F(ShipperTest, AnAcknowledgementDoesNotFetchTheNextFewRecords) {
  Boot();
  Bill();
  Write("gen_a");
  executor_.Advance(absl::Milliseconds(220), absl::Milliseconds(20));
  ASSERT_EQ(peer_.sent.size(), 1u);
  Write("gen_b");
  Bill();
  EXPECT_EQ(billed_, (std::map<std::string, int>{{"gen_a", 1}}));
  Run(absl::Milliseconds(220));
  EXPECT_EQ(billed_["gen_b"], 1);
}

TEST_F(ShipperTest, ManyWaitingAreShippedSoonerAndInBoundedBatches) {
  Boot();
  Bill();
  executor_.Advance(absl::Milliseconds(40));
  for (int i = 0; i < 2500; ++i) {
    Write("gen_" + std::to_string(i));
    if (i % 500 == 0) spool_->Upkeep();
  }
  executor_.Advance(absl::Milliseconds(40));
  ASSERT_FALSE(peer_.sent.empty());
  for (const auto& request : peer_.sent) {
    EXPECT_LE(request.batch().records_size(), 1000);
    EXPECT_LE(request.ByteSizeLong(), 1u << 20);
  }
  Bill();
  EXPECT_EQ(billed_.size(), 2500u);
}

TEST_F(ShipperTest, ALostAcknowledgementDoublesNothing) {
  Boot();
  Bill();
  Write("gen_a");
  executor_.Advance(absl::Milliseconds(300));
  Bill(/*acknowledge=*/false);
  EXPECT_EQ(shipper_->status().waiting, 1u);
  peer_.Close(absl::UnavailableError("gone"));
  Run(absl::Seconds(2));
  EXPECT_EQ(billed_["gen_a"], 1);
  EXPECT_EQ(shipper_->status().waiting, 0u);
}

TEST_F(ShipperTest, BillingMayBeAwayForLong) {
  Boot();
  peer_.Close(absl::UnavailableError("away"));
  for (int i = 0; i < 100; ++i) {
    Write("gen_" + std::to_string(i));
    executor_.Advance(absl::Milliseconds(100));
    if (peer_.open()) peer_.Close(absl::UnavailableError("away"));
  }
  EXPECT_TRUE(billed_.empty());
  Run(absl::Seconds(15));
  EXPECT_EQ(billed_.size(), 100u);
}

// What was not sent yet is not unanswered, however long the stream was silent before.
TEST_F(ShipperTest, TheFirstRecordAfterALongSilenceDoesNotEndTheStream) {
  Boot();
  Run(absl::Minutes(2));
  ASSERT_EQ(peer_.opened, 1);
  Write("gen_a");
  Run(absl::Seconds(1));
  EXPECT_EQ(billed_["gen_a"], 1);
  EXPECT_EQ(peer_.opened, 1);
}

TEST_F(ShipperTest, AFormerRunIsShippedThenClosedOnceItsLeasesAreRetired) {
  Boot();
  Write("gen_old");
  retired_ = false;
  Boot();
  Write("gen_new");
  Run(absl::Seconds(1));
  EXPECT_EQ(billed_, (std::map<std::string, int>{{"gen_old", 1}, {"gen_new", 1}}));
  EXPECT_TRUE(closed_.empty());
  EXPECT_EQ(shipper_->status().former_open, 1u);
  retired_ = true;
  Run(absl::Seconds(1));
  EXPECT_EQ(closed_, std::set<std::uint64_t>{1});
  EXPECT_EQ(forgotten_, std::set<std::uint64_t>{1});
  EXPECT_EQ(shipper_->status().former_open, 0u);
  // Nothing of it is left, also for the next start.
  EXPECT_EQ(spool_->AllLanes().size(), 1u);
  EXPECT_TRUE(identity_->former().empty());
}

// Were its records deleted first, a restart would find the run and nothing to state of it.
TEST_F(ShipperTest, AClosedRunStaysUntilTheNodeFileIsWritten) {
  Boot();
  Write("gen_a");
  Boot();
  files_.disk_full = true;
  Run(absl::Seconds(3));
  EXPECT_TRUE(closed_.contains(1));
  ASSERT_EQ(identity_->former().size(), 1u);
  EXPECT_EQ(spool_->AllLanes().size(), 2u);
  files_.disk_full = false;
  Run(absl::Seconds(3));
  EXPECT_TRUE(identity_->former().empty());
  EXPECT_EQ(spool_->AllLanes().size(), 1u);
}

// What this run drew on the former one's leases must be acknowledged before they are closed.
TEST_F(ShipperTest, RecordsOnInheritedLeasesGoBeforeTheClose) {
  Boot();
  retired_ = false;
  Boot();
  Bill();
  Write("gen_inherited");
  retired_ = true;
  executor_.Advance(absl::Milliseconds(100));
  for (const auto& request : peer_.sent) EXPECT_FALSE(request.has_close_incarnation());
  executor_.Advance(absl::Milliseconds(200));
  Bill(/*acknowledge=*/false);
  EXPECT_TRUE(closed_.empty());
  peer_.Close(absl::UnavailableError("gone"));
  Run(absl::Seconds(3));
  EXPECT_EQ(billed_["gen_inherited"], 1);
  EXPECT_EQ(closed_, std::set<std::uint64_t>{1});
}

TEST_F(ShipperTest, AfterARebootWithoutSyncsTheFormerRunIsShippedAndNotClosed) {
  Boot("boot-1");
  Write("gen_old");
  Boot("boot-2");
  Run(absl::Seconds(1));
  EXPECT_EQ(billed_["gen_old"], 1);
  EXPECT_TRUE(closed_.empty());
  EXPECT_EQ(shipper_->status().former_suspended, 1u);
}

TEST_F(ShipperTest, AMissingFirstSegmentIsAGapAndAnAlarm) {
  Boot();
  int i = 0;
  while (spool_->lane(0).Segments().size() < 2) {
    Write("gen_" + std::to_string(i++));
    if (i % 500 == 0) spool_->Upkeep();
  }
  const std::string first = spool_->lane(0).Segments()[0]->path();
  shipper_.reset();
  spool_.reset();
  ASSERT_OK(RealFileSystem().Remove(first));
  Boot();
  Write("gen_new");
  Run(absl::Seconds(1));
  EXPECT_TRUE(shipper_->status().sequence_gap);
  EXPECT_TRUE(closed_.empty());
  EXPECT_EQ(billed_["gen_new"], 1);  // The other lanes go on.
  // A later run is closed all the same; that one is kept for an operator.
  Boot();
  Run(absl::Seconds(1));
  EXPECT_EQ(closed_, std::set<std::uint64_t>{2});
  ASSERT_EQ(identity_->former().size(), 1u);
  EXPECT_EQ(identity_->former()[0].number, 1u);
}

TEST_F(ShipperTest, WhatMayHaveDrawnOnALostRunsLeasesIsAcknowledgedBeforeTheyAreGivenUp) {
  retired_ = false;  // An operator asks before the node has closed it by itself.
  Boot();
  Write("gen_a");
  Boot();
  EXPECT_FALSE(shipper_->DrawnAcknowledged(1)) << "not connected";
  Bill(/*acknowledge=*/false);
  EXPECT_FALSE(shipper_->DrawnAcknowledged(1)) << "the former run's record is on its way";
  peer_.Close(absl::UnavailableError("gone"));
  Run(absl::Seconds(1));
  Write("gen_b");
  EXPECT_FALSE(shipper_->DrawnAcknowledged(1)) << "nor what this run may have drawn";
  Write("gen_c");
  Run(absl::Milliseconds(500));
  EXPECT_TRUE(shipper_->DrawnAcknowledged(1));
  EXPECT_EQ(billed_, (std::map<std::string, int>{{"gen_a", 1}, {"gen_b", 1}, {"gen_c", 1}}));
  Write("gen_d");
  EXPECT_TRUE(shipper_->DrawnAcknowledged(1)) << "it cannot have drawn on what was retired before";
}

TEST_F(ShipperTest, QuarantineAndFencingAreSeen) {
  Boot();
  Bill();
  Write("gen_a");
  executor_.Advance(absl::Milliseconds(300));
  ReportUsageResponse response;
  *response.mutable_ack()->mutable_lane()->mutable_lane() = peer_.sent.front().batch().lane();
  response.mutable_ack()->mutable_lane()->set_sequence(1);
  response.mutable_ack()->set_quarantined(1);
  peer_.Say(response);
  EXPECT_EQ(shipper_->status().quarantined, 1u);
  peer_.Close(ErrorWithReason(absl::StatusCode::kFailedPrecondition, "SOURCE_IN_USE", "x"));
  EXPECT_TRUE(shipper_->status().fenced);
}

TEST_F(ShipperTest, AnAcknowledgementOfWhatWasNotSentIsNotBelieved) {
  Boot();
  Bill();
  Write("gen_a");
  ReportUsageResponse response;
  response.mutable_ack()->mutable_lane()->mutable_lane()->set_incarnation(1);
  response.mutable_ack()->mutable_lane()->set_sequence(1);
  peer_.Say(response);
  EXPECT_EQ(shipper_->status().waiting, 1u);
  Run(absl::Milliseconds(300));
  EXPECT_EQ(billed_["gen_a"], 1);
}

TEST_F(ShipperTest, DrainWaitsForTheLastAcknowledgement) {
  Boot();
  Bill();
  Write("gen_a");
  bool drained = false;
  std::thread drain([&] { drained = shipper_->Drain(clock_.Monotonic() + absl::Hours(1)); });
  while (shipper_->status().waiting != 0 || billed_.empty()) {
    executor_.RunReady();
    Bill();
    std::this_thread::yield();
  }
  drain.join();
  EXPECT_TRUE(drained);
  Write("gen_b");
  EXPECT_FALSE(shipper_->Drain(clock_.Monotonic()));
}

}  // namespace
}  // namespace tollgate::dataplane
