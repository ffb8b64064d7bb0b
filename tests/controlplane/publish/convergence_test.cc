// Whatever is changed, dropped or forgotten: a node that applies what it is sent ends with what is
// published, and never has to refuse what the control plane wrote.
#include <optional>
#include <string>

#include "controlplane/publish/subscriber_session.h"
#include "gtest/gtest.h"
#include "tests/controlplane/publish/node_model.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"

namespace tollgate::controlplane {
namespace {

using config::v1::AUDIENCE_BILLING;
using config::v1::AUDIENCE_DATAPLANE;
using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

// A node and its stream; what is sent may get lost with the stream only, as TCP has it.
class Link {
 public:
  Link(WriterWorld& world, config::v1::Audience audience) : world_(world), node_(audience) {
    Connect();
  }

  void Connect() { session_.emplace(world_.writer().publisher(), node_.MakeHello()); }

  // One message there, and its answer back unless the stream breaks in between.
  bool Step(bool lose_answer) {
    std::optional<SubscribeResponse> message = session_->Next(MonotonicTime());
    if (!message.has_value()) return false;
    EXPECT_LE(message->ByteSizeLong(), 1024u * 1024u);
    std::optional<SubscribeRequest> answer;
    node_.Take(*message, answer);
    if (lose_answer) {
      Connect();
    } else if (answer.has_value() && answer->has_ack()) {
      EXPECT_OK(session_->OnAck(answer->ack()));
    } else if (answer.has_value()) {
      ++nacks_;
      EXPECT_OK(session_->OnNack(answer->nack()));
    }
    return true;
  }

  void Settle() {
    for (int i = 0; i < 100 && Step(false); ++i) {
    }
  }

  NodeModel& node() { return node_; }
  int nacks() const { return nacks_; }

