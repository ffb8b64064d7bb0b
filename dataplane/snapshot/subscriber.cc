#include "dataplane/snapshot/subscriber.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

using config::v1::SubscribeRequest;
using config::v1::SubscribeResponse;

ConfigRevision Read(const config::v1::Revision& revision) {
  return {revision.epoch(), revision.number()};
}

void Write(const ConfigRevision& from, config::v1::Revision* to) {
  to->set_epoch(from.epoch);
  to->set_number(from.number);
}

std::string Text(const ConfigRevision& revision) {
  return absl::StrCat(revision.epoch, ".", revision.number);
}

// How many resources the snapshot with this first chunk has, if the others are like it.
std::size_t ExpectedResources(const SubscribeResponse::SnapshotChunk& first) {
  return std::size_t{first.count()} * static_cast<std::size_t>(first.resources_size());
}

// A digest that does not come out: the node and the control plane differ in what they have.
constexpr absl::StatusCode kDigestMismatch = absl::StatusCode::kDataLoss;

// How long the control plane has to end a stream whose update was refused.
constexpr absl::Duration kEndTimeout = absl::Seconds(1);

}  // namespace

// A snapshot of which chunks are coming in.
struct Subscriber::Partial {
  explicit Partial(const Sealer& sealer) : image(sealer) {}

  std::uint64_t nonce = 0;
  ConfigImage image;
  ConfigRevision revision;
  std::uint32_t count = 0;
  std::uint32_t next_index = 0;
  MonotonicTime began_at;
  bool on_disk = true;  // Whether writing it to disk has gone well so far.
};

Subscriber::Subscriber(SnapshotHolder& holder, SnapshotDisk& disk, const Sealer& sealer,
                       Executor& executor, const Clock& clock, Random& random, Factory factory,
                       SubscriberOptions options)
    : holder_(holder),
      disk_(disk),
      sealer_(sealer),
      executor_(executor),
      clock_(clock),
      random_(random),
      factory_(std::move(factory)),
      options_(std::move(options)),
      alive_(std::make_shared<int>(0)),
      backoff_(options_.backoff),
      image_(sealer) {}

Subscriber::~Subscriber() = default;

bool Subscriber::LoadFromDisk() {
  ConfigImage image(sealer_);
  absl::StatusOr<SnapshotDisk::Loaded> loaded = disk_.Load(image);
  absl::StatusOr<std::shared_ptr<const Snapshot>> snapshot =
      loaded.ok() ? image.Finish(loaded->revision) : loaded.status();
  if (!snapshot.ok()) {
    if (snapshot.status().code() == absl::StatusCode::kNotFound) return false;
    LogEvent(LogLevel::kError, "config_disk_unusable", {{"error", snapshot.status()}});
    std::lock_guard lock(status_mutex_);
    status_.disk_alarm = true;
    status_.error = std::string(StdView(snapshot.status().message()));
    return false;
  }
  if (loaded->log_cut)
    LogEvent(LogLevel::kWarning, "config_log_cut", {{"kept", loaded->log_records}});
  image_ = std::move(image);
  revision_ = loaded->revision;
  holder_.Publish(*snapshot);
  LogEvent(LogLevel::kInfo, "config_loaded",
           {{"revision", Text(revision_)}, {"resources", (*snapshot)->resource_count()}});
  std::lock_guard lock(status_mutex_);
  status_.revision = revision_;
  status_.has_snapshot = true;
  status_.from_disk = true;
  return true;
}

void Subscriber::Start() {
  executor_.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    Connect();
    Tick();
  });
}

SubscriberStatus Subscriber::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

void Subscriber::Connect() {
  DropPartial();
  opened_at_ = clock_.Monotonic();
  answered_ = false;
  auto alive = std::weak_ptr<int>(alive_);
  LinkEvents<SubscribeResponse> events;
  events.on_message = [this, alive](const SubscribeResponse& message) {
    if (!alive.expired()) OnMessage(message);
  };
  events.on_closed = [this, alive](const absl::Status& status) {
    if (!alive.expired()) OnClosed(status);
  };
  link_ = factory_(std::move(events));
  SubscribeRequest request;
  SubscribeRequest::Hello* hello = request.mutable_hello();
  hello->set_node_id(options_.node_id);
  hello->set_audience(config::v1::AUDIENCE_DATAPLANE);
  // After a mismatch of digests we have "nothing", and so get a snapshot.
  Write(resync_ ? ConfigRevision() : revision_, hello->mutable_revision());
  hello->set_digest(resync_ ? 0 : image_.digest());
  link_->Send(std::move(request));
}

