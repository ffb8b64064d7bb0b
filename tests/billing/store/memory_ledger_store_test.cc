#include "billing/store/memory_ledger_store.h"

#include "tests/billing/store/ledger_store_conformance.h"

namespace tollgate::billing {
namespace {

class MemoryFactory {
 public:
  LedgerStore& store() { return store_; }
  void Reopen() {}

 private:
  MemoryLedgerStore store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LedgerStoreConformance, MemoryFactory);

}  // namespace
}  // namespace tollgate::billing
