#include "dataplane/meter/segment.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/seeded_bug.h"
#include "base/status_macros.h"

namespace tollgate::dataplane {
namespace {

constexpr std::uint64_t kMagic = 0x314c4f4f50534754;  // "TGSPOOL1", little endian.
constexpr std::uint32_t kFormatVersion = 1;
// A search asks so often where the next written place is: once a call costs what a few pages do.
constexpr std::size_t kScanBytes = 64 * 1024;

// The header on disk.  The magic is written last: without it the segment was never begun.
struct DiskHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t crc;  // Of what follows.
  std::uint64_t incarnation;
  std::uint32_t lane;
  std::uint32_t index;
  std::uint64_t first_sequence;
  std::uint64_t salt;
  std::uint64_t reserved[2];
};
static_assert(sizeof(DiskHeader) == kSegmentHeaderBytes);

// A record's header on disk.  Its first eight bytes are stored at once and last: until then there
// is no record.
struct DiskRecord {
  std::uint32_t crc;  // Of the rest of the header and the payload, seeded by the salt.
  std::uint32_t length;
  std::uint8_t type;
  std::uint8_t reserved[7];
  std::uint64_t intent;
  std::uint64_t sequence;
};
static_assert(sizeof(DiskRecord) == kRecordHeaderBytes);

std::uint32_t CrcOf(const DiskHeader& header) {
  return Crc32c(std::string_view(reinterpret_cast<const char*>(&header) + 16, sizeof(header) - 16));
}

std::uint32_t CrcOf(std::uint32_t seed, const DiskRecord& record,
                    std::span<const std::byte> payload) {
  const auto header = std::as_bytes(std::span(&record, 1)).subspan(4);
  return ExtendCrc32c(ExtendCrc32c(seed, header), payload);
}

std::uint32_t SeedOf(std::uint64_t salt) {
  return Crc32c(std::string_view(reinterpret_cast<const char*>(&salt), sizeof(salt)));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Segment>> Segment::Create(FileSystem& file_system,
                                                         const std::string& path,
                                                         std::size_t bytes) {
  auto segment = std::shared_ptr<Segment>(new Segment());
  segment->path_ = path;
  TG_ASSIGN_OR_RETURN(segment->file_, file_system.CreateMapped(path, bytes));
  segment->bytes_ = segment->file_->bytes();
  return segment;
}

absl::StatusOr<std::shared_ptr<Segment>> Segment::OpenExisting(FileSystem& file_system,
                                                               const std::string& path) {
  auto segment = std::shared_ptr<Segment>(new Segment());
  segment->path_ = path;
  TG_ASSIGN_OR_RETURN(const std::uint64_t size, file_system.FileSize(path));
  if (size < kSegmentHeaderBytes) return absl::NotFoundError(path + " was never begun");
  TG_ASSIGN_OR_RETURN(segment->file_, file_system.OpenMapped(path));
  segment->bytes_ = segment->file_->bytes();
  DiskHeader header;
  std::memcpy(&header, segment->bytes_.data(), sizeof(header));
  if (header.magic == 0) return absl::NotFoundError(path + " was never begun");
  if (header.magic != kMagic || header.version != kFormatVersion || header.crc != CrcOf(header)) {
    return absl::DataLossError(path + ": the header is damaged");
  }
  segment->header_ = {header.incarnation, header.lane, header.index, header.first_sequence,
                      header.salt};
  segment->crc_seed_ = SeedOf(header.salt);
  return segment;
}

void Segment::Begin(const SegmentHeader& from) {
  header_ = from;
  crc_seed_ = SeedOf(from.salt);
  DiskHeader header{};
  header.magic = kMagic;
  header.version = kFormatVersion;
  header.incarnation = from.incarnation;
  header.lane = from.lane;
  header.index = from.index;
  header.first_sequence = from.first_sequence;
  header.salt = from.salt;
  header.crc = CrcOf(header);
  std::memcpy(bytes_.data() + 8, reinterpret_cast<const char*>(&header) + 8, sizeof(header) - 8);
  StoreFirstWord(0, header.magic);
}

std::uint64_t Segment::FirstWord(std::size_t offset) const {
  return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(bytes_.data() + offset))
      .load(std::memory_order_acquire);
}

void Segment::StoreFirstWord(std::size_t offset, std::uint64_t word) {
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(bytes_.data() + offset))
      .store(word, std::memory_order_release);
}

std::span<std::byte> Segment::Prepare(std::size_t payload_bytes) {
  CHECK(payload_bytes > 0 && payload_bytes <= kRecordPayloadBytesMax);
  CHECK_LE(RecordBytes(payload_bytes), free_bytes());
  return bytes_.subspan(committed() + kRecordHeaderBytes, payload_bytes);
}

