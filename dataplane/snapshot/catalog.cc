#include "dataplane/snapshot/catalog.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

// "<first>\n<second>" without an allocation: two names of at most 256 bytes.
class PairKey {
 public:
  PairKey(std::string_view first, std::string_view second) {
    fits_ = first.size() + second.size() + 1 <= text_.size();
    if (!fits_) return;
    std::memcpy(text_.data(), first.data(), first.size());
    text_[first.size()] = '\n';
    std::memcpy(text_.data() + first.size() + 1, second.data(), second.size());
    size_ = first.size() + 1 + second.size();
  }
  bool fits() const { return fits_; }
  absl::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 640> text_;
  std::size_t size_ = 0;
  bool fits_ = false;
};

template <typename Map>
auto FindIn(const Map& map, std::string_view id) -> decltype(map.begin()->second.get()) {
  auto it = map.find(AbslView(id));
  return it == map.end() ? nullptr : it->second.get();
}

}  // namespace

std::string_view ScopeKindName(ScopeKind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "", "organization", "workspace", "project", "member", "key", "quota_entity"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool PatternMatches(std::string_view pattern, std::string_view name) {
  if (!pattern.empty() && pattern.back() == '*') {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return pattern == name;
}

const Price* Offering::PriceAt(absl::Time now) const {
  const Price* in_force = nullptr;
  for (const auto& price : prices) {
    if (price->effective_time > now) break;
    in_force = price.get();
  }
  return in_force;
}

const Model* Catalog::FindModel(std::string_view id) const { return FindIn(models_, id); }
const Provider* Catalog::FindProvider(std::string_view id) const { return FindIn(providers_, id); }
const Offering* Catalog::FindOffering(std::string_view id) const { return FindIn(offerings_, id); }

const Alias* Catalog::FindAlias(std::string_view workspace_id, std::string_view name) const {
  const PairKey own(workspace_id, name);
  const PairKey general("", name);
  if (!own.fits()) return nullptr;
  if (auto it = aliases_.find(own.view()); it != aliases_.end()) return it->second.get();
  if (auto it = aliases_.find(general.view()); it != aliases_.end()) return it->second.get();
  return nullptr;
}

const Route* Catalog::FindRoute(std::string_view workspace_id, std::string_view model_id) const {
  for (std::string_view owner : {workspace_id, std::string_view()}) {
    auto it = routes_by_workspace_.find(AbslView(owner));
    if (it == routes_by_workspace_.end()) continue;
    for (const Route* route : it->second) {
      if (route->model_pattern.empty() || PatternMatches(route->model_pattern, model_id)) {
        return route;
      }
    }
  }
  return nullptr;
}

const PriceRule* Catalog::FindPriceRule(std::string_view workspace_id,
                                        std::string_view provider_id) const {
  if (price_rules_.empty()) return nullptr;
  for (std::string_view owner : {workspace_id, std::string_view()}) {
    const auto it = price_rules_.find(AbslView(owner));
    if (it == price_rules_.end()) continue;
    for (const auto& rule : it->second) {
      const std::vector<std::string>& group = rule->provider_ids;
      if (group.empty() || std::find(group.begin(), group.end(), provider_id) != group.end()) {
        return rule.get();
      }
    }
  }
  return nullptr;
}

const std::vector<const Credential*>& Catalog::CredentialsOf(std::string_view provider_id,
                                                             std::string_view workspace_id) const {
  static const std::vector<const Credential*> kNone;
  const PairKey key(provider_id, workspace_id);
  if (!key.fits()) return kNone;
  auto it = credentials_by_owner_.find(key.view());
  return it == credentials_by_owner_.end() ? kNone : it->second;
}

std::vector<const Alias*> Catalog::AliasesFor(std::string_view workspace_id) const {
  std::vector<const Alias*> aliases;
  for (const auto& [key, alias] : aliases_) {
    if (alias->workspace_id.empty() || alias->workspace_id == workspace_id) {
      aliases.push_back(alias.get());
    }
  }
  std::sort(aliases.begin(), aliases.end(),
            [](const Alias* a, const Alias* b) { return a->name < b->name; });
  return aliases;
}

}  // namespace tollgate::dataplane
