// Usage records as a data-plane node writes them: what the ledger bench feeds to billing.
#ifndef TOLLGATE_TESTS_BENCH_LEDGER_USAGE_BATCHES_H_
#define TOLLGATE_TESTS_BENCH_LEDGER_USAGE_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::bench {

inline constexpr char kNode[] = "0123456789abcdef0123456789abcdef";
inline constexpr std::uint64_t kIncarnation = 1;
inline constexpr char kWorkspace[] = "ws-bench";
inline constexpr char kWallet[] = "wallet/ws-bench";
inline constexpr char kKeyBudget[] = "budget/budget-key/all";
inline constexpr char kWorkspaceBudget[] = "budget/budget-workspace/all";
inline constexpr std::int64_t kChargeNanoUsd = 1'125'000;

// The final record of the `number`th request of a lane: a chat completion with everything on, its
// holds on the wallet and on two hard budgets.  About 480 bytes.
usage::v1::UsageRecord UsageRecordOf(std::uint32_t lane, std::uint64_t number);

// `count` consecutive records of a lane, serialized, the first being the `first`th.
std::vector<std::string> SerializedRecords(std::uint32_t lane, std::uint64_t first,
                                           std::size_t count);

}  // namespace tollgate::bench

#endif  // TOLLGATE_TESTS_BENCH_LEDGER_USAGE_BATCHES_H_