void Segment::Commit(RecordType type, std::uint64_t intent, std::uint64_t sequence,
                     std::size_t payload_bytes) {
  const std::size_t offset = committed_.load(std::memory_order_relaxed);
  const std::size_t next = offset + RecordBytes(payload_bytes);
  DiskRecord record{};
  record.length = static_cast<std::uint32_t>(payload_bytes);
  record.type = static_cast<std::uint8_t>(type);
  record.intent = intent;
  record.sequence = sequence;
  record.crc = CrcOf(crc_seed_, record, bytes_.subspan(offset + kRecordHeaderBytes, payload_bytes));
  std::memcpy(bytes_.data() + offset + 8, reinterpret_cast<const char*>(&record) + 8,
              sizeof(record) - 8);
  // What a crash left behind this record must not look like the next one.
  if (next + kRecordHeaderBytes <= bytes_.size()) StoreFirstWord(next, 0);
  std::uint64_t word;
  std::memcpy(&word, &record, sizeof(word));
  StoreFirstWord(offset, word);
  committed_.store(next, std::memory_order_release);
}

void Segment::ReadAt(std::size_t offset, RecordView* view) const {
  DiskRecord record;
  std::memcpy(&record, bytes_.data() + offset, sizeof(record));
  view->type = static_cast<RecordType>(record.type);
  view->intent = record.intent;
  view->sequence = record.sequence;
  view->payload = bytes_.subspan(offset + kRecordHeaderBytes, record.length);
}

bool Segment::ReadCommitted(std::size_t* offset, RecordView* record) const {
  if (*offset < kSegmentHeaderBytes) *offset = kSegmentHeaderBytes;
  if (*offset >= committed()) return false;
  ReadAt(*offset, record);
  *offset += RecordBytes(record->payload.size());
  return true;
}

bool Segment::ValidAt(std::size_t offset, RecordView* view, std::size_t* next) const {
  if (offset + kRecordHeaderBytes > bytes_.size()) return false;
  DiskRecord record;
  std::memcpy(&record, bytes_.data() + offset, sizeof(record));
  if (record.length == 0 || record.length > kRecordPayloadBytesMax) return false;
  if (record.type < 1 || record.type > static_cast<std::uint8_t>(RecordType::kExtension)) {
    return false;
  }
  *next = offset + RecordBytes(record.length);
  if (*next > bytes_.size()) return false;
  if (record.crc !=
      CrcOf(crc_seed_, record, bytes_.subspan(offset + kRecordHeaderBytes, record.length))) {
    return false;
  }
  ReadAt(offset, view);
  return true;
}

bool Segment::AnyValidAfter(std::size_t offset) const {
  RecordView record;
  std::size_t next = 0;
  offset += kRecordAlignment;
  std::size_t looked_for = 0;  // Up to here it is known whether there is anything.
  for (; offset + kRecordHeaderBytes <= bytes_.size(); offset += kRecordAlignment) {
    if (offset >= looked_for) {
      // Most of a segment was never written.
      const std::size_t data = file_->NextData(offset) / kRecordAlignment * kRecordAlignment;
      offset = std::max(offset, data);
      looked_for = offset + kScanBytes;
      if (offset + kRecordHeaderBytes > bytes_.size()) return false;
    }
    if (FirstWord(offset) != 0 && ValidAt(offset, &record, &next)) return true;
  }
  return false;
}

Segment::Recovery Segment::Recover() {
  Recovery recovery;
  std::size_t offset = kSegmentHeaderBytes;
  RecordView record;
  std::size_t next = 0;
  while (ValidAt(offset, &record, &next)) {
    ++recovery.records;
    offset = next;
  }
  committed_.store(offset, std::memory_order_release);
  if (offset + kRecordHeaderBytes > bytes_.size()) return recovery;
  if (AnyValidAfter(offset)) {
    recovery.corrupt = true;
    recovery.corrupt_offset = offset;
    return recovery;
  }
  if (FirstWord(offset) != 0) {
    DiskRecord torn;
    std::memcpy(&torn, bytes_.data() + offset, sizeof(torn));
    recovery.torn_bytes =
        std::min(bytes_.size() - offset,
                 RecordBytes(std::min<std::size_t>(torn.length, kRecordPayloadBytesMax)));
    StoreFirstWord(offset, 0);
  }
  return recovery;
}

absl::Status Segment::SyncUpTo(std::size_t end) {
  const std::size_t begin = synced();
  if (end <= begin) return absl::OkStatus();
  if (!TG_SEEDED_BUG(kSpoolUnsynced)) TG_RETURN_IF_ERROR(file_->Sync(begin, end - begin));
  synced_.store(end, std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace tollgate::dataplane
