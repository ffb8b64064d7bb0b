#include "controlplane/publish/subscriber_session.h"

#include <utility>

namespace tollgate::controlplane {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

namespace {

// Tag and length of a resource within a chunk.
constexpr std::size_t kResourceHeadBytes = 8;

// The serialized size, which a ResourceSet had computed.
std::size_t SerializedSize(const config::v1::Resource& resource) {
  const int known = resource.GetCachedSize();
  return known > 0 ? static_cast<std::size_t>(known) : resource.ByteSizeLong();
}

void Serialize(const config::v1::Resource& resource, std::string& out) {
  out.resize(SerializedSize(resource));
  resource.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data()));
}

}  // namespace

SubscriberSession::SubscriberSession(const Publisher& publisher,
                                     const SubscribeRequest::Hello& hello)
    : publisher_(publisher),
      audience_(hello.audience()),
      node_revision_(hello.revision()),
      node_digest_(hello.digest()) {}

std::size_t SubscriberSession::ChunkEnd(const Update& update, std::size_t begin) {
  std::size_t bytes = 0;
  std::size_t end = begin;
  while (end < update.resources.size()) {
    bytes += SerializedSize(*update.resources[end]) + kResourceHeadBytes;
    if (bytes > kChunkBytesMax && end > begin) break;
    ++end;
  }
  return end;
}

std::uint32_t SubscriberSession::CountChunks(const Update& update) {
  std::uint32_t chunks = 1;
  for (std::size_t next = ChunkEnd(update, 0); next < update.resources.size();
       next = ChunkEnd(update, next)) {
    ++chunks;
  }
  return chunks;
}

SubscribeResponse SubscriberSession::NextMessage() {
  InFlight& flight = *in_flight_;
  SubscribeResponse message;
  message.set_nonce(nonce_);
  if (flight.update.from.has_value()) {
    SubscribeResponse::Delta& delta = *message.mutable_delta();
    *delta.mutable_from() = *flight.update.from;
    *delta.mutable_to() = flight.update.revision;
    for (const ResourcePtr& resource : flight.update.resources) *delta.add_upserts() = *resource;
    for (const std::string& key : flight.update.removed) delta.add_removed(key);
    delta.set_digest(flight.update.digest);
  } else {
    SubscribeResponse::SnapshotChunk& chunk = *message.mutable_snapshot();
    *chunk.mutable_revision() = flight.update.revision;
    chunk.set_index(flight.chunks_sent);
    chunk.set_count(flight.chunks);
    const std::size_t end = ChunkEnd(flight.update, flight.next_resource);
    for (; flight.next_resource < end; ++flight.next_resource) {
      Serialize(*flight.update.resources[flight.next_resource], *chunk.add_resources());
    }
    chunk.set_digest(flight.update.digest);
  }
  if (++flight.chunks_sent == flight.chunks) flight.update.resources.clear();
  return message;
}

std::optional<SubscribeResponse> SubscriberSession::Next(MonotonicTime now) {
  if (in_flight_.has_value()) {
    if (in_flight_->chunks_sent == in_flight_->chunks) return std::nullopt;
    return NextMessage();
  }
  if (refused_whole_.has_value() && !IsBefore(*refused_whole_, publisher_.revision())) {
    return std::nullopt;
  }
  std::optional<Update> update =
      publisher_.UpdateSince(audience_, node_revision_, node_digest_, wants_whole_);
  if (!update.has_value()) return std::nullopt;
  InFlight flight;
  flight.since = now;
  flight.chunks = update->from.has_value() ? 1 : CountChunks(*update);
  flight.update = *std::move(update);
  in_flight_ = std::move(flight);
  ++nonce_;
  return NextMessage();
}

SubscribeResponse SubscriberSession::MakeHeartbeat() const {
  SubscribeResponse message;
  *message.mutable_heartbeat()->mutable_revision() = publisher_.revision();
  return message;
}

absl::Status SubscriberSession::CheckNonce(std::uint64_t nonce) const {
  if (in_flight_.has_value() && nonce == nonce_) return absl::OkStatus();
  return absl::InvalidArgumentError("the nonce is not that of the update in flight");
}

absl::Status SubscriberSession::OnAck(const SubscribeRequest::Ack& ack) {
  const absl::Status status = CheckNonce(ack.nonce());
  if (!status.ok()) return status;
  const InFlight& flight = *in_flight_;
  if (flight.chunks_sent != flight.chunks || !IsSame(ack.revision(), flight.update.revision)) {
    return absl::InvalidArgumentError("an ack must name the revision of a whole update");
  }
  node_revision_ = flight.update.revision;
  node_digest_ = flight.update.digest;
  wants_whole_ = false;
  refused_whole_.reset();
  in_flight_.reset();
  return absl::OkStatus();
}

absl::Status SubscriberSession::OnNack(const SubscribeRequest::Nack& nack) {
  const absl::Status status = CheckNonce(nack.nonce());
  if (!status.ok()) return status;
  if (!in_flight_->update.from.has_value()) refused_whole_ = in_flight_->update.revision;
  node_revision_ = nack.kept();
  wants_whole_ = true;
  in_flight_.reset();
  return absl::OkStatus();
}

std::optional<MonotonicTime> SubscriberSession::waiting_since() const {
  if (!in_flight_.has_value()) return std::nullopt;
  return in_flight_->since;
}

bool SubscriberSession::ahead() const {
  const config::v1::Revision ours = publisher_.revision();
  if (IsSame(node_revision_, ours)) return node_digest_ != publisher_.digest(audience_);
  return IsBefore(ours, node_revision_);
}

}  // namespace tollgate::controlplane
