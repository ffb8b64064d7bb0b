#include "dataplane/request/listed_models.h"

#include <algorithm>
#include <string>

#include "dataplane/provider/format.h"

namespace tollgate::dataplane {
namespace {

// What a caller can reach.
class Lister {
 public:
  Lister(const Snapshot& snapshot, const Principal* principal, absl::Time now)
      : catalog_(snapshot.catalog()), principal_(principal), now_(now) {}

  std::string_view workspace() const {
    return principal_ == nullptr ? std::string_view() : principal_->workspace_id();
  }

  bool Allows(std::string_view name) const {
    return principal_ == nullptr || principal_->key().Allows(name);
  }

  // The offerings of a model that can be called, the cheapest first.
  std::vector<ListedModel> Endpoints(const Model& model, std::string_view name) const {
    std::vector<ListedModel> endpoints;
    for (const Offering* offering : model.offerings) {
      const Price* price = offering->PriceAt(now_);
      if (price == nullptr || !Reaches(*offering->provider)) continue;
      endpoints.push_back({name, &model, offering, price});
    }
    std::stable_sort(endpoints.begin(), endpoints.end(),
                     [](const ListedModel& a, const ListedModel& b) {
                       return a.price->rank_pico_usd < b.price->rank_pico_usd;
                     });
    return endpoints;
  }

  // The same of what an alias stands for: the first of its models that can be reached.
  std::vector<ListedModel> Endpoints(const Alias& alias) const {
    for (const std::string& id : alias.model_ids) {
      const Model* model = catalog_.FindModel(id);
      if (model == nullptr) continue;
      std::vector<ListedModel> endpoints = Endpoints(*model, alias.name);
      if (!endpoints.empty()) return endpoints;
    }
    return {};
  }

 private:
  bool Reaches(const Provider& provider) const {
    if (FormatOf(provider.format) == nullptr) return false;
    return !catalog_.CredentialsOf(provider.id, "").empty() ||
           (principal_ != nullptr && !catalog_.CredentialsOf(provider.id, workspace()).empty());
  }

  const Catalog& catalog_;
  const Principal* principal_;
  absl::Time now_;
};

}  // namespace

std::vector<ListedModel> ListModels(const Snapshot& snapshot, const Principal* principal,
                                    absl::Time now) {
  const Lister lister(snapshot, principal, now);
  std::vector<ListedModel> models;
  const auto add = [&](const std::vector<ListedModel>& endpoints) {
    if (!endpoints.empty()) models.push_back(endpoints.front());
  };
  for (const Alias* alias : snapshot.catalog().AliasesFor(lister.workspace())) {
    if (lister.Allows(alias->name)) add(lister.Endpoints(*alias));
  }
  for (const Model* model : snapshot.catalog().models()) {
    if (lister.Allows(model->id)) add(lister.Endpoints(*model, model->id));
  }
  return models;
}

std::vector<ListedModel> ListEndpoints(const Snapshot& snapshot, const Principal* principal,
                                       std::string_view name, absl::Time now) {
  const Lister lister(snapshot, principal, now);
  if (!lister.Allows(name)) return {};
  const Alias* alias = snapshot.catalog().FindAlias(lister.workspace(), name);
  if (alias != nullptr) return lister.Endpoints(*alias);
  const Model* model = snapshot.catalog().FindModel(name);
  if (model == nullptr) return {};
  return lister.Endpoints(*model, name);
}

std::optional<ListedModel> FindListedModel(const Snapshot& snapshot, const Principal* principal,
                                           std::string_view name, absl::Time now) {
  const std::vector<ListedModel> endpoints = ListEndpoints(snapshot, principal, name, now);
  if (endpoints.empty()) return std::nullopt;
  return endpoints.front();
}

}  // namespace tollgate::dataplane
