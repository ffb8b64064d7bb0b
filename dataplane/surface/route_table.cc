#include "dataplane/surface/route_table.h"

#include <algorithm>
#include <utility>

namespace tollgate::dataplane {

RouteTable::RouteTable(std::span<const Surface* const> surfaces) {
  for (const Surface* surface : surfaces) {
    for (const SurfaceRoute& route : surface->routes()) {
      if (route.pattern.find('*') == std::string_view::npos) {
        exact_[route.pattern].push_back({route, surface});
      } else {
        starred_.push_back({route, surface});
      }
    }
  }
  std::stable_sort(starred_.begin(), starred_.end(), [](const Entry& a, const Entry& b) {
    return a.route.pattern.size() > b.route.pattern.size();
  });
}

bool RouteTable::Matches(std::string_view pattern, std::string_view path,
                         std::string_view& wildcard) {
  const std::size_t star = pattern.find('*');
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  if (path.size() <= before.size() + after.size()) return false;
  if (!path.starts_with(before) || !path.ends_with(after)) return false;
  wildcard = path.substr(before.size(), path.size() - before.size() - after.size());
  return true;
}

RouteMatch RouteTable::Find(const RequestHead& head, std::string_view path) const {
  RouteMatch match;
  const Entry* best = nullptr;
  const auto consider = [&](const Entry& entry, std::string_view wildcard) {
    if (entry.route.method != head.method) {
      if (match.surface == nullptr) {
        match = {entry.surface, entry.route.operation, wildcard, true};
      }
      return;
    }
    if (best != nullptr && (entry.route.pattern != best->route.pattern ||
                            best->surface->Claims(head) || !entry.surface->Claims(head))) {
      return;
    }
    best = &entry;
    match = {entry.surface, entry.route.operation, wildcard, false};
  };
  if (const auto found = exact_.find(path); found != exact_.end()) {
    for (const Entry& entry : found->second) consider(entry, {});
    return match;
  }
  for (const Entry& entry : starred_) {
    std::string_view wildcard;
    if (Matches(entry.route.pattern, path, wildcard)) consider(entry, wildcard);
  }
  return match;
}

std::string RouteTable::Allowed(std::string_view path) const {
  constexpr std::pair<Method, std::string_view> kNames[] = {
      {Method::kGet, "GET"},
      {Method::kPost, "POST"},
      {Method::kPatch, "PATCH"},
      {Method::kDelete, "DELETE"},
  };
  const auto found = exact_.find(path);
  const auto answers = [&](Method method) {
    if (found != exact_.end()) {
      return std::any_of(found->second.begin(), found->second.end(),
                         [method](const Entry& entry) { return entry.route.method == method; });
    }
    return std::any_of(starred_.begin(), starred_.end(), [&](const Entry& entry) {
      std::string_view wildcard;
      return entry.route.method == method && Matches(entry.route.pattern, path, wildcard);
    });
  };
  std::string allowed;
  for (const auto& [method, name] : kNames) {
    if (!answers(method)) continue;
    if (!allowed.empty()) allowed += ", ";
    allowed += name;
  }
  return allowed;
}

}  // namespace tollgate::dataplane
