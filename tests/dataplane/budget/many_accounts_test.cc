// A node that meets a hundred thousand scopes: bounded memory, and nothing that grows with them on
// the path of a request.
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dataplane/budget/lease_pool.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

constexpr int kScopes = 100'000;
constexpr std::size_t kSlots = 128 * 1024;

// Resident memory of this process.
std::int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

// The fastest of some rounds of holds, in nanoseconds a hold.
std::int64_t NanosecondsPerHold(LeasePool& pool, const std::vector<AccountSet>& sets) {
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  for (int round = 0; round < 10; ++round) {
    const absl::Time start = absl::Now();
    for (int i = 0; i < 10'000; ++i) {
      Hold hold;
      const AccountSet& set = sets[static_cast<std::size_t>(i) * 31 % sets.size()];
      EXPECT_EQ(pool.TryHold(set, Money::FromNanoUsd(1), &hold).kind, HoldResult::kHeld);
      pool.Release(std::move(hold));
    }
    best = std::min(best, absl::ToInt64Nanoseconds(absl::Now() - start) / 10'000);
  }
  return best;
}

TEST(ManyAccountsTest, AreBoundedInMemoryAndCostARequestNothing) {
  TempDir dir;
  FakeClock clock;
  auto table = *LeaseTable::Open(RealFileSystem(), dir.File("leases"), kSlots, "boot");
  LeasePool pool(*table, clock, {.incarnation = 1});
  pool.SetConnected(true);
  const auto open = [&](int i) {
    const Account* account = pool.Open(absl::StrCat("budget/bud_each/2026-11/key_", i), "bud_each",
                                       true, absl::InfiniteFuture());
    EXPECT_NE(account, nullptr);
    pool.Grant(*account, Money::FromNanoUsd(1'000'000), MonotonicTime::InfiniteFuture(),
               LeaseShortage::kNone, Money::Max());
    return account;
  };
  const std::int64_t before = ResidentBytes();
  std::vector<AccountSet> few(1);
  few[0].Add(open(0));
  const std::int64_t cost_of_few = NanosecondsPerHold(pool, few);
  std::vector<AccountSet> all(kScopes);
  all[0] = few[0];
  for (int i = 1; i < kScopes; ++i) all[static_cast<std::size_t>(i)].Add(open(i));
  const std::int64_t sets_bytes = static_cast<std::int64_t>(kScopes * sizeof(AccountSet));
  const std::int64_t bytes = (ResidentBytes() - before - sets_bytes) / kScopes;
  const std::int64_t cost_of_many = NanosecondsPerHold(pool, all);
  std::cout << bytes << " bytes a scope; a hold takes " << cost_of_few << " ns with one, "
            << cost_of_many << " ns with " << kScopes << "\n";
  EXPECT_LT(bytes, 1200) << "120 MB for a hundred thousand scopes";
  // The caches miss more often; a walk over all of them would take milliseconds.
  EXPECT_LT(cost_of_many, 20 * cost_of_few + 20'000);

  // Those that are idle are closed, and make room for as many others.
  EXPECT_EQ(table->used(), static_cast<std::size_t>(kScopes));
  for (const Account* account : pool.Accounts()) {
    pool.ReleaseIdle(*account, Money::Max());
    ASSERT_TRUE(pool.CloseIdle(*account));
  }
  EXPECT_EQ(table->used(), 0u);
  EXPECT_TRUE(pool.Accounts().empty());
  EXPECT_EQ(pool.closed_count(), static_cast<std::size_t>(kScopes));
  clock.Advance(absl::Hours(4));
  pool.FreeClosed();
  EXPECT_EQ(pool.closed_count(), 0u);
  const std::int64_t full = ResidentBytes();
  for (int i = kScopes; i < 2 * kScopes; ++i) open(i);
  EXPECT_LT(ResidentBytes() - full, 30'000'000) << "the memory of the former ones is used again";
}

}  // namespace
}  // namespace tollgate::dataplane
