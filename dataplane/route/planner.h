// Which attempts a request may make, and in what order (architecture.md §5, stage 4).
#ifndef TOLLGATE_DATAPLANE_ROUTE_PLANNER_H_
#define TOLLGATE_DATAPLANE_ROUTE_PLANNER_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "base/check.h"
#include "base/clock.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/limits.h"
#include "dataplane/route/cooldowns.h"
#include "dataplane/snapshot/snapshot.h"

namespace tollgate::dataplane {

// One try: everything that it needs, pinned.  Points into the snapshot.
struct PlannedAttempt {
  const Model* model = nullptr;
  const Offering* offering = nullptr;
  const Provider* provider = nullptr;
  const Credential* credential = nullptr;
  const Price* price = nullptr;
  const PriceRule* rule = nullptr;  // What is added to the list price; null = nothing, or BYOK.

  // What the customer's charge is computed with.
  PriceFactor factor() const { return rule == nullptr ? PriceFactor() : rule->factor; }
};

// A list of attempts without allocation.
class AttemptPlan {
 public:
  AttemptPlan() = default;
  AttemptPlan(const AttemptPlan&) = default;
  // Copies the attempts that there are.
  AttemptPlan& operator=(const AttemptPlan& other) {
    std::copy(other.begin(), other.end(), attempts_.begin());
    size_ = other.size_;
    soonest_rest_ = other.soonest_rest_;
    return *this;
  }
  void Clear() {
    size_ = 0;
    soonest_rest_ = MonotonicTime::InfiniteFuture();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const PlannedAttempt& operator[](std::size_t i) const {
    DCHECK(i < size_);
    return attempts_[i];
  }
  const PlannedAttempt* begin() const { return attempts_.data(); }
  const PlannedAttempt* end() const { return attempts_.data() + size_; }

  // False, and no change, when it is full.
  bool Add(const PlannedAttempt& attempt) {
    if (size_ == attempts_.size()) return false;
    attempts_[size_++] = attempt;
    return true;
  }

  // When the first of the credentials that were left out since they rest may be tried again;
  // InfiniteFuture for none.
  MonotonicTime soonest_rest() const { return soonest_rest_; }
  void NoteResting(MonotonicTime until) { soonest_rest_ = std::min(soonest_rest_, until); }

 private:
  std::array<PlannedAttempt, kAttemptsMax> attempts_{};
  std::size_t size_ = 0;
  MonotonicTime soonest_rest_ = MonotonicTime::InfiniteFuture();
};

// What the request needs of an offering, and what it says about providers.
struct PlanRequirements {
  // Formats that the surface can be served with: bit (1 << WireFormat).
  std::uint32_t formats = 1u << static_cast<unsigned>(WireFormat::kOpenAiChat);
  // The kind of model, as in Model::type; empty = any.
  std::string_view model_type = "language";
  // Whether the request makes output, which must then have a price.
  bool makes_output = true;
  // Of the body's gateway options; they narrow the route's.  Empty = no wish.
  std::span<const std::string_view> provider_order;
  std::span<const std::string_view> provider_only;
  std::span<const std::string_view> provider_ignore;
  // Of providers of these formats, which keep something that the request names, only `credential`,
  // or when that is null only the workspace's own: bit (1 << WireFormat).
  std::uint32_t bound_formats = 0;
  const Credential* credential = nullptr;
  // False: credentials that rest are planned all the same.
  bool skip_resting = true;
};

// The rule that left nothing.  In the order in which they are applied.
enum class PlanRule {
  kUnknownModel,     // No model and no alias of these names.
  kModelNotAllowed,  // The key's allow-list.
  kNoOffering,       // Nobody sells the model, or not of this type, or in no format we speak.
  kUnpriced,         // No price is in force.
  kProviderFilter,   // The route's or the request's only / ignore.
  kNoCredential,     // No provider left has a credential.
  kAllResting,       // All credentials rest: come back later.
};

// "unknown_model", …: for metric labels and logs.
std::string_view PlanRuleName(PlanRule rule);

struct PlanError {
  PlanRule rule = PlanRule::kUnknownModel;
  std::string message;  // A sentence for the caller; names models and providers only.
  std::optional<absl::Duration> retry_after;  // Of kAllResting: until the first wakes.
};

// Plans attempts for `models`, the body's model first, then its fallbacks; each is a model id or an
// alias (the workspace's own before a general one, either before a model id).  Per model: offerings
// filtered by the rules above, ordered by the request's order, then the route's, then its sort; per
// offering the workspace's own credentials (BYOK) before the system's, each by priority.  At most
// the route's attempts_max (of the first model that has a route), and kAttemptsMax.
// No I/O, no lock; allocates only for an error.
std::variant<AttemptPlan, PlanError> Plan(const Snapshot& snapshot, const Principal& principal,
                                          std::span<const std::string_view> models,
                                          const PlanRequirements& requirements,
                                          const Cooldowns& cooldowns, absl::Time now,
                                          MonotonicTime monotonic_now);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_ROUTE_PLANNER_H_
