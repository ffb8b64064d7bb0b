#include "billing/audit/store_scan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::billing {
namespace {

constexpr std::uint64_t kRowsBetweenProgress = 1'000;

}  // namespace

absl::Status StoreScan::ForEach(Family family, std::string_view part, const Row& row) const {
  std::uint64_t done = 0;
  const absl::Status status = database_.Scan(
      family, "", [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_RETURN_IF_ERROR(row(key, value));
        if (++done % kRowsBetweenProgress == 0 && progress_) {
          progress_(part, done, std::max(done, database_.EstimateRows(family)));
        }
        return true;
      });
  if (progress_) progress_(part, done, done);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(AbslView(part), ", row ", done + 1, ": ", status.message()));
}

}  // namespace tollgate::billing
