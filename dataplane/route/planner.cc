#include "dataplane/route/planner.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

// Offerings of one model that are looked at; no model has nearly as many sellers.
constexpr std::size_t kOfferingsMax = 64;
// Models that a request can name by its list and by aliases.
constexpr std::size_t kModelsMax = 64;

template <typename Strings>
std::size_t PositionIn(const Strings& list, std::string_view name) {
  std::size_t position = 0;
  for (const auto& entry : list) {
    if (std::string_view(entry) == name) break;
    ++position;
  }
  return position;  // The list's size when it is not there.
}

template <typename Strings>
bool Contains(const Strings& list, std::string_view name) {
  return PositionIn(list, name) < std::size(list);
}

// An offering on its way into the plan, with what it is ordered by.
struct Candidate {
  const Offering* offering = nullptr;
  const Price* price = nullptr;
  std::size_t wish = 0;   // Place in the request's order.
  std::size_t order = 0;  // Place in the route's order.
};

bool Before(const Candidate& a, const Candidate& b, Route::Sort sort) {
  if (a.wish != b.wish) return a.wish < b.wish;
  if (a.order != b.order) return a.order < b.order;
  if (sort == Route::Sort::kPrice && a.price->rank_pico_usd != b.price->rank_pico_usd) {
    return a.price->rank_pico_usd < b.price->rank_pico_usd;
  }
  return false;  // As they come: by provider and offering id.
}

class Planner {
 public:
  Planner(const Snapshot& snapshot, const Principal& principal,
          const PlanRequirements& requirements, const Cooldowns& cooldowns, absl::Time now,
          MonotonicTime monotonic_now)
      : catalog_(snapshot.catalog()),
        principal_(principal),
        requirements_(requirements),
        cooldowns_(cooldowns),
        now_(now),
        monotonic_now_(monotonic_now) {}

  std::variant<AttemptPlan, PlanError> Run(std::span<const std::string_view> names) {
    for (std::string_view name : names) AddName(name);
    if (!plan_.empty()) return plan_;
    return Refusal(names.empty() ? std::string_view() : names.front());
  }

 private:
  // The furthest rule that any model reached is the one that emptied the plan.
  void Reached(PlanRule rule) { rule_ = std::max(rule_, rule); }

  void AddName(std::string_view name) {
    const Alias* alias = catalog_.FindAlias(principal_.workspace_id(), name);
    if (alias == nullptr) {
      AddModel(catalog_.FindModel(name), principal_.key().Allows(name));
      return;
    }
    const bool by_alias = principal_.key().Allows(name);
    for (const std::string& id : alias->model_ids) {
      AddModel(catalog_.FindModel(id), by_alias || principal_.key().Allows(id));
    }
  }

  void AddModel(const Model* model, bool allowed) {
    if (model == nullptr) return;
    Reached(PlanRule::kModelNotAllowed);
    if (!allowed || AlreadyPlanned(model)) return;
    Reached(PlanRule::kNoOffering);
    if (!requirements_.model_type.empty() && model->type != requirements_.model_type) return;
    const Route* route = catalog_.FindRoute(principal_.workspace_id(), model->id);
    if (route != nullptr && attempts_max_ == 0) attempts_max_ = route->attempts_max;
    Collect(*model, route);
    const Route::Sort sort = route == nullptr ? Route::Sort::kPrice : route->sort;
    Sort(sort);
    for (std::size_t i = 0; i < count_; ++i) AddOffering(candidates_[i]);
  }

  // Insertion: stable, few elements, and no allocation.
  void Sort(Route::Sort sort) {
    for (std::size_t i = 1; i < count_; ++i) {
      const Candidate candidate = candidates_[i];
      std::size_t at = i;
      for (; at > 0 && Before(candidate, candidates_[at - 1], sort); --at) {
        candidates_[at] = candidates_[at - 1];
      }
      candidates_[at] = candidate;
    }
  }

  bool AlreadyPlanned(const Model* model) {
    for (std::size_t i = 0; i < models_; ++i) {
      if (seen_[i] == model) return true;
    }
    if (models_ < seen_.size()) seen_[models_++] = model;
    return false;
  }

  void Collect(const Model& model, const Route* route) {
    count_ = 0;
    for (const Offering* offering : model.offerings) {
      const Provider& provider = *offering->provider;
      if ((requirements_.formats & (1u << static_cast<unsigned>(provider.format))) == 0) continue;
      Reached(PlanRule::kUnpriced);
      const Price* price = offering->PriceAt(now_);
      if (price == nullptr) continue;
      if (requirements_.makes_output && !price->compiled.prices_output()) continue;
      Reached(PlanRule::kProviderFilter);
      if (!Admits(provider.id, route) || count_ == candidates_.size()) continue;
      Candidate& candidate = candidates_[count_++];
      candidate.offering = offering;
      candidate.price = price;
      candidate.wish = PositionIn(requirements_.provider_order, provider.id);
      candidate.order = route == nullptr ? 0 : PositionIn(route->order, provider.id);
    }
  }

