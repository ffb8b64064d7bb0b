#include "dataplane/snapshot/subscriber.h"

#include <vector>

#include "tests/dataplane/support/fake_link.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;
using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

class SubscriberTest : public testing::Test {
 protected:
  SubscriberTest() : disk_(RealFileSystem(), dir_.path()) { Make(); }

  void Make() {
    subscriber_ =
        std::make_unique<Subscriber>(holder_, disk_, TestSealer(), executor_, clock_, random_,
                                     peer_.Factory(), SubscriberOptions{.node_id = "node"});
  }

  void Start() {
    subscriber_->Start();
    executor_.RunReady();
  }

  SubscribeResponse Chunk(const std::vector<Resource>& resources, std::uint64_t number,
                          std::uint32_t index = 0, std::uint32_t count = 1,
                          std::uint64_t digest = 0) {
    SubscribeResponse response;
    response.set_nonce(number);
    SubscribeResponse::SnapshotChunk* chunk = response.mutable_snapshot();
    chunk->mutable_revision()->set_epoch(1);
    chunk->mutable_revision()->set_number(number);
    chunk->set_index(index);
    chunk->set_count(count);
    for (const Resource& resource : resources) {
      chunk->add_resources(resource.SerializeAsString());
      digest += resource.hash();
    }
    chunk->set_digest(digest);
    return response;
  }

  SubscribeResponse DeltaOf(const std::vector<Resource>& upserts, std::uint64_t from,
                            std::uint64_t to, std::uint64_t digest) {
    SubscribeResponse response;
    response.set_nonce(to);
    SubscribeResponse::Delta* delta = response.mutable_delta();
    delta->mutable_from()->set_epoch(1);
    delta->mutable_from()->set_number(from);
    delta->mutable_to()->set_epoch(1);
    delta->mutable_to()->set_number(to);
    for (const Resource& resource : upserts) *delta->add_upserts() = resource;
    delta->set_digest(digest);
    return response;
  }

  std::uint64_t InForce() {
    auto snapshot = holder_.Load();
    return snapshot == nullptr ? 0 : snapshot->revision().number;
  }

  TempDir dir_;
  FakeClock clock_;
  ManualExecutor executor_{clock_};
  SeededRandom random_{1};
  FakePeer<SubscribeRequest, SubscribeResponse> peer_{executor_};
  SnapshotHolder holder_;
  SnapshotDisk disk_;
  std::unique_ptr<Subscriber> subscriber_;
};

TEST_F(SubscriberTest, TakesASnapshotInChunksAndAcknowledges) {
  Start();
  const SubscribeRequest hello = peer_.Take();
  EXPECT_EQ(hello.hello().node_id(), "node");
  EXPECT_EQ(hello.hello().audience(), config::v1::AUDIENCE_DATAPLANE);
  EXPECT_EQ(hello.hello().revision().number(), 0u);
  const Resource key = KeyResource("key_1", "ws_1");
  const Resource workspace = WorkspaceResource("ws_1");
  peer_.Say(Chunk({key}, 5, 0, 2));
  EXPECT_EQ(InForce(), 0u);
  EXPECT_TRUE(peer_.sent.empty());
  peer_.Say(Chunk({workspace}, 5, 1, 2, key.hash()));
  EXPECT_EQ(InForce(), 5u);
  const SubscribeRequest ack = peer_.Take();
  EXPECT_EQ(ack.ack().nonce(), 5u);
  EXPECT_EQ(ack.ack().revision().number(), 5u);
}

TEST_F(SubscriberTest, AppliesADeltaAndServesFromDiskAfterARestart) {
  Start();
  const Resource workspace = WorkspaceResource("ws_1");
  const Resource key = KeyResource("key_1", "ws_1");
  const Resource revoked = KeyResource("key_1", "ws_1", {}, true);
  peer_.Say(Chunk({workspace, key}, 1));
  peer_.Say(DeltaOf({revoked}, 1, 2, workspace.hash() + revoked.hash()));
  EXPECT_EQ(InForce(), 2u);
  EXPECT_TRUE(holder_.Load()->FindKey(Sha256("key_1"))->revoked());

  SnapshotHolder other;
  SnapshotDisk disk(RealFileSystem(), dir_.path());
  Subscriber restarted(other, disk, TestSealer(), executor_, clock_, random_, peer_.Factory(),
                       {.node_id = "node"});
  EXPECT_TRUE(restarted.LoadFromDisk());
  EXPECT_TRUE(restarted.status().from_disk);
  EXPECT_EQ(other.Load()->revision().number, 2u);
  EXPECT_TRUE(other.Load()->FindKey(Sha256("key_1"))->revoked());
}

TEST_F(SubscriberTest, ABadResourceRefusesTheWholeDelta) {
  Start();
  const Resource workspace = WorkspaceResource("ws_1");
  peer_.Say(Chunk({workspace}, 1));
  peer_.sent.clear();
  const Resource good = WorkspaceResource("ws_2");
  const Resource bad = KeyResource("key_1", "ws_404");
  peer_.Say(DeltaOf({good, bad}, 1, 2, workspace.hash() + good.hash() + bad.hash()));
  EXPECT_EQ(InForce(), 1u);
  const SubscribeRequest nack = peer_.Take();
  ASSERT_TRUE(nack.has_nack());
  EXPECT_EQ(nack.nack().kept().number(), 1u);
  EXPECT_THAT(nack.nack().error(), testing::HasSubstr("key/key_1"));
  EXPECT_EQ(holder_.Load()->FindWorkspace("ws_2"), nullptr);
  // And the next good one goes through.
  peer_.Say(DeltaOf({good}, 1, 3, workspace.hash() + good.hash()));
  EXPECT_EQ(InForce(), 3u);
}

