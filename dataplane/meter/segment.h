// One file of a lane: a header and CRC-framed records in a memory mapping.
// The format is docs/formats/spool.md.
#ifndef TOLLGATE_DATAPLANE_METER_SEGMENT_H_
#define TOLLGATE_DATAPLANE_METER_SEGMENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace tollgate::dataplane {

enum class RecordType : std::uint8_t {
  kIntent = 1,     // A UsageIntent: an attempt is about to be sent.
  kFinal = 2,      // A UsageRecord: the attempt has ended.
  kExtension = 3,  // 8 bytes, little endian: so many nano-USD more on each hold of an intent.
};

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::size_t kRecordAlignment = 8;
// Largest payload: a record of bounded strings is far smaller (spool.h).
inline constexpr std::size_t kRecordPayloadBytesMax = 16 * 1024;

// What a record takes on disk.
constexpr std::size_t RecordBytes(std::size_t payload_bytes) {
  return kRecordHeaderBytes +
         (payload_bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

struct SegmentHeader {
  std::uint64_t incarnation = 0;
  std::uint32_t lane = 0;
  std::uint32_t index = 0;           // Of the segment within its lane, from 1.
  std::uint64_t first_sequence = 1;  // Of the first final record in it.
  // Random, and part of every checksum: bytes that a client made look like a record are none.
  std::uint64_t salt = 0;
};

// A record as it stands in a segment; its payload points into the mapping.
struct RecordView {
  RecordType type = RecordType::kIntent;
  std::uint64_t intent = 0;    // Numbers the intents of a lane from 1; finals name theirs.
  std::uint64_t sequence = 0;  // Of a final record; else 0.
  std::span<const std::byte> payload;

  std::string_view text() const {
    return {reinterpret_cast<const char*>(payload.data()), payload.size()};
  }
};

// One thread appends; others may read what is committed.
class Segment {
 public:
  // Creates the file with all its blocks.  The errors of FileSystem::CreateMapped().
  static absl::StatusOr<std::shared_ptr<Segment>> Create(FileSystem& file_system,
                                                         const std::string& path,
                                                         std::size_t bytes);

  // Opens a file for reading and recovery.  DataLoss when its header is damaged; NotFound when it
  // was made and never begun (Begin()).
  static absl::StatusOr<std::shared_ptr<Segment>> OpenExisting(FileSystem& file_system,
                                                               const std::string& path);

  // Writes the header; the first thing done to a created segment.
  void Begin(const SegmentHeader& header);

  const SegmentHeader& header() const { return header_; }
  const std::string& path() const { return path_; }
  std::size_t capacity() const { return bytes_.size(); }
  std::size_t free_bytes() const { return bytes_.size() - committed(); }
  // Where the next record goes: all before it is whole.
  std::size_t committed() const { return committed_.load(std::memory_order_acquire); }

  // Reserves room for a payload and gives its place, so that a message is serialized right into
  // the mapping; Commit() makes it a record.  REQUIRED: RecordBytes(payload_bytes) ≤ free_bytes().
  std::span<std::byte> Prepare(std::size_t payload_bytes);
  void Commit(RecordType type, std::uint64_t intent, std::uint64_t sequence,
              std::size_t payload_bytes);

  // Reads the record at `*offset` and moves it behind.  False at the end of what is committed.
  bool ReadCommitted(std::size_t* offset, RecordView* record) const;

  // What Recover() found.
  struct Recovery {
    std::size_t records = 0;
    std::size_t torn_bytes = 0;  // Of a record that was not written whole; cut off.
    bool corrupt = false;        // A bad record with good ones behind it: nothing was changed.
    std::size_t corrupt_offset = 0;
  };
  // Finds the end of the records of an opened segment: sets committed().  Cuts a torn last record.
  Recovery Recover();

  // Makes everything before `end` durable, and no more than what was not before.  One thread.
  absl::Status SyncUpTo(std::size_t end);
  // What is durable: everything before.
  std::size_t synced() const { return synced_.load(std::memory_order_acquire); }

  // Intents in this segment whose final record is not written yet.
  std::atomic<std::uint32_t> open_intents{0};
  // Where the last final record of an intent of this segment ends, when that is in a later segment:
  // its index (0 for none) and the offset.  Written before open_intents falls.
  std::atomic<std::uint32_t> final_index{0};
  std::atomic<std::size_t> final_end{0};
  // Set once nothing is appended to it any more.
  std::atomic<bool> sealed{false};

 private:
  Segment() = default;

  bool ValidAt(std::size_t offset, RecordView* record, std::size_t* next) const;
  bool AnyValidAfter(std::size_t offset) const;
  void ReadAt(std::size_t offset, RecordView* record) const;
  std::uint64_t FirstWord(std::size_t offset) const;
  void StoreFirstWord(std::size_t offset, std::uint64_t word);

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  std::span<std::byte> bytes_;
  SegmentHeader header_;
  std::uint32_t crc_seed_ = 0;
  std::atomic<std::size_t> synced_{0};  // Written by the syncing thread.
  std::atomic<std::size_t> committed_{kSegmentHeaderBytes};
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_METER_SEGMENT_H_