  bool Admits(std::string_view provider, const Route* route) const {
    if (Contains(requirements_.provider_ignore, provider)) return false;
    if (!requirements_.provider_only.empty() && !Contains(requirements_.provider_only, provider)) {
      return false;
    }
    if (route == nullptr) return true;
    if (Contains(route->ignore, provider)) return false;
    return route->only.empty() || Contains(route->only, provider);
  }

  void AddOffering(const Candidate& candidate) {
    Reached(PlanRule::kNoCredential);
    const Provider& provider = *candidate.offering->provider;
    AddCredentials(candidate, catalog_.CredentialsOf(provider.id, principal_.workspace_id()));
    if (IsBound(provider) && requirements_.credential == nullptr) return;
    AddCredentials(candidate, catalog_.CredentialsOf(provider.id, ""));
  }

  bool IsBound(const Provider& provider) const {
    return requirements_.bound_formats >> static_cast<unsigned>(provider.format) & 1;
  }

  void AddCredentials(const Candidate& candidate,
                      const std::vector<const Credential*>& credentials) {
    const Credential* only =
        IsBound(*candidate.offering->provider) ? requirements_.credential : nullptr;
    for (const Credential* credential : credentials) {
      if (only != nullptr && only != credential) continue;
      Reached(PlanRule::kAllResting);
      const std::optional<MonotonicTime> rests =
          requirements_.skip_resting
              ? cooldowns_.RestsUntil(credential->cooldown_key, monotonic_now_)
              : std::nullopt;
      if (rests.has_value()) {
        plan_.NoteResting(*rests);
        continue;
      }
      if (plan_.size() >= AttemptsMax()) return;
      plan_.Add({.model = candidate.offering->model,
                 .offering = candidate.offering,
                 .provider = candidate.offering->provider,
                 .credential = credential,
                 .price = candidate.price,
                 .rule = credential->byok() ? nullptr : RuleFor(candidate)});
    }
  }

  const PriceRule* RuleFor(const Candidate& candidate) const {
    return catalog_.FindPriceRule(principal_.workspace_id(), candidate.offering->provider->id);
  }

  std::size_t AttemptsMax() const {
    constexpr std::uint32_t kWithoutRoute = 5;  // Route.attempts_max of 0, config.proto.
    return std::min<std::size_t>(attempts_max_ == 0 ? kWithoutRoute : attempts_max_, kAttemptsMax);
  }

  PlanError Refusal(std::string_view name) const {
    PlanError error;
    error.rule = rule_;
    const std::string model = absl::StrCat("The model \"", AbslView(name), "\"");
    switch (rule_) {
      case PlanRule::kUnknownModel:
        error.message = absl::StrCat(
            model, " does not exist. GET /v1/models lists the models that this key may call.");
        break;
      case PlanRule::kModelNotAllowed:
        error.message = absl::StrCat(
            model, " is not on this key's list of models. Ask an administrator to allow it.");
        break;
      case PlanRule::kNoOffering:
        error.message = absl::StrCat(
            model, " is not sold by any provider that can serve this kind of request.");
        break;
      case PlanRule::kUnpriced:
        error.message =
            absl::StrCat(model, " has no price in force, and what has no price is not served.");
        break;
      case PlanRule::kProviderFilter:
        error.message = absl::StrCat(
            model, " is left without a provider by the route's or the request's provider filter.");
        break;
      case PlanRule::kNoCredential:
        error.message = absl::StrCat(
            model, " has no provider with a credential. Ask an administrator to add one.");
        break;
      case PlanRule::kAllResting:
        error.retry_after = std::max(plan_.soonest_rest() - monotonic_now_, absl::ZeroDuration());
        error.message = absl::StrCat(
            model, " is limited or failing at every provider right now. Try again later.");
        break;
    }
    return error;
  }

  const Catalog& catalog_;
  const Principal& principal_;
  const PlanRequirements& requirements_;
  const Cooldowns& cooldowns_;
  const absl::Time now_;
  const MonotonicTime monotonic_now_;

  AttemptPlan plan_;
  PlanRule rule_ = PlanRule::kUnknownModel;
  std::uint32_t attempts_max_ = 0;  // 0: no route was met.
  std::array<Candidate, kOfferingsMax> candidates_;
  std::size_t count_ = 0;
  std::array<const Model*, kModelsMax> seen_;
  std::size_t models_ = 0;
};

}  // namespace

std::string_view PlanRuleName(PlanRule rule) {
  switch (rule) {
    case PlanRule::kUnknownModel:
      return "unknown_model";
    case PlanRule::kModelNotAllowed:
      return "model_not_allowed";
    case PlanRule::kNoOffering:
      return "no_offering";
    case PlanRule::kUnpriced:
      return "unpriced";
    case PlanRule::kProviderFilter:
      return "provider_filter";
    case PlanRule::kNoCredential:
      return "no_credential";
    case PlanRule::kAllResting:
      return "all_resting";
  }
  return "unknown_model";
}

std::variant<AttemptPlan, PlanError> Plan(const Snapshot& snapshot, const Principal& principal,
                                          std::span<const std::string_view> models,
                                          const PlanRequirements& requirements,
                                          const Cooldowns& cooldowns, absl::Time now,
                                          MonotonicTime monotonic_now) {
  return Planner(snapshot, principal, requirements, cooldowns, now, monotonic_now).Run(models);
}

}  // namespace tollgate::dataplane
