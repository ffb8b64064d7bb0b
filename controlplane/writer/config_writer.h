// The single writer of configuration.
//
// Every mutation is one atomic, synced batch of the store: the resource, the memo of its request
// id, the audit entry, the revision and the head.  Only then is it in memory, published to nodes
// and answered.
#ifndef TOLLGATE_CONTROLPLANE_WRITER_CONFIG_WRITER_H_
#define TOLLGATE_CONTROLPLANE_WRITER_CONFIG_WRITER_H_

#include <google/protobuf/field_mask.pb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "controlplane/publish/projection.h"
#include "controlplane/publish/publisher.h"
#include "controlplane/resource/kind.h"
#include "controlplane/resource/world.h"
#include "controlplane/store/config_store.h"
#include "controlplane/writer/memo_book.h"
#include "controlplane/writer/stored_state.h"

namespace tollgate::controlplane {

// Resources of one kind: a million keys fit into memory and into a snapshot, more want sharding.
inline constexpr std::size_t kResourcesPerKindMax = 1'000'000;

// Who asks for a mutation, and what makes a repetition of it harmless.
struct Caller {
  std::string actor;       // The name of the token.
  std::string method;      // "tollgate.admin.v1.KeyService/CreateKey".
  std::string request_id;  // Empty = no protection.
  std::string contents;    // The whole request: equal for an honest repetition.
};

// A mutation's outcome.
struct Answer {
  RecordPtr record;   // Null for a deletion.
  Secret key_secret;  // Of a new key.
};

struct ConfigWriterOptions {
  // The store came back from a backup: nodes may have later revisions than it knows.  A new epoch
  // begins, greater than any former one (the time in seconds, at least).
  bool restore = false;
};

// Thread-safe: mutations wait for each other and for the disk, reads wait for neither.
// Errors carry a reason (docs/admin-api.md).
class ConfigWriter {
 public:
  // Everything must outlive the writer.
  struct Parts {
    ConfigStore& store;
    const Peppers& peppers;
    const Sealer& sealer;
    const Clock& clock;
    Random& random;
  };

  // Reads the store.  When what it would publish differs from what it last published (a new
  // version of the program may see more), that is a new revision.  The errors of
  // ReadStoredState() and of the store.
  static absl::StatusOr<std::unique_ptr<ConfigWriter>> Open(const Parts& parts,
                                                            const ConfigWriterOptions& options);

  // Adds a resource.  What the server sets is ignored in it.
  absl::StatusOr<Answer> Create(const Caller& caller, const Kind& kind, const Message& resource);

  // Changes the resource of `patch`'s id, if its etag is empty or the current one.  A change that
  // changes nothing is answered and not recorded.
  absl::StatusOr<Answer> Update(const Caller& caller, const Kind& kind, const Message& patch,
                                const google::protobuf::FieldMask& mask);

  // Removes a resource.
  absl::StatusOr<Answer> Delete(const Caller& caller, const Kind& kind, const std::string& id,
                                const std::string& etag);

  // Takes the catalog's facts of the providers in use in place of the former ones, durably.  The
  // same facts change nothing.
  absl::Status AdoptFacts(const catalog::v1::Facts& facts);

  // NotFound, reason NOT_FOUND.
  absl::StatusOr<RecordPtr> Get(const Kind& kind, const std::string& id) const;

  // See World::List().
  std::vector<RecordPtr> List(const Kind& kind, std::string_view after, std::size_t limit,
                              const std::function<bool(const Message&)>& matches) const;

  // Calls `listener` with the providers in use, now and whenever they change, while the writer is
  // held: it must not call back.  Empty = nobody.
  void SetProvidersListener(std::function<void(const std::set<std::string>&)> listener);

  Publisher& publisher() { return *publisher_; }

  // False after a write failed: nothing more can be written until the process restarts.
  bool healthy() const { return healthy_.load(std::memory_order_acquire); }

  // Audit entries written by this process.
  std::uint64_t audit_entries() const { return audit_entries_.load(std::memory_order_relaxed); }

 private:
  // A change that has passed all checks but is not written.
  struct Change {
    PlannedRecord planned;
    RecordPtr before;
    Secret key_secret;
    ResourceChanges published;  // For all audiences.
  };

  ConfigWriter(const Parts& parts, StoredState state);

  absl::Status Start(const StoredState& state, const ConfigWriterOptions& options);

  // The answer of a former call with the same request id.
  absl::StatusOr<std::optional<Answer>> FindRepeated(const Caller& caller);
  absl::Status AssignId(const Kind& kind, Message& resource);
  absl::StatusOr<RecordPtr> FindForChange(const Kind& kind, const std::string& id,
                                          const std::string& etag) const;
  // Checks `record`, completes it and writes it.
  absl::StatusOr<Answer> CommitRecord(const Caller& caller, RecordPtr before, Record record);
  absl::Status CheckReferences(const Kind& kind, const Message& resource) const;
  absl::StatusOr<ResourceChanges> PlanPublished(const PlannedRecord& planned) const;
  absl::StatusOr<Answer> Commit(const Caller& caller, Change change);
  // Answers without a change, and remembers the answer.
  absl::StatusOr<Answer> AnswerUnchanged(const Caller& caller, RecordPtr record);
  // The revision that follows, with the rows that make it.
  Publication NextPublication(const ResourceChanges& changes, StoreBatch& batch) const;
  absl::Status Write(const StoreBatch& batch);
  void TellProviders();

  const Parts parts_;
  const SecretTools secret_tools_;
  std::atomic<bool> healthy_{true};
  std::atomic<std::uint64_t> audit_entries_{0};

  mutable std::mutex writer_mutex_;
  // Changed only under writer_mutex_, and the world under world_mutex_ too.
  mutable std::shared_mutex world_mutex_;
  World world_;
  Facts facts_;
  MemoBook memos_;
  std::uint64_t epoch_ = 1;
  std::uint64_t number_ = 0;
  std::uint64_t first_logged_ = 0;  // The oldest row of the revisions' table.
  std::unique_ptr<Publisher> publisher_;
  std::function<void(const std::set<std::string>&)> providers_listener_;
  std::set<std::string> providers_;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WRITER_CONFIG_WRITER_H_
