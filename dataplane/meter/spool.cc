#include "dataplane/meter/spool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "dataplane/meter/recovery.h"

namespace tollgate::dataplane {
namespace {

constexpr std::chrono::milliseconds kUpkeepInterval(50);
constexpr std::uint64_t kRefusePercent = 95;

}  // namespace

Spool::Spool(FileSystem& file_system, Random& random, SpoolOptions options, NodeIdentity& identity)
    : file_system_(file_system),
      random_(random),
      options_(std::move(options)),
      identity_(identity),
      incarnation_(identity.incarnation()) {}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(FileSystem& file_system, Random& random,
                                                   NodeIdentity& identity, std::uint32_t lanes,
                                                   SpoolOptions options) {
  if (options.segment_bytes < kSegmentBytesMin || lanes == 0 ||
      options.bytes_max < lanes * options.segment_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the spool needs segments of at least ", kSegmentBytesMin,
                     " bytes, and room for one of each of its ", lanes, " lanes"));
  }
  TG_RETURN_IF_ERROR(file_system.CreateDirectories(options.folder));
  auto spool = std::unique_ptr<Spool>(new Spool(file_system, random, std::move(options), identity));
  RecoveryReport report;
  TG_ASSIGN_OR_RETURN(std::vector<RecoveredLane> recovered,
                      RecoverLanes(file_system, random, spool->options_, identity, report));
  for (RecoveredLane& former : recovered) {
    if (former.damaged) spool->damaged_.push_back(former.incarnation);
    if (former.lane != nullptr) spool->former_.push_back(std::move(former.lane));
  }
  spool->recovery_ = report;
  TG_RETURN_IF_ERROR(spool->StartLanes(lanes));
  spool->Upkeep();
  if (!spool->options_.threads) return spool;
  Spool* raw = spool.get();
  spool->upkeep_thread_ = std::thread([raw] { raw->RunUpkeep(); });
  if (spool->options_.durability == Durability::kDisk) {
    spool->sync_thread_ = std::thread([raw] { raw->RunSync(); });
  }
  return spool;
}

