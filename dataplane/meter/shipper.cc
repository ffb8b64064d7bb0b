#include "dataplane/meter/shipper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

using usage::v1::ReportUsageRequest;
using usage::v1::ReportUsageResponse;

// Records of one lane that may be under way: enough to fill the pipe, little to send again.
constexpr std::uint64_t kUnderWayMax = 8 * kBatchRecordsMax;
// Until the next try to forget a closed run when the node's file could not be written.
constexpr absl::Duration kAfterFailedSave = absl::Seconds(1);

}  // namespace

// How far one lane has come.
struct Shipper::LaneProgress {
  explicit LaneProgress(Lane& from) : lane(&from), reader(from, LaneReader::Reads::kShippable) {}

  Lane* lane;
  LaneReader reader;
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  bool known = false;  // Billing has told its watermark on this connection.
  bool gap = false;    // Records between the watermark and what is left here are missing.
};

Shipper::Shipper(Spool& spool, NodeIdentity& identity, IncarnationLeases leases, Executor& executor,
                 const Clock& clock, Random& random, Factory factory, ShipperOptions options)
    : spool_(spool),
      identity_(identity),
      leases_(std::move(leases)),
      executor_(executor),
      clock_(clock),
      random_(random),
      factory_(std::move(factory)),
      options_(std::move(options)),
      alive_(std::make_shared<int>(0)),
      backoff_(options_.backoff) {
  for (Lane* lane : spool_.AllLanes()) {
    lanes_.emplace(std::pair(lane->incarnation(), lane->number()),
                   std::make_unique<LaneProgress>(*lane));
  }
}

Shipper::~Shipper() = default;

void Shipper::Start() {
  executor_.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    Connect();
    Look();
  });
}

ShipperStatus Shipper::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

bool Shipper::Drain(MonotonicTime deadline) {
  {
    std::lock_guard lock(status_mutex_);
    drain_seen_ = false;  // Until it is counted anew, `waiting` may be of before the last append.
  }
  executor_.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    draining_ = true;
    Ship();
    UpdateStatus();
  });
  std::unique_lock lock(status_mutex_);
  while (!(drain_seen_ && status_.waiting == 0)) {
    if (clock_.Monotonic() >= deadline) return false;
    drained_.wait_for(lock, std::chrono::milliseconds(10));
  }
  return true;
}

// ---- The connection -----------------------------------------------------------------------------

void Shipper::Connect() {
  welcomed_ = false;
  close_sent_.clear();
  waiting_since_ = clock_.Monotonic();
  auto alive = std::weak_ptr<int>(alive_);
  LinkEvents<ReportUsageResponse> events;
  events.on_message = [this, alive](const ReportUsageResponse& message) {
    if (!alive.expired()) OnMessage(message);
  };
  events.on_closed = [this, alive](const absl::Status& status) {
    if (!alive.expired()) OnClosed(status);
  };
  link_ = factory_(std::move(events));
  ReportUsageRequest request;
  ReportUsageRequest::Hello* hello = request.mutable_hello();
  hello->set_node_id(identity_.node_id());
  hello->set_incarnation(identity_.incarnation());
  hello->set_session(options_.session);
  for (auto& [key, progress] : lanes_) {
    progress->known = false;
    usage::v1::Lane* lane = hello->add_lanes();
    lane->set_incarnation(key.first);
    lane->set_lane(key.second);
  }
  link_->Send(std::move(request));
}

Shipper::LaneProgress* Shipper::Find(const usage::v1::Lane& lane) {
  auto it = lanes_.find(std::pair(lane.incarnation(), lane.lane()));
  return it == lanes_.end() ? nullptr : it->second.get();
}

