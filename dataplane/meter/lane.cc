#include "dataplane/meter/lane.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "google/protobuf/io/coded_stream.h"

namespace tollgate::dataplane {
namespace {

// UsageIntent.record, field 1, as bytes.
constexpr std::uint8_t kIntentTag = 0x0a;
absl::Status SpoolFull() {
  return ErrorWithReason(absl::StatusCode::kResourceExhausted, "SPOOL_FULL",
                         "the journal of usage has no room left");
}

std::uint8_t* Bytes(std::span<std::byte> place) {
  return reinterpret_cast<std::uint8_t*>(place.data());
}

}  // namespace

IntentRef& IntentRef::operator=(IntentRef&& other) noexcept {
  CHECK(!open()) << "an intent was overwritten before its final record";
  number_ = std::exchange(other.number_, 0);
  reserve_ = other.reserve_;
  segment_ = std::move(other.segment_);
  return *this;
}

IntentRef::~IntentRef() { CHECK(!open()) << "an intent was dropped before its final record"; }

absl::Status Lane::Refusal() const {
  std::lock_guard lock(mutex_);
  return refusal_;
}

// Room for `bytes` now and `reserve` later, besides what open intents have reserved.
absl::Status Lane::MakeRoom(std::size_t bytes, std::size_t reserve) {
  const std::size_t needed = bytes + reserve + reserved_;
  if (needed <= current_->free_bytes()) return absl::OkStatus();
  // As a rule the spare was made in time.  A request that waits for it some milliseconds is served
  // all the same.
  if (!has_spare() && make_spare_) make_spare_();
  TG_RETURN_IF_ERROR(MoveOn(needed));
  if (on_spare_taken_) on_spare_taken_();
  return absl::OkStatus();
}

absl::Status Lane::MoveOn(std::size_t needed) {
  std::lock_guard lock(mutex_);
  if (spare_ == nullptr || needed > spare_->free_bytes()) return SpoolFull();
  spare_header_.first_sequence = last_sequence_.load(std::memory_order_relaxed) + 1;
  spare_->Begin(spare_header_);
  segments_.push_back(spare_);
  // A reader that sees the seal finds the next segment in the list.
  current_->sealed.store(true, std::memory_order_release);
  current_ = std::move(spare_);
  spare_ = nullptr;
  has_spare_.store(false, std::memory_order_release);
  return absl::OkStatus();
}

absl::StatusOr<IntentRef> Lane::AppendIntent(std::string_view record, std::size_t reserve) {
  if (refusing_.load(std::memory_order_acquire)) return Refusal();
  using google::protobuf::io::CodedOutputStream;
  const auto record_bytes = static_cast<std::uint32_t>(record.size());
  const std::size_t bytes = 1 + CodedOutputStream::VarintSize32(record_bytes) + record.size();
  TG_RETURN_IF_ERROR(MakeRoom(RecordBytes(bytes), reserve));
  std::uint8_t* at = Bytes(current_->Prepare(bytes));
  *at++ = kIntentTag;
  at = CodedOutputStream::WriteVarint32ToArray(record_bytes, at);
  std::memcpy(at, record.data(), record.size());
  IntentRef intent;
  intent.number_ = next_intent_++;
  intent.reserve_ = reserve;
  intent.segment_ = current_;
  reserved_ += reserve;
  current_->open_intents.fetch_add(1, std::memory_order_relaxed);
  open_count_.fetch_add(1, std::memory_order_relaxed);
  if (TG_SEEDED_BUG(kNoIntent) || TG_SEEDED_BUG(kAdoptWithoutIntent)) return intent;
  current_->Commit(RecordType::kIntent, intent.number_, 0, bytes);
  return intent;
}

absl::Status Lane::AppendExtension(const IntentRef& intent, Money more) {
  CHECK(intent.open());
  if (refusing_.load(std::memory_order_acquire)) return Refusal();
  const std::int64_t amount = more.nano_usd();
  TG_RETURN_IF_ERROR(MakeRoom(RecordBytes(sizeof(amount)), 0));
  std::memcpy(current_->Prepare(sizeof(amount)).data(), &amount, sizeof(amount));
  current_->Commit(RecordType::kExtension, intent.number_, 0, sizeof(amount));
  return absl::OkStatus();
}

std::uint64_t Lane::AppendFinal(IntentRef intent, std::string_view record) {
  CHECK(intent.open());
  const std::size_t bytes = record.size();
  CHECK_LE(RecordBytes(bytes), intent.reserve_) << "a record that is larger than its reserve";
  reserved_ -= intent.reserve_;
  std::memcpy(current_->Prepare(bytes).data(), record.data(), bytes);
  const std::uint64_t sequence = last_sequence_.load(std::memory_order_relaxed) + 1;
  current_->Commit(RecordType::kFinal, intent.number_, sequence, bytes);
  last_sequence_.store(sequence, std::memory_order_release);
  if (intent.segment_ != current_) {
    intent.segment_->final_index.store(current_->header().index, std::memory_order_relaxed);
    intent.segment_->final_end.store(current_->committed(), std::memory_order_relaxed);
  }
  intent.segment_->open_intents.fetch_sub(1, std::memory_order_release);
  open_count_.fetch_sub(1, std::memory_order_release);
  intent.number_ = 0;
  intent.segment_.reset();
  return sequence;
}

std::vector<std::shared_ptr<Segment>> Lane::Segments() const {
  std::lock_guard lock(mutex_);
  return segments_;
}

void Lane::OfferSpare(std::shared_ptr<Segment> spare, const SegmentHeader& header) {
  std::lock_guard lock(mutex_);
  spare_ = std::move(spare);
  spare_header_ = header;
  has_spare_.store(true, std::memory_order_release);
}

void Lane::Start(std::shared_ptr<Segment> first, std::function<void()> on_spare_taken,
                 std::function<void()> make_spare) {
  current_ = first;
  on_spare_taken_ = std::move(on_spare_taken);
  make_spare_ = std::move(make_spare);
  std::lock_guard lock(mutex_);
  segments_ = {std::move(first)};
}

void Lane::Adopt(std::vector<std::shared_ptr<Segment>> segments, std::uint64_t last_sequence) {
  last_sequence_.store(last_sequence, std::memory_order_release);
  for (const auto& segment : segments) segment->sealed.store(true, std::memory_order_release);
  std::lock_guard lock(mutex_);
  segments_ = std::move(segments);
}

std::shared_ptr<Segment> Lane::TakeOldest(std::uint64_t acknowledged, bool durable) {
  std::lock_guard lock(mutex_);
  if (segments_.size() < 2) return nullptr;  // The last one says where the lane ends.
  const Segment& oldest = *segments_[0];
  if (!oldest.sealed.load(std::memory_order_acquire) ||
      oldest.open_intents.load(std::memory_order_acquire) != 0 ||
      segments_[1]->header().first_sequence > acknowledged + 1) {
    return nullptr;
  }
  const std::uint32_t last_final = oldest.final_index.load(std::memory_order_relaxed);
  for (const auto& later : segments_) {
    if (durable && last_final != 0 && later->header().index == last_final &&
        later->synced() < oldest.final_end.load(std::memory_order_relaxed)) {
      return nullptr;
    }
  }
  std::shared_ptr<Segment> taken = std::move(segments_[0]);
  segments_.erase(segments_.begin());
  return taken;
}

void Lane::SetRefusing(absl::Status refusal) {
  std::lock_guard lock(mutex_);
  refusing_.store(!refusal.ok(), std::memory_order_release);
  refusal_ = std::move(refusal);
}

}  // namespace tollgate::dataplane
