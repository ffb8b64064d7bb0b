// Which revisions changed what: enough to answer a node that is not far behind with a delta.
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_REVISION_LOG_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_REVISION_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tollgate/config/v1/config.pb.h"

namespace tollgate::controlplane {

// How many revisions back a delta can reach; a node further behind takes a snapshot, which is then
// hardly larger.
inline constexpr std::size_t kLogRevisionsMax = 10'000;
// All keys in the log: one import of the catalog may change thousands.
inline constexpr std::size_t kLogKeysMax = 500'000;

// One revision.  The digests are those after it.
struct LoggedRevision {
  std::uint64_t number = 0;
  std::vector<std::string> keys{};
  std::uint64_t dataplane_digest = 0;
  std::uint64_t billing_digest = 0;
};

// Revisions of one epoch without gaps.  Not thread-safe.
class RevisionLog {
 public:
  // Adds the newest revision and forgets the oldest ones above the limits.
  // REQUIRED: it follows the newest one, or the log is empty.
  void Append(LoggedRevision revision);

  // The numbers that the log no longer holds after Append(): from `first_number()` on it does.
  std::uint64_t first_number() const { return revisions_.empty() ? 0 : revisions_.front().number; }

  // Whether a node that has revision `number` with `digest` can be brought up to date: the log
  // holds that revision with this digest.
  bool Reaches(std::uint64_t number, std::uint64_t digest, config::v1::Audience audience) const;

  // The keys that changed after `number`.  REQUIRED: the log holds `number`.
  std::set<std::string> ChangedSince(std::uint64_t number) const;

  // The log's revision of that number; nullptr when it does not hold it.
  const LoggedRevision* Find(std::uint64_t number) const;

 private:
  std::deque<LoggedRevision> revisions_;
  std::size_t keys_ = 0;  // Over all revisions.
};

// The digest of one audience.
std::uint64_t DigestOf(const LoggedRevision& revision, config::v1::Audience audience);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_REVISION_LOG_H_