TEST_F(SubscriberTest, RefusesADeltaFromElsewhereAndARevisionThatDoesNotRise) {
  Start();
  const Resource workspace = WorkspaceResource("ws_1");
  peer_.Say(Chunk({workspace}, 5));
  peer_.sent.clear();
  peer_.Say(DeltaOf({}, 4, 6, workspace.hash()));
  EXPECT_TRUE(peer_.Take().has_nack());
  peer_.Say(DeltaOf({}, 5, 5, workspace.hash()));
  EXPECT_TRUE(peer_.Take().has_nack());
  peer_.Say(Chunk({workspace}, 4));  // A stale replica.
  EXPECT_TRUE(peer_.Take().has_nack());
  EXPECT_EQ(InForce(), 5u);
}

TEST_F(SubscriberTest, AWrongDigestLeadsToAFreshSnapshot) {
  Start();
  const Resource workspace = WorkspaceResource("ws_1");
  peer_.Say(Chunk({workspace}, 5));
  peer_.Say(DeltaOf({WorkspaceResource("ws_2")}, 5, 6, 12345));
  EXPECT_EQ(InForce(), 5u);
  EXPECT_EQ(peer_.opened, 1) << "the stream lives until the refusal is heard";
  EXPECT_EQ(peer_.ended, 1);
  ASSERT_FALSE(peer_.sent.empty());
  EXPECT_TRUE(peer_.sent.back().has_nack());
  peer_.Close(absl::OkStatus());
  executor_.Advance(absl::Seconds(1));
  ASSERT_EQ(peer_.opened, 2);
  const SubscribeRequest hello = peer_.Take();
  EXPECT_EQ(hello.hello().revision().number(), 0u);
  peer_.Say(Chunk({workspace}, 5));  // The same revision is taken, this once.
  EXPECT_TRUE(peer_.Take().has_ack());
}

TEST_F(SubscriberTest, AStreamThatThePeerDoesNotEndIsLeft) {
  Start();
  peer_.Say(Chunk({WorkspaceResource("ws_1")}, 5));
  peer_.Say(DeltaOf({WorkspaceResource("ws_2")}, 5, 6, 12345));
  peer_.Say(Chunk({WorkspaceResource("ws_2")}, 7));
  EXPECT_EQ(InForce(), 5u) << "what comes on the refused stream counts for nothing";
  executor_.Advance(absl::Seconds(4), absl::Milliseconds(100));
  EXPECT_EQ(peer_.opened, 2);
}

TEST_F(SubscriberTest, GivesUpAServerThatSaysNothing) {
  Start();
  executor_.Advance(absl::Seconds(13), absl::Milliseconds(100));
  EXPECT_EQ(peer_.opened, 2);
  peer_.Say(SubscribeResponse());
  executor_.Advance(absl::Seconds(4), absl::Milliseconds(100));
  EXPECT_EQ(peer_.opened, 2);
  executor_.Advance(absl::Seconds(4), absl::Milliseconds(100));
  EXPECT_EQ(peer_.opened, 3);
}

TEST_F(SubscriberTest, IsConfirmedWhileTheControlPlaneHasNothingNewer) {
  Start();
  EXPECT_FALSE(subscriber_->Confirmed()) << "nobody was heard";
  peer_.Say(Chunk({WorkspaceResource("ws_1")}, 5));
  EXPECT_TRUE(subscriber_->Confirmed());
  SubscribeResponse heartbeat;
  heartbeat.mutable_heartbeat()->mutable_revision()->set_epoch(1);
  const auto hear = [&](std::uint64_t revision) {
    heartbeat.mutable_heartbeat()->mutable_revision()->set_number(revision);
    for (int second = 0; second < 7; ++second) {
      executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
      peer_.Say(heartbeat);
    }
  };
  hear(5);
  EXPECT_TRUE(subscriber_->Confirmed());
  hear(6);
  EXPECT_FALSE(subscriber_->Confirmed()) << "an update that was refused, or is late";
  EXPECT_TRUE(subscriber_->status().connected);
  hear(5);
  EXPECT_TRUE(subscriber_->Confirmed());
  executor_.Advance(absl::Seconds(5), absl::Milliseconds(100));
  EXPECT_TRUE(subscriber_->Confirmed());
  executor_.Advance(absl::Seconds(1), absl::Milliseconds(100));
  EXPECT_FALSE(subscriber_->Confirmed()) << "it is silent";
}

TEST_F(SubscriberTest, ALostStreamIsOpenedAgainWithWhatTheNodeHas) {
  Start();
  peer_.Say(Chunk({WorkspaceResource("ws_1")}, 5));
  peer_.Close(absl::UnavailableError("gone"));
  EXPECT_FALSE(subscriber_->status().connected);
  executor_.Advance(absl::Seconds(1));
  const SubscribeRequest hello = peer_.Take();
  EXPECT_EQ(hello.hello().revision().number(), 5u);
  EXPECT_EQ(hello.hello().digest(), WorkspaceResource("ws_1").hash());
  EXPECT_EQ(InForce(), 5u);
}

}  // namespace
}  // namespace tollgate::dataplane
