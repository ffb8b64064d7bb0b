// The published configuration of this moment, and who wants to hear of the next.
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_PUBLISHER_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_PUBLISHER_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "controlplane/publish/resource_set.h"
#include "controlplane/publish/revision_log.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::controlplane {

// A revision that is durable.
struct Publication {
  LoggedRevision logged;
  ResourceChanges dataplane;
  ResourceChanges billing;
};

// What brings a node from one revision to a later one.
struct Update {
  config::v1::Revision revision;
  std::uint64_t digest = 0;
  // Set for a delta: what it applies to.  Without it `resources` are all there are.
  std::optional<config::v1::Revision> from;
  std::vector<ResourcePtr> resources;
  std::vector<std::string> removed;
};

// Larger deltas are sent as snapshots, whose chunks are bounded.
inline constexpr std::size_t kDeltaBytesMax = 1024 * 1024;

// Thread-safe.  The writer alone calls Publish(), in order of revision.
class Publisher {
 public:
  // Begins with a whole configuration and the log that led to it.
  Publisher(std::uint64_t epoch, ResourceSet dataplane, ResourceSet billing, RevisionLog log,
            std::uint64_t number);

  // Replaces the current state by the next, then calls the listener.
  void Publish(const Publication& publication);

  // Called after each Publish(), on the writer's thread; must return soon.  Empty = nobody.
  // Returns when a running call of the former listener has ended.
  void SetListener(std::function<void()> listener);

  config::v1::Revision revision() const;
  std::uint64_t digest(config::v1::Audience audience) const;

  // What a node needs that has `from` with `digest`; nullopt when it has the newest revision or one
  // that is newer than this process's (see SubscriberSession).  `whole`: a snapshot in any case.
  std::optional<Update> UpdateSince(config::v1::Audience audience, const config::v1::Revision& from,
                                    std::uint64_t digest, bool whole) const;

  // The sets, for the writer to plan the next change.  Valid and unchanged until Publish().
  const ResourceSet& published(config::v1::Audience audience) const;

 private:
  const ResourceSet& Set(config::v1::Audience audience) const;
  std::optional<Update> MakeDelta(config::v1::Audience audience,
                                  const config::v1::Revision& from) const;

  const std::uint64_t epoch_;
  mutable std::shared_mutex mutex_;
  // Guarded by mutex_.
  ResourceSet dataplane_;
  ResourceSet billing_;
  RevisionLog log_;
  std::uint64_t number_;

  std::mutex listener_mutex_;
  std::function<void()> listener_;  // Guarded by listener_mutex_, also while it runs.
};

// Whether `a` is an earlier state than `b`.
bool IsBefore(const config::v1::Revision& a, const config::v1::Revision& b);
bool IsSame(const config::v1::Revision& a, const config::v1::Revision& b);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_PUBLISHER_H_
