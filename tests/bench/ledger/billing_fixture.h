// Billing's writer on a RocksDB store in a folder of its own: what the ledger bench drives.
#ifndef TOLLGATE_TESTS_BENCH_LEDGER_BILLING_FIXTURE_H_
#define TOLLGATE_TESTS_BENCH_LEDGER_BILLING_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "billing/store/rocksdb_ledger_store.h"
#include "billing/writer/ledger_writer.h"

namespace tollgate::bench {

class BillingFixture {
 public:
  // Opens the store in `folder`, pays money into the workspace's wallet and leases it, and the two
  // budgets, to the node (usage_batches.h).  `deliver` gets the lease messages that follow.
  // CHECKs that all of it works.
  BillingFixture(const std::string& folder,
                 std::function<void(std::vector<billing::LeaseMessage>)> deliver);
  ~BillingFixture();

  billing::LedgerWriter& writer() { return *writer_; }

 private:
  std::unique_ptr<billing::RocksdbLedgerStore> store_;
  Metrics metrics_;
  std::unique_ptr<billing::LedgerWriter> writer_;
};

// Runs `step` on the books and waits until it is durable.
void RunOnBooks(billing::LedgerWriter& writer,
                std::function<void(billing::Books&, billing::Now)> step);

}  // namespace tollgate::bench

#endif  // TOLLGATE_TESTS_BENCH_LEDGER_BILLING_FIXTURE_H_
