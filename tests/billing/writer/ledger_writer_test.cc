#include "billing/writer/ledger_writer.h"

#include <future>
#include <memory>

#include "absl/synchronization/notification.h"
#include "tests/billing/store/faulty_ledger_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

class LedgerWriterTest : public testing::Test {
 protected:
  void Start() {
    writer_.Start([this](std::vector<LeaseMessage> messages) { delivered_ += messages.size(); },
                  [this] { poisoned_.Notify(); });
  }
  WriterCommand TopUp(const std::string& id, std::promise<absl::Status>* done) {
    return {
        .apply =
            [id](Books& books, Now now) {
              ASSERT_OK(books.Post({EntryKind::kTopUp, "ws_1", Money::FromNanoUsd(5), id, ""}, now)
                            .status());
            },
        .done = [done](const absl::Status& synced) { done->set_value(synced); }};
  }
  absl::Status Run(const std::string& id) {
    std::promise<absl::Status> done;
    writer_.Submit(TopUp(id, &done));
    return done.get_future().get();
  }

  FakeClock clock_;
  Metrics metrics_;
  FaultyLedgerStore store_;
  absl::Notification poisoned_;
  std::atomic<std::size_t> delivered_ = 0;
  LedgerWriter writer_{store_, clock_, metrics_,
                       std::make_unique<Books>(LeaseBookOptions{}, StoredState{})};
};

TEST_F(LedgerWriterTest, TellsTheOutcomeWhenItIsInTheStore) {
  Start();
  ASSERT_OK(Run("a"));
  EXPECT_OK(store_.ReadEntry(1).status());
  EXPECT_OK(writer_.health());
}

TEST_F(LedgerWriterTest, WhatWaitsSharesOneWrite) {
  std::promise<absl::Status> done[10];
  for (int i = 0; i < 10; ++i) writer_.Submit(TopUp(std::to_string(i), &done[i]));
  Start();
  for (auto& one : done) EXPECT_OK(one.get_future().get());
  EXPECT_EQ(store_.writes(), 1);
  EXPECT_OK(store_.ReadEntry(10).status());
}

TEST_F(LedgerWriterTest, WithoutAThreadItRunsInSteps) {
  writer_.Attach([](std::vector<LeaseMessage>) {}, [] {});
  std::promise<absl::Status> done[2];
  for (int i = 0; i < 2; ++i) writer_.Submit(TopUp(std::to_string(i), &done[i]));
  EXPECT_EQ(store_.writes(), 0);
  writer_.Step();
  EXPECT_EQ(store_.writes(), 1);
  for (auto& one : done) EXPECT_OK(one.get_future().get());
  EXPECT_EQ(writer_.NextDeadline(), MonotonicTime::InfiniteFuture());
  writer_.Step();
  EXPECT_EQ(store_.writes(), 1) << "nothing waited";
}

TEST_F(LedgerWriterTest, ACommandThatChangesNothingWritesNothing) {
  Start();
  std::promise<absl::Status> done;
  writer_.Submit({.apply = [](Books&, Now) {},
                  .done = [&](const absl::Status& synced) { done.set_value(synced); }});
  EXPECT_OK(done.get_future().get());
  EXPECT_EQ(store_.writes(), 0);
}

TEST_F(LedgerWriterTest, AFailedWritePoisonsAndNothingIsAcknowledgedAnyMore) {
  Start();
  ASSERT_OK(Run("a"));
  store_.FailWrites();
  EXPECT_THAT(Run("b"), StatusIs(absl::StatusCode::kUnavailable));
  poisoned_.WaitForNotification();
  EXPECT_THAT(writer_.health(), StatusIs(absl::StatusCode::kUnavailable));
  const int writes = store_.writes();
  EXPECT_THAT(Run("c"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(store_.writes(), writes) << "a poisoned store must not be written again";
  EXPECT_THAT(metrics_.SerializeText(), testing::HasSubstr("tollgate_billing_poisoned 1"));
}

TEST_F(LedgerWriterTest, MessagesOfAFailedWriteAreNotSent) {
  Start();
  ASSERT_OK(Run("a"));
  store_.FailWrites();
  std::promise<absl::Status> done;
  writer_.Submit({.apply =
                      [](Books& books, Now now) {
                        ASSERT_OK(books.OpenStream(1, {"n", 1, ""}));
                        WantRequest want;
                        want.account = "wallet/ws_1";
                        want.need = want.want = Money::FromNanoUsd(1);
                        ASSERT_OK(books.Want(1, want, now));
                      },
                  .done = [&](const absl::Status& synced) { done.set_value(synced); }});
  EXPECT_THAT(done.get_future().get(), StatusIs(absl::StatusCode::kUnavailable));
  writer_.Stop();
  EXPECT_EQ(delivered_, 0u);
}

TEST_F(LedgerWriterTest, StopFinishesWhatIsQueuedAndRefusesTheRest) {
  std::promise<absl::Status> done;
  writer_.Submit(TopUp("a", &done));
  Start();
  writer_.Stop();
  EXPECT_OK(done.get_future().get());
  EXPECT_THAT(Run("b"), StatusIs(absl::StatusCode::kUnavailable));
  writer_.Stop();
}

}  // namespace
}  // namespace tollgate::billing