void Shipper::OnMessage(const ReportUsageResponse& message) {
  backoff_.Reset();
  waiting_since_ = clock_.Monotonic();
  switch (message.kind_case()) {
    case ReportUsageResponse::kWelcome:
      OnWelcome(message.welcome());
      break;
    case ReportUsageResponse::kAck:
      OnAck(message.ack());
      break;
    case ReportUsageResponse::kIncarnationClosed:
      OnIncarnationClosed(message.incarnation_closed().incarnation());
      break;
    default:
      break;
  }
  // Not whatever came in meanwhile: each answer would fetch the next few records, and batches would
  // be as small as the round trip is short.
  ShipWhenDue();
  CloseFormer();
  UpdateStatus();
}

void Shipper::OnWelcome(const ReportUsageResponse::Welcome& welcome) {
  welcomed_ = true;
  if (tick_) tick_();
  for (const usage::v1::LaneEnd& end : welcome.lanes()) {
    LaneProgress* progress = Find(end.lane());
    if (progress == nullptr) continue;
    progress->known = true;
    progress->acknowledged = end.sequence();
    progress->sent = end.sequence();
    progress->reader.SeekAfter(end.sequence());
    const auto segments = progress->lane->Segments();
    progress->gap =
        !segments.empty() && segments.front()->header().first_sequence > end.sequence() + 1;
    if (progress->gap) {
      LogEvent(LogLevel::kError, "spool_gap",
               {{"incarnation", end.lane().incarnation()},
                {"lane", end.lane().lane()},
                {"missing", segments.front()->header().first_sequence - end.sequence() - 1}});
      std::lock_guard lock(status_mutex_);
      status_.sequence_gap = true;
    }
    spool_.Acknowledged(*progress->lane, end.sequence());
  }
  std::lock_guard lock(status_mutex_);
  status_.connected = true;
  status_.fenced = false;
}

void Shipper::OnAck(const ReportUsageResponse::Ack& ack) {
  LaneProgress* progress = Find(ack.lane().lane());
  // What was not sent cannot be acknowledged: believing it would delete records.
  if (progress == nullptr || ack.lane().sequence() > progress->sent) return;
  if (ack.quarantined() > 0) {
    LogEvent(LogLevel::kError, "usage_quarantined", {{"records", ack.quarantined()}});
  }
  const std::uint64_t more =
      ack.lane().sequence() - std::min(progress->acknowledged, ack.lane().sequence());
  progress->acknowledged += more;
  if (tick_) tick_();  // Before what it has not read yet goes.
  spool_.Acknowledged(*progress->lane, progress->acknowledged);
  std::lock_guard lock(status_mutex_);
  status_.quarantined += ack.quarantined();
  status_.shipped += more;
}

void Shipper::OnClosed(const absl::Status& status) {
  link_.reset();
  welcomed_ = false;
  const std::string reason = ReasonOf(status);
  const bool fenced = reason == "SOURCE_IN_USE" || reason == "STALE_INCARNATION";
  {
    std::lock_guard lock(status_mutex_);
    status_.connected = false;
    status_.fenced = fenced;
    status_.sequence_gap = status_.sequence_gap || reason == "SEQUENCE_GAP";
    status_.error = status.ToString();
  }
  const absl::Duration delay = backoff_.Next(random_);
  const bool alarm = fenced || reason == "SEQUENCE_GAP";
  LogEvent(alarm ? LogLevel::kError : LogLevel::kWarning, "usage_stream_lost",
           {{"error", status}, {"retry_ms", absl::ToInt64Milliseconds(delay)}});
  executor_.PostAfter(delay, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired() && link_ == nullptr) Connect();
  });
}

// ---- Shipping -----------------------------------------------------------------------------------

void Shipper::Look() {
  if (tick_) tick_();
  const MonotonicTime now = clock_.Monotonic();
  if (link_ != nullptr && now - waiting_since_ > options_.answer_timeout &&
      (!welcomed_ || Unanswered())) {
    OnClosed(absl::DeadlineExceededError("billing left usage records unanswered"));
  }
  ShipWhenDue();
  CloseFormer();
  UpdateStatus();
  executor_.PostAfter(options_.look_interval, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) Look();
  });
}

