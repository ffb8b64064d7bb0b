#include "tests/bench/ledger/billing_fixture.h"

#include <future>
#include <utility>

#include "base/check.h"
#include "tests/bench/ledger/usage_batches.h"

namespace tollgate::bench {
namespace {

constexpr Money kMillionUsd = Money::FromNanoUsd(1'000'000 * kNanoUsdPerUsd);
constexpr billing::StreamId kStream = 1'000'000;  // Apart from those of the grants bench.

}  // namespace

BillingFixture::BillingFixture(const std::string& folder,
                               std::function<void(std::vector<billing::LeaseMessage>)> deliver) {
  auto store = billing::RocksdbLedgerStore::Open(folder);
  CHECK(store.ok()) << store.status();
  store_ = *std::move(store);
  auto state = store_->Load();
  CHECK(state.ok()) << state.status();
  const billing::BudgetTerms terms{kMillionUsd, BudgetPeriod::kNone, /*hard=*/true};
  const billing::BudgetTermsById budgets = {{"budget-key", terms}, {"budget-workspace", terms}};
  writer_ = std::make_unique<billing::LedgerWriter>(
      *store_, RealClock(), metrics_,
      std::make_unique<billing::Books>(billing::LeaseBookOptions{}, *std::move(state), budgets));
  writer_->Start(std::move(deliver), [] { CHECK(false) << "the store failed"; });
  RunOnBooks(*writer_, [](billing::Books& books, billing::Now now) {
    const billing::ManualEntry top_up{billing::EntryKind::kTopUp, kWorkspace, kMillionUsd, "bench",
                                      ""};
    CHECK(books.Post(top_up, now).ok());
    CHECK(books.OpenStream(kStream, {kNode, kIncarnation, "session"}).ok());
    for (const char* account : {kWallet, kKeyBudget, kWorkspaceBudget}) {
      billing::WantRequest want;
      want.account = account;
      want.need = want.want = Money::FromNanoUsd(kMillionUsd.nano_usd() / 2);
      CHECK(books.Want(kStream, want, now).ok());
    }
  });
}

BillingFixture::~BillingFixture() { writer_->Stop(); }

void RunOnBooks(billing::LedgerWriter& writer,
                std::function<void(billing::Books&, billing::Now)> step) {
  std::promise<absl::Status> done;
  writer.Submit({.apply = std::move(step),
                 .done = [&done](const absl::Status& synced) { done.set_value(synced); }});
  const absl::Status synced = done.get_future().get();
  CHECK(synced.ok()) << synced;
}

}  // namespace tollgate::bench
