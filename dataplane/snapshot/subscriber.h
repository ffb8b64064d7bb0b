// Follows the control plane's configuration stream (reliability.md §5.3, proto/tollgate/config).
//
// A machine on one executor of its own (building a snapshot of a million keys takes seconds).
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_SUBSCRIBER_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_SUBSCRIBER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/seal.h"
#include "dataplane/link/executor.h"
#include "dataplane/link/link.h"
#include "dataplane/snapshot/config_image.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/snapshot/snapshot_disk.h"
#include "tollgate/config/v1/config.pb.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::dataplane {

struct SubscriberOptions {
  std::string node_id;
  absl::Duration first_answer_timeout = absl::Seconds(10);  // From Hello to any message.
  absl::Duration silence_timeout = absl::Seconds(5);        // Five heartbeats.
  absl::Duration snapshot_timeout = absl::Seconds(120);     // From its first chunk to its last.
  absl::Duration tick = absl::Seconds(1);
  BackoffOptions backoff = {};
  // Told how many data-plane nodes there are, whenever a heartbeat says; may be empty.
  std::function<void(std::uint32_t)> on_node_count = {};
};

// What is known; for /readyz, /config_dump and metrics.
struct SubscriberStatus {
  ConfigRevision revision;
  bool has_snapshot = false;
  bool from_disk = false;  // What is in force was read from disk and not confirmed since.
  bool connected = false;
  bool disk_alarm = false;  // The file was damaged, of a later format, or cannot be written.
  // When the control plane last said that what is in force here is the newest.
  std::optional<MonotonicTime> confirmed_at;
  std::uint64_t snapshots_applied = 0;
  std::uint64_t deltas_applied = 0;
  std::uint64_t nacks_sent = 0;
  absl::Duration last_apply;  // How long the last update took to validate, build and put in force.
  std::string error;          // The last Nack, or why the last connection ended.
};

// Used on its executor only, but where noted.
class Subscriber {
 public:
  using Factory = LinkFactory<config::v1::SubscribeRequest, config::v1::SubscribeResponse>;

  // Everything must outlive this; destroy it when the executor is stopped, or from it.
  Subscriber(SnapshotHolder& holder, SnapshotDisk& disk, const Sealer& sealer, Executor& executor,
             const Clock& clock, Random& random, Factory factory, SubscriberOptions options);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // Reads the last good configuration from disk and puts it in force.  Before Start(), on the
  // caller's thread.  Whether there was one; what was wrong is in status() and the log.
  bool LoadFromDisk();

  // Begins; from any thread, once.
  void Start();

  // From any thread.
  SubscriberStatus status() const;

  // Whether the control plane has said of late that what is in force here is the newest.  From any
  // thread.
  bool Confirmed() const;

 private:
  void Connect();
  void OnMessage(const config::v1::SubscribeResponse& message);
  void OnChunk(std::uint64_t nonce, const config::v1::SubscribeResponse::SnapshotChunk& chunk);
  void OnDelta(std::uint64_t nonce, const config::v1::SubscribeResponse::Delta& delta);
  absl::Status ApplyDelta(const config::v1::SubscribeResponse::Delta& delta);
  absl::Status FinishSnapshot(const config::v1::SubscribeResponse::SnapshotChunk& chunk);
  void OnClosed(const absl::Status& status);
  void Tick();
  void Reconnect(const std::string& why);
  void EndAfterRefusal(const std::string& why);
  void Adopt(ConfigImage image, std::shared_ptr<const Snapshot> snapshot);
  void NoteConfirmed();
  void SendAck(std::uint64_t nonce);
  void SendNack(std::uint64_t nonce, const absl::Status& error);
  void DropPartial();

  SnapshotHolder& holder_;
  SnapshotDisk& disk_;
  const Sealer& sealer_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  const Factory factory_;
  const SubscriberOptions options_;

  std::shared_ptr<int> alive_;
  std::unique_ptr<Link<config::v1::SubscribeRequest>> link_;
  Backoff backoff_;
  ConfigImage image_;
  ConfigRevision revision_;
  bool resync_ = false;  // Ask for a snapshot at the next connection.

  struct Partial;  // A snapshot of which chunks are coming in.
  std::unique_ptr<Partial> partial_;

  MonotonicTime opened_at_;
  MonotonicTime last_message_;
  MonotonicTime ending_at_;
  bool answered_ = false;
  std::string ending_;  // Why the stream is being ended by us; empty while it is not.

  mutable std::mutex status_mutex_;
  SubscriberStatus status_;  // Guarded by status_mutex_.
};

// Subscriptions over gRPC; its events run on `executor`.
Subscriber::Factory GrpcConfigLinks(std::shared_ptr<grpc::Channel> channel, Executor& executor);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_SUBSCRIBER_H_
