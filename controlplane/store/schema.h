// The keys of the store's tables (docs/formats/config-store.md).
#ifndef TOLLGATE_CONTROLPLANE_STORE_SCHEMA_H_
#define TOLLGATE_CONTROLPLANE_STORE_SCHEMA_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate::controlplane {

// The version of the format that this program writes; it refuses a store with a greater one.
inline constexpr std::uint32_t kStoreFormat = 1;

// meta: "head" → Head.
inline constexpr std::string_view kHeadKey = "head";

// resources: "<kind>/<id>" → Record.
std::string ResourceRowKey(std::string_view kind, std::string_view id);

// memos: "<actor>" 0 "<request id>" → Memo.  Neither has a zero byte in it.
std::string MemoRowKey(std::string_view actor, std::string_view request_id);

// audit, revisions: the number as 8 bytes, big endian, so that keys sort by number.
std::string NumberRowKey(std::uint64_t number);
// DataLoss when it is not such a key.
absl::StatusOr<std::uint64_t> ParseNumberRowKey(std::string_view key);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_STORE_SCHEMA_H_