 private:
  WriterWorld& world_;
  NodeModel node_;
  std::optional<SubscriberSession> session_;
  int nacks_ = 0;
};

// One random mutation; some are refused, which is fine.
void Mutate(WriterWorld& world, SeededRandom& random) {
  const std::string n = std::to_string(random.Below(6));
  const std::string provider = "p" + std::to_string(random.Below(3));
  switch (random.Below(9)) {
    case 0:
      (void)world.Create(KindId::kKey, WriterWorld::MakeKey("key_" + n));
      break;
    case 1:
      (void)world.Delete(KindId::kKey, "key_" + n);
      break;
    case 2: {
      admin::v1::Key patch;
      patch.set_id("key_" + n);
      patch.add_allowed_models("m" + std::to_string(random.Below(1000)));
      (void)world.Update(KindId::kKey, patch);
      break;
    }
    case 3: {
      admin::v1::Budget budget;
      budget.set_id("bud_" + n);
      budget.set_scope_kind(config::v1::SCOPE_KIND_KEY);
      budget.set_scope_id("key_" + n);
      budget.set_limit_nano_usd(static_cast<std::int64_t>(random.Below(1000)));
      budget.set_period(config::v1::PERIOD_DAILY);
      (void)world.Create(KindId::kBudget, budget);
      break;
    }
    case 4:
      (void)world.Delete(KindId::kBudget, "bud_" + n);
      break;
    case 5:
      (void)world.Create(KindId::kCredential, WriterWorld::MakeCredential("cred_" + n, provider));
      break;
    case 6:
      (void)world.Delete(KindId::kCredential, "cred_" + n);
      break;
    case 7: {
      admin::v1::Provider override_;
      override_.set_id(provider);
      override_.set_display_name("v" + std::to_string(random.Below(10)));
      if (!world.Create(KindId::kProvider, override_).ok()) {
        (void)world.Delete(KindId::kProvider, provider);
      }
      break;
    }
    default: {
      catalog::v1::Facts facts;
      for (const char* id : {"p0", "p1", "p2"}) {
        if (random.Below(3) > 0)
          AddFacts(facts, id, 1 + static_cast<std::int64_t>(random.Below(5)));
      }
      EXPECT_OK(world.writer().AdoptFacts(facts));
    }
  }
}

class ConvergenceTest : public testing::TestWithParam<int> {};

TEST_P(ConvergenceTest, NodesEndWithWhatIsPublished) {
  SeededRandom random(static_cast<std::uint64_t>(GetParam()));
  WriterWorld world;
  world.CreateBasics();
  Link dataplane(world, AUDIENCE_DATAPLANE);
  Link billing(world, AUDIENCE_BILLING);
  for (int i = 0; i < 300; ++i) {
    Mutate(world, random);
    for (Link* link : {&dataplane, &billing}) {
      if (random.Below(3) == 0) link->Step(random.Below(4) == 0);
      if (random.Below(20) == 0) link->Connect();
      if (random.Below(60) == 0) {
        link->node().Forget();
        link->Connect();
      }
    }
  }
  for (Link* link : {&dataplane, &billing}) {
    link->Settle();
    EXPECT_EQ(link->nacks(), 0) << link->node().refusal();
    EXPECT_TRUE(IsSame(link->node().revision(), world.writer().publisher().revision()));
    EXPECT_GT(link->node().deltas(), 0);
    EXPECT_GT(link->node().snapshots(), 0);
  }
  EXPECT_EQ(dataplane.node().digest(), world.writer().publisher().digest(AUDIENCE_DATAPLANE));
  EXPECT_EQ(billing.node().digest(), world.writer().publisher().digest(AUDIENCE_BILLING));

  // A restart publishes the same, so nodes notice nothing.
  const std::uint64_t digest = dataplane.node().digest();
  world.Reopen();
  EXPECT_EQ(world.writer().publisher().digest(AUDIENCE_DATAPLANE), digest);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConvergenceTest, testing::Range(1, 13));

class SubscriberSessionTest : public testing::Test {
 protected:
  SubscriberSessionTest() { world_.CreateBasics(); }
  void Change() { CHECK(world_.Create(KindId::kKey, WriterWorld::MakeKey("")).ok()); }
  WriterWorld world_;
};

TEST_F(SubscriberSessionTest, OneUpdateIsInFlightAndChangesCoalesce) {
  NodeModel node(AUDIENCE_DATAPLANE);
  SubscriberSession session(world_.writer().publisher(), node.MakeHello());
  std::optional<SubscribeResponse> message = session.Next(MonotonicTime());
  ASSERT_TRUE(message.has_value());
  std::optional<SubscribeRequest> answer;
  ASSERT_TRUE(node.Take(*message, answer));
  for (int i = 0; i < 5; ++i) Change();
  EXPECT_FALSE(session.Next(MonotonicTime()).has_value());
  ASSERT_OK(session.OnAck(answer->ack()));
  message = session.Next(MonotonicTime());
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->delta().upserts_size(), 5);
  EXPECT_EQ(message->nonce(), 2);
}

TEST_F(SubscriberSessionTest, ARefusedDeltaIsFollowedByASnapshotAndThatByPatience) {
  NodeModel node(AUDIENCE_DATAPLANE);
  SubscriberSession session(world_.writer().publisher(), node.MakeHello());
  std::optional<SubscribeRequest> answer;
  ASSERT_TRUE(node.Take(*session.Next(MonotonicTime()), answer));
  ASSERT_OK(session.OnAck(answer->ack()));
  node.Corrupt();
  Change();
  std::optional<SubscribeResponse> message = session.Next(MonotonicTime());
  ASSERT_TRUE(message->has_delta());
  EXPECT_FALSE(node.Take(*message, answer));
  ASSERT_OK(session.OnNack(answer->nack()));
  message = session.Next(MonotonicTime());
  ASSERT_TRUE(message->has_snapshot());
  // The node refuses that too: nothing more until there is something new.
  SubscribeRequest::Nack nack;
  nack.set_nonce(message->nonce());
  *nack.mutable_kept() = node.revision();
  ASSERT_OK(session.OnNack(nack));
  EXPECT_FALSE(session.Next(MonotonicTime()).has_value());
  Change();
  message = session.Next(MonotonicTime());
  ASSERT_TRUE(message.has_value() && message->has_snapshot());
  EXPECT_TRUE(node.Take(*message, answer));
  EXPECT_EQ(node.digest(), world_.writer().publisher().digest(AUDIENCE_DATAPLANE));
}

TEST_F(SubscriberSessionTest, AnAnswerToSomethingElseEndsTheStream) {
  NodeModel node(AUDIENCE_DATAPLANE);
  SubscriberSession session(world_.writer().publisher(), node.MakeHello());
  SubscribeRequest::Ack ack;
  EXPECT_FALSE(session.OnAck(ack).ok());
  const std::optional<SubscribeResponse> message = session.Next(MonotonicTime());
  ack.set_nonce(message->nonce());
  EXPECT_FALSE(session.OnAck(ack).ok());  // It names no revision.
}

TEST_F(SubscriberSessionTest, ANodeFromTheFutureIsNotSentBack) {
  NodeModel node(AUDIENCE_DATAPLANE);
  SubscribeRequest::Hello hello = node.MakeHello();
  hello.mutable_revision()->set_epoch(99);
  SubscriberSession session(world_.writer().publisher(), hello);
  EXPECT_TRUE(session.ahead());
  Change();
  EXPECT_FALSE(session.Next(MonotonicTime()).has_value());
}

TEST_F(SubscriberSessionTest, ALargeConfigurationComesInChunks) {
  admin::v1::Key key = WriterWorld::MakeKey("");
  for (int i = 0; i < kAllowedModelsMax; ++i) {
    key.add_allowed_models(std::string(kModelNameCharsMax - 4, 'm') + std::to_string(i));
  }
  for (int i = 0; i < 70; ++i) ASSERT_OK(world_.Create(KindId::kKey, key));
  Link link(world_, AUDIENCE_DATAPLANE);
  EXPECT_TRUE(link.Step(false));
  EXPECT_TRUE(link.node().rows().empty());  // Nothing is adopted before the last chunk.
  link.Settle();
  EXPECT_EQ(link.node().digest(), world_.writer().publisher().digest(AUDIENCE_DATAPLANE));
  EXPECT_EQ(link.node().snapshots(), 1);
}

}  // namespace
}  // namespace tollgate::controlplane
