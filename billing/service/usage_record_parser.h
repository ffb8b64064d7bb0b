// From the bytes of a spool to a record that the books can apply.
#ifndef TOLLGATE_BILLING_SERVICE_USAGE_RECORD_PARSER_H_
#define TOLLGATE_BILLING_SERVICE_USAGE_RECORD_PARSER_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "billing/ingest/usage_record.h"

namespace tollgate::billing {

inline constexpr std::size_t kUsageRecordBytesMax =
    64 * 1024;                                     // A real one has some hundred bytes.
inline constexpr std::size_t kUsageHoldsMax = 32;  // The wallet and the budgets of every scope.
inline constexpr std::size_t kGenerationIdBytesMax = 64;
inline constexpr std::size_t kCatalogIdBytesMax = 200;  // Models and providers.

// Parses one serialized UsageRecord and checks everything that the books rely on.  InvalidArgument,
// naming the field, otherwise.  `bytes` must outlive the item.  Pure; thread-safe.
absl::StatusOr<UsageRecordItem> ParseUsageRecord(std::string_view bytes);

// What stands for a record that ParseUsageRecord() refuses.
UsageRecordItem UnreadableRecord(std::string_view bytes);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_USAGE_RECORD_PARSER_H_
