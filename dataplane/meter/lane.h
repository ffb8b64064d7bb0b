// One journal of a node: each worker writes its own, without a lock (architecture.md §9).
//
//   auto intent = lane.AppendIntent(record);            // before the attempt is sent
//   if (!intent.ok()) → 503, nothing was dispatched
//   … the attempt; holds grow: lane.AppendExtension(*intent, 1'000'000) …
//   lane.AppendFinal(*intent, record);                  // before the last byte is released
//   pool.Settle(std::move(hold), charge);
#ifndef TOLLGATE_DATAPLANE_METER_LANE_H_
#define TOLLGATE_DATAPLANE_METER_LANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/money.h"
#include "dataplane/meter/segment.h"

namespace tollgate::dataplane {

// The most room that may be kept for the final record of an open intent, so that it never fails.
inline constexpr std::size_t kFinalReserveBytes = 16 * 1024;

// An attempt that was announced.  Must be ended by AppendFinal() on the same lane (CHECKed).
class IntentRef {
 public:
  IntentRef() = default;
  IntentRef(IntentRef&& other) noexcept { *this = std::move(other); }
  IntentRef& operator=(IntentRef&& other) noexcept;
  ~IntentRef();

  bool open() const { return number_ != 0; }
  std::uint64_t number() const { return number_; }

 private:
  friend class Lane;

  std::uint64_t number_ = 0;
  std::size_t reserve_ = 0;           // Room that is kept for its final record.
  std::shared_ptr<Segment> segment_;  // Where the intent stands.
};

// Where an append ended: what must be synced for it to be on disk.
struct SpoolPosition {
  std::shared_ptr<Segment> segment;
  std::size_t end = 0;
};

// Appends are for one thread, the worker's; the rest is thread-safe.
class Lane {
 public:
  Lane(std::uint64_t incarnation, std::uint32_t number)
      : incarnation_(incarnation), number_(number) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  std::uint64_t incarnation() const { return incarnation_; }
  std::uint32_t number() const { return number_; }

  // ---- The worker ---------------------------------------------------------------------------

  // Appends the intent of an attempt: `record`, a serialized UsageRecord, as far as it is known,
  // the charge being the hold. ResourceExhausted (reason SPOOL_FULL) when the spool is at its limit
  // or the disk is full: do not dispatch, answer 503.  Unavailable (reason SPOOL_FAILED) after a
  // failed sync.
  absl::StatusOr<IntentRef> AppendIntent(std::string_view record,
                                         std::size_t reserve = kFinalReserveBytes);

  // Notes that each hold of the intent grew by `more`, before that money is used.  The errors of
  // AppendIntent(): then it must not be used.
  absl::Status AppendExtension(const IntentRef& intent, Money more);

  // Appends the final record, a serialized UsageRecord, and returns its sequence.  Cannot fail: its
  // room was reserved by the intent.  REQUIRED: RecordBytes(record.size()) ≤ that reserve.
  std::uint64_t AppendFinal(IntentRef intent, std::string_view record);

  // The end of what this worker appended last.
  SpoolPosition position() const { return {current_, current_ ? current_->committed() : 0}; }

  // ---- Readers: shipper, index --------------------------------------------------------------

  // The last sequence that was appended; 0 for none.
  std::uint64_t last_sequence() const { return last_sequence_.load(std::memory_order_acquire); }

  // The segments that exist, oldest first.
  std::vector<std::shared_ptr<Segment>> Segments() const;

  // ---- The spool ----------------------------------------------------------------------------

  // Takes a segment that the lane moves on to when its own is full; `header` says what it will be
  // but for its first sequence.
  void OfferSpare(std::shared_ptr<Segment> spare, const SegmentHeader& header);
  bool has_spare() const { return has_spare_.load(std::memory_order_acquire); }

  // The first segment, begun; before the worker starts.  `on_spare_taken` is called on the worker's
  // thread when the lane moved on to its spare: it must only wake somebody.  `make_spare` is called
  // there when no spare is ready: it offers one, though that takes the disk's time, or does not.
  void Start(std::shared_ptr<Segment> first, std::function<void()> on_spare_taken,
             std::function<void()> make_spare);

  // Takes the segments of a former incarnation over, oldest first; nothing more is appended.
  void Adopt(std::vector<std::shared_ptr<Segment>> segments, std::uint64_t last_sequence);

  // Removes the oldest segment, when it is sealed, has no open intent, and ends at or before
  // `acknowledged`.  `durable`: and when the final records of its intents are synced, which may be
  // in later segments; else a power loss could leave nothing of an attempt.  The caller deletes its
  // file.  nullptr otherwise.
  std::shared_ptr<Segment> TakeOldest(std::uint64_t acknowledged, bool durable = false);

  // In disk durability: only what is synced may be shipped.  A power loss takes the rest, and a
  // sequence that billing has seen would be given to another record.  Before the lane is used.
  void SetShipsSyncedOnly() { ships_synced_only_ = true; }
  bool ships_synced_only() const { return ships_synced_only_; }

  // Makes AppendIntent() refuse, or accept again (an OK status).
  void SetRefusing(absl::Status refusal);

  std::uint32_t open_intents() const { return open_count_.load(std::memory_order_acquire); }

 private:
  absl::Status MakeRoom(std::size_t bytes, std::size_t reserve);
  absl::Status MoveOn(std::size_t needed);
  absl::Status Refusal() const;

  const std::uint64_t incarnation_;
  const std::uint32_t number_;
  bool ships_synced_only_ = false;

  // The worker's own.
  std::shared_ptr<Segment> current_;
  std::uint64_t next_intent_ = 1;
  std::size_t reserved_ = 0;  // By open intents.
  std::function<void()> on_spare_taken_;
  std::function<void()> make_spare_;

  std::atomic<std::uint32_t> open_count_{0};
  std::atomic<std::uint64_t> last_sequence_{0};
  std::atomic<bool> has_spare_{false};
  std::atomic<bool> refusing_{false};

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Segment>> segments_;  // Guarded by mutex_, as the rest.
  std::shared_ptr<Segment> spare_;
  SegmentHeader spare_header_;
  absl::Status refusal_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_LANE_H_