void Subscriber::OnMessage(const SubscribeResponse& message) {
  if (!ending_.empty()) return;
  last_message_ = clock_.Monotonic();
  answered_ = true;
  backoff_.Reset();
  {
    std::lock_guard lock(status_mutex_);
    status_.connected = true;
  }
  switch (message.kind_case()) {
    case SubscribeResponse::kSnapshot:
      return OnChunk(message.nonce(), message.snapshot());
    case SubscribeResponse::kDelta:
      return OnDelta(message.nonce(), message.delta());
    case SubscribeResponse::kHeartbeat:
      if (Read(message.heartbeat().revision()) <= revision_) NoteConfirmed();
      if (options_.on_node_count && message.heartbeat().dataplane_nodes() > 0) {
        options_.on_node_count(message.heartbeat().dataplane_nodes());
      }
      return;
    default:
      return;  // What a later version says, which must do without us.
  }
}

void Subscriber::OnChunk(std::uint64_t nonce, const SubscribeResponse::SnapshotChunk& chunk) {
  if (chunk.index() == 0) {
    DropPartial();
    partial_ = std::make_unique<Partial>(sealer_);
    partial_->nonce = nonce;
    partial_->revision = Read(chunk.revision());
    partial_->count = chunk.count();
    partial_->began_at = clock_.Monotonic();
    partial_->on_disk = disk_.Begin().ok();
    partial_->image.Expect(ExpectedResources(chunk));
  }
  if (partial_ == nullptr) return;  // The rest of one that was refused.
  absl::Status status;
  const bool newer = resync_ ? partial_->revision >= revision_ : partial_->revision > revision_;
  if (partial_->nonce != nonce || partial_->next_index != chunk.index() ||
      partial_->count != chunk.count() || partial_->revision != Read(chunk.revision())) {
    status = absl::InvalidArgumentError("a chunk of the snapshot is out of order");
  } else if (!newer) {
    status = absl::FailedPreconditionError(absl::StrCat("revision ", Text(partial_->revision),
                                                        " is not greater than ", Text(revision_)));
  }
  for (int i = 0; status.ok() && i < chunk.resources_size(); ++i) {
    status = partial_->image.Load(chunk.resources(i));
    if (partial_->on_disk) partial_->on_disk = disk_.Add(chunk.resources(i)).ok();
  }
  ++partial_->next_index;
  if (status.ok() && partial_->next_index < partial_->count) return;
  if (status.ok()) status = FinishSnapshot(chunk);
  DropPartial();
  if (status.ok()) return SendAck(nonce);
  SendNack(nonce, status);
  if (status.code() == kDigestMismatch) EndAfterRefusal("the snapshot's digest does not come out");
}

absl::Status Subscriber::FinishSnapshot(const SubscribeResponse::SnapshotChunk& chunk) {
  Partial& partial = *partial_;
  if (partial.image.digest() != chunk.digest()) {
    resync_ = true;
    return absl::DataLossError("the snapshot does not add up to its digest");
  }
  TG_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot,
                      partial.image.Finish(partial.revision));
  const absl::Duration took = clock_.Monotonic() - partial.began_at;
  Adopt(std::move(partial.image), std::move(snapshot));
  absl::Status saved = partial.on_disk ? disk_.Commit(revision_, image_.digest())
                                       : absl::UnknownError("an earlier write failed");
  if (!saved.ok()) LogEvent(LogLevel::kError, "config_not_saved", {{"error", saved}});
  std::lock_guard lock(status_mutex_);
  ++status_.snapshots_applied;
  status_.last_apply = took;
  status_.disk_alarm = !saved.ok();
  return absl::OkStatus();
}

absl::Status Subscriber::ApplyDelta(const SubscribeResponse::Delta& delta) {
  if (Read(delta.from()) != revision_) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the change is from ", Text(Read(delta.from())), ", this node has ", Text(revision_)));
  }
  if (Read(delta.to()) <= revision_) {
    return absl::FailedPreconditionError(absl::StrCat("revision ", Text(Read(delta.to())),
                                                      " is not greater than ", Text(revision_)));
  }
  ConfigImage image = image_;
  for (const auto& upsert : delta.upserts()) TG_RETURN_IF_ERROR(image.Upsert(upsert));
  for (const std::string& key : delta.removed()) TG_RETURN_IF_ERROR(image.Remove(key));
  if (image.digest() != delta.digest()) {
    resync_ = true;
    return absl::DataLossError("the change does not add up to its digest");
  }
  TG_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, image.Finish(Read(delta.to())));
  Adopt(std::move(image), std::move(snapshot));
  return absl::OkStatus();
}