void Shipper::ShipWhenDue() {
  std::uint64_t unsent = 0;
  for (const auto& [key, progress] : lanes_) {
    const std::uint64_t last = progress->lane->last_sequence();
    unsent += last - std::min(progress->sent, last);
  }
  if (unsent >= options_.ship_records || draining_ ||
      clock_.Monotonic() - last_ship_ >= options_.ship_interval) {
    Ship();
  }
}

void Shipper::Ship() {
  if (!welcomed_ || link_ == nullptr) return;
  last_ship_ = clock_.Monotonic();
  // In order of incarnation: what former ones left goes first.
  for (const auto& [key, progress] : lanes_) {
    if (!progress->known || progress->gap) continue;
    while (progress->sent - progress->acknowledged < kUnderWayMax && SendBatch(*progress)) {
    }
  }
}

bool Shipper::SendBatch(LaneProgress& progress) {
  if (progress.sent >= progress.lane->last_sequence()) return false;
  const bool unanswered = Unanswered();
  ReportUsageRequest request;
  ReportUsageRequest::Batch* batch = request.mutable_batch();
  std::size_t bytes = 0;
  RecordView record;
  while (static_cast<std::size_t>(batch->records_size()) < kBatchRecordsMax &&
         bytes + kRecordPayloadBytesMax <= kBatchBytesMax && progress.reader.Next(&record)) {
    if (record.sequence != progress.sent + 1) {
      progress.gap = true;  // Never sent on over a hole: billing would not take it either.
      std::lock_guard lock(status_mutex_);
      status_.sequence_gap = true;
      break;
    }
    if (batch->records_size() == 0) batch->set_first_sequence(record.sequence);
    batch->add_records(record.payload.data(), record.payload.size());
    bytes += record.payload.size() + 8;
    progress.sent = record.sequence;
  }
  if (batch->records_size() == 0) return false;
  batch->mutable_lane()->set_incarnation(progress.lane->incarnation());
  batch->mutable_lane()->set_lane(progress.lane->number());
  if (!unanswered) waiting_since_ = clock_.Monotonic();
  link_->Send(std::move(request));
  return true;
}

// Whether anything that was sent is not acknowledged.
bool Shipper::Unanswered() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& entry) {
    return entry.second->sent > entry.second->acknowledged;
  });
}

std::uint64_t Shipper::WaitingRecords() const {
  std::uint64_t waiting = 0;
  for (const auto& [key, progress] : lanes_) {
    const std::uint64_t last = progress->lane->last_sequence();
    waiting += last - std::min(progress->acknowledged, last);
  }
  return waiting;
}

// ---- Former incarnations ------------------------------------------------------------------------

// A lane with a gap will never be: it keeps its own run and those before from being closed.
bool Shipper::FormerAcknowledged() const {
  for (const auto& [key, progress] : lanes_) {
    if (key.first == identity_.incarnation() || progress->gap) continue;
    if (!progress->known || progress->acknowledged < progress->lane->last_sequence()) return false;
  }
  return true;
}

// Whether nothing that could have drawn on the leases of `former` is lost: neither its own records
// nor those of a later run, which may have inherited them.
bool Shipper::Closable(const FormerIncarnation& former) const {
  if (!identity_.MayClose(former) || TG_SEEDED_BUG(kNoIntent)) return false;
  for (const FormerIncarnation& later : identity_.former()) {
    if (later.number >= former.number && !spool_.Whole(later.number)) return false;
  }
  for (const auto& [key, progress] : lanes_) {
    if (key.first >= former.number && progress->gap) return false;
  }
  return true;
}

bool Shipper::HasGap(std::uint64_t incarnation) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [incarnation](const auto& entry) {
    return entry.first.first == incarnation && entry.second->gap;
  });
}

