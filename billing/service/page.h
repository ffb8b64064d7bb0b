// Pages of list calls (AIP-158): sizes and opaque tokens.
#ifndef TOLLGATE_BILLING_SERVICE_PAGE_H_
#define TOLLGATE_BILLING_SERVICE_PAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate::billing {

inline constexpr std::size_t kPageSizeDefault = 100;
inline constexpr std::size_t kPageSizeMax = 1'000;

// 0 = the default, more than the most = the most; InvalidArgument below zero.
absl::StatusOr<std::size_t> PageSize(std::int32_t requested);

// A token that carries `position` for a list of one kind.  Callers must not look into it.
std::string MakePageToken(char kind, std::string_view position);

// The position; empty for an empty token.  InvalidArgument for a token that is not of this kind.
absl::StatusOr<std::string> ReadPageToken(char kind, const std::string& token);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_PAGE_H_