void Subscriber::OnDelta(std::uint64_t nonce, const SubscribeResponse::Delta& delta) {
  DropPartial();
  const MonotonicTime began_at = clock_.Monotonic();
  absl::Status status = ApplyDelta(delta);
  if (!status.ok()) {
    SendNack(nonce, status);
    if (status.code() == kDigestMismatch) EndAfterRefusal("the change's digest does not come out");
    return;
  }
  const absl::Duration took = clock_.Monotonic() - began_at;
  absl::Status saved = disk_.Append(delta);
  if (!saved.ok()) LogEvent(LogLevel::kError, "config_not_saved", {{"error", saved}});
  {
    std::lock_guard lock(status_mutex_);
    ++status_.deltas_applied;
    status_.last_apply = took;
    status_.disk_alarm = !saved.ok();
  }
  SendAck(nonce);
}

void Subscriber::Adopt(ConfigImage image, std::shared_ptr<const Snapshot> snapshot) {
  image_ = std::move(image);
  revision_ = snapshot->revision();
  resync_ = false;
  holder_.Publish(std::move(snapshot));
  std::lock_guard lock(status_mutex_);
  status_.revision = revision_;
  status_.has_snapshot = true;
  status_.from_disk = false;
  status_.confirmed_at = last_message_;
}

void Subscriber::NoteConfirmed() {
  std::lock_guard lock(status_mutex_);
  status_.confirmed_at = last_message_;
}

bool Subscriber::Confirmed() const {
  const std::optional<MonotonicTime> at = status().confirmed_at;
  return at.has_value() && clock_.Monotonic() - *at <= options_.silence_timeout;
}

void Subscriber::SendAck(std::uint64_t nonce) {
  SubscribeRequest request;
  request.mutable_ack()->set_nonce(nonce);
  Write(revision_, request.mutable_ack()->mutable_revision());
  if (link_ != nullptr) link_->Send(std::move(request));
}

void Subscriber::SendNack(std::uint64_t nonce, const absl::Status& error) {
  LogEvent(LogLevel::kError, "config_refused", {{"kept", Text(revision_)}, {"error", error}});
  SubscribeRequest request;
  request.mutable_nack()->set_nonce(nonce);
  Write(revision_, request.mutable_nack()->mutable_kept());
  request.mutable_nack()->set_error(std::string(StdView(error.message())));
  if (link_ != nullptr) link_->Send(std::move(request));
  std::lock_guard lock(status_mutex_);
  ++status_.nacks_sent;
  status_.error = std::string(StdView(error.message()));
}

void Subscriber::DropPartial() {
  if (partial_ == nullptr) return;
  partial_.reset();
  disk_.Abandon();
}

void Subscriber::OnClosed(const absl::Status& status) {
  if (!ending_.empty()) return Reconnect(ending_);
  Reconnect(status.ok() ? "the control plane ended the stream"
                        : std::string(StdView(status.message())));
}

// The refusal must be heard: to drop the stream at once would drop it too.
void Subscriber::EndAfterRefusal(const std::string& why) {
  ending_ = why;
  ending_at_ = clock_.Monotonic();
  link_->End();
}

void Subscriber::Reconnect(const std::string& why) {
  link_.reset();
  ending_.clear();
  DropPartial();
  {
    std::lock_guard lock(status_mutex_);
    status_.connected = false;
    status_.error = why;
  }
  const absl::Duration delay = backoff_.Next(random_);
  LogEvent(LogLevel::kWarning, "config_stream_lost",
           {{"why", why}, {"retry_ms", absl::ToInt64Milliseconds(delay)}});
  executor_.PostAfter(delay, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired() && link_ == nullptr) Connect();
  });
}

// Own time limits for each step: a control plane that accepts and says nothing must not hold the
// node to it.
void Subscriber::Tick() {
  const MonotonicTime now = clock_.Monotonic();
  if (link_ != nullptr) {
    if (!ending_.empty()) {
      if (now - ending_at_ > kEndTimeout) Reconnect(ending_);
    } else if (!answered_ && now - opened_at_ > options_.first_answer_timeout) {
      Reconnect("the control plane did not answer in time");
    } else if (answered_ && now - last_message_ > options_.silence_timeout) {
      Reconnect("the control plane has gone silent");
    } else if (partial_ != nullptr && now - partial_->began_at > options_.snapshot_timeout) {
      Reconnect("the snapshot took too long to arrive");
    }
  }
  executor_.PostAfter(options_.tick, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) Tick();
  });
}

}  // namespace tollgate::dataplane