void Shipper::CloseFormer() {
  if (!welcomed_ || link_ == nullptr || !FormerAcknowledged()) return;
  if (clock_.Monotonic() < no_close_before_) return;
  const std::vector<FormerIncarnation> all = identity_.former();
  for (const FormerIncarnation& former : all) {
    if (!Closable(former)) {
      // With its journal whole on this side, and yet perhaps not: an operator resolves its leases.
      if (!identity_.MayClose(former) && spool_.Whole(former.number) && !HasGap(former.number)) {
        if (!ForgetIncarnation(former.number)) return;
        LogEvent(LogLevel::kWarning, "incarnation_suspended", {{"incarnation", former.number}});
        ++suspended_;
      }
      continue;
    }
    if (!leases_.retired(former.number)) continue;
    bool acknowledged = OwnAcknowledged(former.number);
    if (TG_SEEDED_BUG(kCloseBeforeAck)) acknowledged = true;
    if (acknowledged && close_sent_.insert(former.number).second) SendClose(former);
  }
}

// Whether what this run may have drawn on the leases of a former one, which are retired since the
// first call, is acknowledged.
bool Shipper::OwnAcknowledged(std::uint64_t former) {
  auto [mark, first] = closing_marks_.try_emplace(former);
  if (first) {
    for (std::uint32_t i = 0; i < spool_.lane_count(); ++i) {
      mark->second.push_back(spool_.lane(i).last_sequence());
    }
  }
  for (std::uint32_t i = 0; i < spool_.lane_count(); ++i) {
    const LaneProgress& progress = *lanes_.at(std::pair(identity_.incarnation(), i));
    if (progress.acknowledged < mark->second[i]) return false;
  }
  return true;
}

bool Shipper::DrawnAcknowledged(std::uint64_t former) {
  return welcomed_ && FormerAcknowledged() && OwnAcknowledged(former);
}

void Shipper::SendClose(const FormerIncarnation& former) {
  ReportUsageRequest request;
  ReportUsageRequest::CloseIncarnation* close = request.mutable_close_incarnation();
  close->set_incarnation(former.number);
  for (const auto& [key, progress] : lanes_) {
    if (key.first != former.number) continue;
    usage::v1::LaneEnd* end = close->add_lanes();
    end->mutable_lane()->set_incarnation(key.first);
    end->mutable_lane()->set_lane(key.second);
    end->set_sequence(progress->acknowledged);
  }
  link_->Send(std::move(request));
}

void Shipper::OnIncarnationClosed(std::uint64_t incarnation) {
  if (!close_sent_.contains(incarnation)) return;
  leases_.forget(incarnation);
  if (!ForgetIncarnation(incarnation)) return;
  LogEvent(LogLevel::kInfo, "incarnation_closed", {{"incarnation", incarnation}});
}

// The identity first: files without an entry there are merely shipped again and acknowledged; an
// entry without its files could never be closed again.  False, and all stays, when it is not saved.
bool Shipper::ForgetIncarnation(std::uint64_t incarnation) {
  absl::Status saved = identity_.Closed(incarnation);
  if (!saved.ok()) {
    LogEvent(LogLevel::kError, "node_file_not_saved", {{"error", saved}});
    no_close_before_ = clock_.Monotonic() + kAfterFailedSave;
    close_sent_.erase(incarnation);
    return false;
  }
  closing_marks_.erase(incarnation);
  if (tick_) tick_();
  std::erase_if(lanes_,
                [incarnation](const auto& entry) { return entry.first.first == incarnation; });
  spool_.ForgetIncarnation(incarnation);
  return true;
}

void Shipper::UpdateStatus() {
  const std::uint64_t waiting = WaitingRecords();
  std::uint64_t open = 0;
  for (const FormerIncarnation& former : identity_.former()) {
    open += former.number != identity_.incarnation() ? 1 : 0;
  }
  {
    std::lock_guard lock(status_mutex_);
    status_.waiting = waiting;
    status_.former_open = open;
    status_.former_suspended = suspended_;
    drain_seen_ = drain_seen_ || draining_;
  }
  if (waiting == 0) drained_.notify_all();
}

}  // namespace tollgate::dataplane
