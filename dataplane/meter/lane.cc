#include "dataplane/meter/lane.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "google/protobuf/io/coded_stream.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

// UsageIntent.record, field 1, as bytes.
constexpr std::uint8_t kIntentTag = 0x0a;
// Longest variant of a quantity ("1024x1024-hd"): they come in numbers.
constexpr std::size_t kVariantBytesMax = 32;

absl::Status SpoolFull() {
  return ErrorWithReason(absl::StatusCode::kResourceExhausted, "SPOOL_FULL",
                         "the journal of usage has no room left");
}

std::uint8_t* Bytes(std::span<std::byte> place) {
  return reinterpret_cast<std::uint8_t*>(place.data());
}

// Cuts at a boundary of UTF-8 characters, so that the string stays valid.
void Bound(std::string* text, std::size_t bytes_max) {
  if (text->size() <= bytes_max) return;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) --end;
  text->resize(end);
}

}  // namespace

void BoundStrings(usage::v1::UsageRecord& record) {
  for (std::string* text :
       {record.mutable_generation_id(), record.mutable_organization_id(),
        record.mutable_workspace_id(), record.mutable_key_id(), record.mutable_requested_model(),
        record.mutable_model_id(), record.mutable_provider_id(), record.mutable_offering_id(),
        record.mutable_credential_id(), record.mutable_price_version_id(),
        record.mutable_provider_response_id(), record.mutable_finish_reason(),
        record.mutable_native_finish_reason(), record.mutable_surface(),
        record.mutable_error_code(), record.mutable_user(), record.mutable_region()}) {
    Bound(text, kRecordStringBytesMax);
  }
  for (auto& quantity : *record.mutable_quantities()) {
    Bound(quantity.mutable_variant(), kVariantBytesMax);
  }
}

IntentRef& IntentRef::operator=(IntentRef&& other) noexcept {
  CHECK(!open()) << "an intent was overwritten before its final record";
  number_ = std::exchange(other.number_, 0);
  segment_ = std::move(other.segment_);
  return *this;
}

IntentRef::~IntentRef() { CHECK(!open()) << "an intent was dropped before its final record"; }

absl::Status Lane::Refusal() const {
  std::lock_guard lock(mutex_);
  return refusal_;
}

std::size_t Lane::Reserved() const {
  return open_count_.load(std::memory_order_relaxed) * kFinalReserveBytes;
}

// Room for `bytes` now and `reserve` later, besides what open intents have reserved.
absl::Status Lane::MakeRoom(std::size_t bytes, std::size_t reserve) {
  const std::size_t needed = bytes + reserve + Reserved();
  if (needed <= current_->free_bytes()) return absl::OkStatus();
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

absl::StatusOr<IntentRef> Lane::AppendIntent(usage::v1::UsageRecord& record) {
  if (refusing_.load(std::memory_order_acquire)) return Refusal();
  BoundStrings(record);
  using google::protobuf::io::CodedOutputStream;
  const auto record_bytes = static_cast<std::uint32_t>(record.ByteSizeLong());
  const std::size_t bytes = 1 + CodedOutputStream::VarintSize32(record_bytes) + record_bytes;
  TG_RETURN_IF_ERROR(MakeRoom(RecordBytes(bytes), kFinalReserveBytes));
  std::uint8_t* at = Bytes(current_->Prepare(bytes));
  *at++ = kIntentTag;
  at = CodedOutputStream::WriteVarint32ToArray(record_bytes, at);
  record.SerializeWithCachedSizesToArray(at);
  IntentRef intent;
  intent.number_ = next_intent_++;
  intent.segment_ = current_;
  current_->open_intents.fetch_add(1, std::memory_order_relaxed);
  open_count_.fetch_add(1, std::memory_order_relaxed);
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

std::uint64_t Lane::AppendFinal(IntentRef intent, usage::v1::UsageRecord& record) {
  CHECK(intent.open());
  BoundStrings(record);
  const std::size_t bytes = record.ByteSizeLong();
  CHECK_LE(RecordBytes(bytes), kFinalReserveBytes) << "too many holds or quantities in one record";
  record.SerializeWithCachedSizesToArray(Bytes(current_->Prepare(bytes)));
  const std::uint64_t sequence = last_sequence_.load(std::memory_order_relaxed) + 1;
  current_->Commit(RecordType::kFinal, intent.number_, sequence, bytes);
  last_sequence_.store(sequence, std::memory_order_release);
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

void Lane::Start(std::shared_ptr<Segment> first) {
  current_ = first;
  std::lock_guard lock(mutex_);
  segments_ = {std::move(first)};
}

void Lane::Adopt(std::vector<std::shared_ptr<Segment>> segments, std::uint64_t last_sequence) {
  last_sequence_.store(last_sequence, std::memory_order_release);
  for (const auto& segment : segments) segment->sealed.store(true, std::memory_order_release);
  std::lock_guard lock(mutex_);
  segments_ = std::move(segments);
}

std::shared_ptr<Segment> Lane::TakeOldest(std::uint64_t acknowledged) {
  std::lock_guard lock(mutex_);
  if (segments_.size() < 2) return nullptr;  // The last one says where the lane ends.
  const Segment& oldest = *segments_[0];
  if (!oldest.sealed.load(std::memory_order_acquire) ||
      oldest.open_intents.load(std::memory_order_acquire) != 0 ||
      segments_[1]->header().first_sequence > acknowledged + 1) {
    return nullptr;
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
