// One node's side of the configuration stream, without the stream.
//
// A machine: the stream tells it what the node said and asks it what to send next.  At most one
// update waits for the node's answer; what changes meanwhile is in the next one.  After a NACK of a
// delta comes a snapshot; after a NACK of a snapshot nothing until there is a newer revision, for
// the same would be refused again.  A node whose revision is not older than ours (we were restored
// from a backup without a new epoch) gets nothing until ours is: see ahead().
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_SUBSCRIBER_SESSION_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_SUBSCRIBER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "base/clock.h"
#include "controlplane/publish/publisher.h"

namespace tollgate::controlplane {

// The payload of a snapshot chunk: 1 MiB less room for its head.
inline constexpr std::size_t kChunkBytesMax = 1024 * 1024 - 1024;

// Not thread-safe.
class SubscriberSession {
 public:
  // `publisher` must outlive this.
  SubscriberSession(const Publisher& publisher, const config::v1::SubscribeRequest::Hello& hello);

  // The next message to send, if there is one: a chunk that is left, or a new update when none
  // waits for its answer.
  std::optional<config::v1::SubscribeResponse> Next(MonotonicTime now);

  // For when nothing else was sent for a while.
  config::v1::SubscribeResponse MakeHeartbeat() const;

  // The node answered.  InvalidArgument for an answer to what was not asked or not wholly sent;
  // then the stream is to be ended.
  absl::Status OnAck(const config::v1::SubscribeRequest::Ack& ack);
  absl::Status OnNack(const config::v1::SubscribeRequest::Nack& nack);

  // Since when an update waits for its answer; nullopt when none does.
  std::optional<MonotonicTime> waiting_since() const;

  // Whether the node has a revision that this control plane has not reached, or another
  // configuration under the same one.
  bool ahead() const;

  config::v1::Audience audience() const { return audience_; }
  const config::v1::Revision& node_revision() const { return node_revision_; }

 private:
  // The update in flight.
  struct InFlight {
    Update update;
    MonotonicTime since;
    std::uint32_t chunks = 1;       // How many messages it takes.
    std::uint32_t chunks_sent = 0;  // So many are sent.
    std::size_t next_resource = 0;  // The first of the next chunk.
  };

  // Counts the chunks of a snapshot.
  static std::uint32_t CountChunks(const Update& update);
  // How many resources from `begin` on fit into a chunk; at least one.
  static std::size_t ChunkEnd(const Update& update, std::size_t begin);
  config::v1::SubscribeResponse NextMessage();
  absl::Status CheckNonce(std::uint64_t nonce) const;

  const Publisher& publisher_;
  const config::v1::Audience audience_;
  config::v1::Revision node_revision_;
  std::uint64_t node_digest_;
  std::uint64_t nonce_ = 0;
  std::optional<InFlight> in_flight_;
  bool wants_whole_ = false;                           // A delta was refused.
  std::optional<config::v1::Revision> refused_whole_;  // A snapshot of this was refused.
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_SUBSCRIBER_SESSION_H_
