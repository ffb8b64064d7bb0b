// A lease keeper with a pool, and billing and time in a test's hands.
#ifndef TOLLGATE_TESTS_DATAPLANE_BUDGET_LEASE_KEEPER_FIXTURE_H_
#define TOLLGATE_TESTS_DATAPLANE_BUDGET_LEASE_KEEPER_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/budget/lease_keeper.h"
#include "tests/dataplane/support/fake_link.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {

using lease::v1::LeaseRequest;
using lease::v1::LeaseResponse;

inline Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

class LeaseKeeperFixture : public testing::Test {
 protected:
  LeaseKeeperFixture() { Boot(1); }

  void Boot(std::uint64_t incarnation) {
    keeper_.reset();
    pool_.reset();
    table_.reset();
    table_ = *LeaseTable::Open(RealFileSystem(), dir_.File("leases"), 64, "boot");
    pool_ =
        std::make_unique<LeasePool>(*table_, clock_, LeasePoolOptions{.incarnation = incarnation});
    keeper_ = std::make_unique<LeaseKeeper>(
        *pool_, executor_, clock_, random_, peer_.Factory(),
        LeaseKeeperOptions{.node_id = "node",
                           .incarnation = incarnation,
                           .session = "s",
                           .config_behind =
                               [this](const config::v1::Revision& newest) {
                                 return newest.number() > own_revision_;
                               },
                           .config_confirmed = [this] { return confirmed_; },
                           .drawn_acknowledged = [this](std::uint64_t) { return acknowledged_; }});
    wallet_ = pool_->Open("wallet/ws_1", "", true, absl::InfiniteFuture());
    set_ = AccountSet();
    set_.Add(wallet_);
    keeper_->Start();
    executor_.RunReady();
  }

  // The last Want that was sent; drops all.
  std::optional<LeaseRequest::Want> LastWant() {
    std::optional<LeaseRequest::Want> want;
    while (!peer_.sent.empty()) {
      const LeaseRequest request = peer_.Take();
      if (request.has_want()) want = request.want();
    }
    return want;
  }

  void Answer(const LeaseRequest::Want& want, std::int64_t granted,
              lease::v1::Shortage shortage = lease::v1::SHORTAGE_UNSPECIFIED,
              std::int64_t ttl_s = 60) {
    LeaseResponse response;
    lease::v1::Grant* grant = response.mutable_grant();
    grant->set_account(want.account());
    grant->set_granted_nano_usd(granted);
    grant->set_nonce(want.nonce());
    grant->set_shortage(shortage);
    grant->mutable_ttl()->set_seconds(ttl_s);
    grant->mutable_config_revision()->set_number(binding_revision_);
    peer_.Say(response);
  }

  // Waits for `amount`, and has it granted.
  void Fund(std::int64_t amount) {
    LastWant();
    const auto waiter = pool_->Wait(set_, Nano(amount), [] {});
    executor_.RunReady();
    const auto want = LastWant();
    ASSERT_TRUE(want.has_value());
    Answer(*want, want->granted_nano_usd() + amount);
    pool_->Forget(waiter);
    // What it would like beyond that, it does not get.
    while (const auto more = LastWant()) Answer(*more, more->granted_nano_usd());
  }

  std::uint64_t own_revision_ = 7;
  std::uint64_t binding_revision_ = 7;  // What billing says that it must be.
  bool confirmed_ = true;               // By the control plane.
  bool acknowledged_ = false;           // All that drew on a former run's leases.

  TempDir dir_;
  FakeClock clock_;
  ManualExecutor executor_{clock_};
  SeededRandom random_{1};
  FakePeer<LeaseRequest, LeaseResponse> peer_{executor_};
  std::unique_ptr<LeaseTable> table_;
  std::unique_ptr<LeasePool> pool_;
  std::unique_ptr<LeaseKeeper> keeper_;
  const Account* wallet_ = nullptr;
  AccountSet set_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_BUDGET_LEASE_KEEPER_FIXTURE_H_
