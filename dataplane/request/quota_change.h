// What the body of a POST or PATCH of /v1/quotas says.
#ifndef TOLLGATE_DATAPLANE_REQUEST_QUOTA_CHANGE_H_
#define TOLLGATE_DATAPLANE_REQUEST_QUOTA_CHANGE_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"

namespace tollgate::dataplane {

struct QuotaChange {
  std::string entity;          // `quotaEntityId`; empty when it is not stated.
  std::optional<Money> limit;  // `limitAmount`, dollars; ≥ 0.
  std::optional<int> period;   // `refreshPeriod`; config.v1.Period.
  std::optional<bool> active;
  std::optional<bool> archived;
};

// Reads a body; an empty one states nothing.  What is wrong, as a sentence for the client; nullopt
// when nothing is.  Members that it does not know are ignored, and null is as if it were not there.
std::optional<std::string> ReadQuotaChange(std::string_view body, QuotaChange& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_QUOTA_CHANGE_H_
