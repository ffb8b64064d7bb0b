#include "dataplane/upstream/connection.h"

#include "absl/hash/hash.h"
#include "base/string_views.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {

std::size_t ConnectionPool::Hash::operator()(const OriginKey& key) const {
  return absl::HashOf(key.tls, key.port, AbslView(key.host));
}

std::size_t ConnectionPool::Hash::operator()(const Origin& origin) const {
  return absl::HashOf(origin.tls, origin.port, AbslView(origin.host));
}

std::unique_ptr<UpstreamConnection> ConnectionPool::Take(const Origin& origin,
                                                         std::int64_t now_ms) {
  const auto found = idle_.find(origin);
  if (found == idle_.end()) return nullptr;
  auto& connections = found->second;
  while (!connections.empty()) {
    std::unique_ptr<UpstreamConnection> connection = std::move(connections.back());
    connections.pop_back();
    const std::int64_t idle_ms = now_ms - connection->idle_since_ms_;
    if (idle_ms > idle_ms_max_) continue;
    if (idle_ms > kPoolTrustIdleMs && !connection->transport().IdleAndOpen()) continue;
    return connection;
  }
  return nullptr;
}

void ConnectionPool::Put(std::unique_ptr<UpstreamConnection> connection, std::int64_t now_ms) {
  TimerWheel::Clear(connection->timer());
  auto& connections = idle_[connection->key()];
  if (connections.size() >= kPoolIdlePerOriginMax) return;
  connection->buffer().Shrink();
  connection->idle_since_ms_ = now_ms;
  connections.push_back(std::move(connection));
}

void ConnectionPool::Sweep(std::int64_t now_ms) {
  for (auto& [key, connections] : idle_) {
    // Oldest first: the newest are reused first, so the front is what nobody needs.
    std::size_t stale = 0;
    while (stale < connections.size() &&
           now_ms - connections[stale]->idle_since_ms_ > idle_ms_max_) {
      ++stale;
    }
    connections.erase(connections.begin(),
                      connections.begin() + static_cast<std::ptrdiff_t>(stale));
  }
  absl::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

std::size_t ConnectionPool::idle_count() const {
  std::size_t count = 0;
  for (const auto& [key, connections] : idle_) count += connections.size();
  return count;
}

}  // namespace tollgate::dataplane