Spool::~Spool() {
  {
    std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (upkeep_thread_.joinable()) upkeep_thread_.join();
  {
    std::lock_guard lock(sync_mutex_);
    sync_stopping_ = true;
  }
  sync_wake_.notify_all();
  if (sync_thread_.joinable()) sync_thread_.join();
}

absl::Status Spool::StartLanes(std::uint32_t lanes) {
  next_index_.assign(lanes, 1);
  for (std::uint32_t number = 0; number < lanes; ++number) {
    SegmentHeader header;
    TG_ASSIGN_OR_RETURN(std::shared_ptr<Segment> first, NewSegment(number, &header));
    first->Begin(header);
    lanes_.push_back(std::make_unique<Lane>(incarnation_, number));
    if (options_.durability == Durability::kDisk) lanes_.back()->SetShipsSyncedOnly();
    lanes_.back()->Start(
        std::move(first), [this] { WakeUpkeep(); }, [this, number] { MakeSpareNow(number); });
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Segment>> Spool::NewSegment(std::uint32_t lane,
                                                           SegmentHeader* header) {
  header->incarnation = incarnation_;
  header->lane = lane;
  header->index = next_index_[lane];
  header->first_sequence = 1;
  header->salt = random_.Next64();
  const std::string path =
      absl::StrCat(options_.folder, "/", SegmentName(incarnation_, lane, header->index));
  TG_ASSIGN_OR_RETURN(std::shared_ptr<Segment> segment,
                      Segment::Create(file_system_, path, options_.segment_bytes));
  // A file that power loss takes away would take synced records along.
  TG_RETURN_IF_ERROR(file_system_.SyncDirectory(options_.folder));
  ++next_index_[lane];
  return segment;
}

std::vector<Lane*> Spool::AllLanesLocked() {
  std::vector<Lane*> lanes;
  for (const auto& lane : former_) lanes.push_back(lane.get());
  for (const auto& lane : lanes_) lanes.push_back(lane.get());
  return lanes;
}

std::vector<Lane*> Spool::AllLanes() {
  std::lock_guard lock(mutex_);
  return AllLanesLocked();
}

bool Spool::Whole(std::uint64_t incarnation) const {
  std::lock_guard lock(mutex_);
  return std::find(damaged_.begin(), damaged_.end(), incarnation) == damaged_.end();
}

// What records take (`allocated` false) or what the files take.  REQUIRED: mutex_ is held.
std::uint64_t Spool::BytesOf(bool allocated) {
  std::uint64_t bytes = 0;
  segments_ = 0;
  for (Lane* lane : AllLanesLocked()) {
    for (const auto& segment : lane->Segments()) {
      const bool whole = allocated || segment->sealed.load(std::memory_order_acquire);
      bytes += whole ? segment->capacity() : segment->committed();
      ++segments_;
    }
    if (allocated && lane->has_spare()) bytes += options_.segment_bytes;
  }
  return bytes;
}

// REQUIRED: mutex_ is held.
void Spool::MakeSpare(Lane& lane) {
  if (lane.has_spare()) return;
  if (BytesOf(/*allocated=*/true) + options_.segment_bytes > options_.bytes_max) return;
  SegmentHeader header;
  absl::StatusOr<std::shared_ptr<Segment>> spare = NewSegment(lane.number(), &header);
  // A full disk is tried again at the next look; until then the lane may refuse.
  if (spare.ok()) lane.OfferSpare(*std::move(spare), header);
}

void Spool::WakeUpkeep() {
  {
    std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

// On the worker's thread, which waits for the disk rather than refuse.  Where that was in vain it
// is not tried again before upkeep looked: a full disk must not stop the worker for each request.
void Spool::MakeSpareNow(std::uint32_t lane) {
  if (spare_failed_.load()) return;
  std::lock_guard lock(mutex_);
  MakeSpare(*lanes_[lane]);
  if (!lanes_[lane]->has_spare()) spare_failed_.store(true);
}

void Spool::Upkeep() {
  if (options_.durability == Durability::kDisk && !sync_failed_.load()) SyncFinals();
  NoteBegun();
  std::lock_guard lock(mutex_);
  for (const auto& lane : lanes_) MakeSpare(*lane);
  spare_failed_.store(false);
  used_bytes_ = BytesOf(/*allocated=*/false);
  absl::Status refusal;
  if (sync_failed_.load()) {
    refusal = ErrorWithReason(absl::StatusCode::kUnavailable, "SPOOL_FAILED",
                              "the disk under the journal of usage failed to sync");
  } else if (used_bytes_ * 100 >= options_.bytes_max * kRefusePercent) {
    refusal = ErrorWithReason(absl::StatusCode::kResourceExhausted, "SPOOL_FULL",
                              "the journal of usage is at its limit: billing does not take it");
  }
  if (refusal == refusal_) return;
  LogEvent(refusal.ok() ? LogLevel::kInfo : LogLevel::kError, "spool_admission",
           {{"status", refusal}, {"used_bytes", used_bytes_}});
  refusal_ = refusal;
  for (const auto& lane : lanes_) lane->SetRefusing(refusal);
}

// Behind the beginning and not before: of a segment that is noted something must be there.  What is
// deleted in the moments between is not missed.
void Spool::NoteBegun() {
  std::vector<std::uint32_t> begun;
  for (const auto& lane : lanes_) begun.push_back(lane->Segments().back()->header().index);
  const absl::Status noted = identity_.NoteBegun(begun);  // Tried again at the next look.
  if (!noted.ok()) LogEvent(LogLevel::kWarning, "spool_not_noted", {{"error", noted}});
}

// Nobody waits for a final record, and it is not shipped before it is synced.
void Spool::SyncFinals() {
  for (const auto& lane : lanes_) {
    for (const auto& segment : lane->Segments()) {
      const std::size_t end = segment->committed();
      if (segment->synced() < end) WhenDurable({segment, end}, [](const absl::Status&) {});
    }
  }
}

void Spool::RunUpkeep() {
  pthread_setname_np(pthread_self(), "spool-upkeep");
  std::unique_lock lock(wake_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kUpkeepInterval, [this] { return stopping_ || woken_; });
    if (stopping_) return;
    woken_ = false;
    lock.unlock();
    Upkeep();
    lock.lock();
  }
}

void Spool::DeleteFiles(const std::vector<std::shared_ptr<Segment>>& segments) {
  for (const auto& segment : segments) {
    absl::Status removed = file_system_.Remove(segment->path());
    // In order and durably: were a later file to vanish before an earlier one, the intents of the
    // earlier would have lost their final records.
    removed.Update(file_system_.SyncDirectory(options_.folder));
    if (!removed.ok()) LogEvent(LogLevel::kError, "spool_not_removed", {{"error", removed}});
  }
}

void Spool::Acknowledged(Lane& lane, std::uint64_t acknowledged) {
  const bool durable = options_.durability == Durability::kDisk;
  while (std::shared_ptr<Segment> segment = lane.TakeOldest(acknowledged, durable)) {
    DeleteFiles({std::move(segment)});
  }
}

void Spool::ForgetIncarnation(std::uint64_t incarnation) {
  std::lock_guard lock(mutex_);
  for (auto it = former_.begin(); it != former_.end();) {
    if ((*it)->incarnation() != incarnation) {
      ++it;
      continue;
    }
    DeleteFiles((*it)->Segments());
    (*it)->Adopt({}, (*it)->last_sequence());  // Unmaps, so that the disk is free again.
    forgotten_.push_back(std::move(*it));
    it = former_.erase(it);
  }
}

void Spool::WhenDurable(SpoolPosition position, std::function<void(absl::Status)> done) {
  if (options_.durability == Durability::kProcess) return done(absl::OkStatus());
  {
    std::lock_guard lock(sync_mutex_);
    pending_.push_back({std::move(position), std::move(done)});
  }
  sync_wake_.notify_one();
}

// Group commit: whatever gathered while the last sync ran is synced by the next.
void Spool::RunSync() {
  pthread_setname_np(pthread_self(), "spool-sync");
  std::unique_lock lock(sync_mutex_);
  while (true) {
    sync_wake_.wait(lock, [this] { return sync_stopping_ || !pending_.empty(); });
    if (pending_.empty()) return;
    std::vector<Pending> pending;
    pending.swap(pending_);
    lock.unlock();
    SyncAll(std::move(pending));
    lock.lock();
  }
}

void Spool::SyncPending() {
  std::vector<Pending> pending;
  {
    std::lock_guard lock(sync_mutex_);
    pending.swap(pending_);
  }
  if (!pending.empty()) SyncAll(std::move(pending));
}

void Spool::SyncAll(std::vector<Pending> pending) {
  // In order of their names: by address, runs of a simulation would differ.
  const auto by_path = [](const std::shared_ptr<Segment>& a, const std::shared_ptr<Segment>& b) {
    return a->path() < b->path();
  };
  std::map<std::shared_ptr<Segment>, std::size_t, decltype(by_path)> ends(by_path);
  for (const Pending& one : pending) {
    std::size_t& end = ends[one.position.segment];
    end = std::max(end, one.position.end);
  }
  absl::Status status;
  if (sync_failed_.load()) status = absl::DataLossError("an earlier sync failed");
  for (const auto& [segment, end] : ends) {
    if (status.ok()) status = segment->SyncUpTo(end);
  }
  // After a failed sync the kernel may have dropped what it could not write: a later success says
  // nothing.  Nothing new is admitted, and what is not synced is not shipped before a restart has
  // read what there is.
  if (!status.ok() && !sync_failed_.exchange(true)) {
    LogEvent(LogLevel::kError, "spool_sync_failed", {{"error", status}});
    Upkeep();
  }
  for (Pending& one : pending) one.done(status);
}

SpoolStatus Spool::status() const {
  SpoolStatus status;
  status.bytes_max = options_.bytes_max;
  status.sync_failed = sync_failed_.load();
  for (const auto& lane : lanes_) status.open_intents += lane->open_intents();
  std::lock_guard lock(mutex_);
  status.used_bytes = used_bytes_;
  status.segments = segments_;
  status.refusing = !refusal_.ok();
  status.refusal = std::string(StdView(refusal_.message()));
  status.recovery = recovery_;
  return status;
}

}  // namespace tollgate::dataplane
