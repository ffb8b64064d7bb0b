#include "dataplane/meter/recovery.h"

#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kSuffix = ".spool";

// An intent whose final record has not been met.
struct OpenIntent {
  std::string payload;  // A UsageIntent.
  std::int64_t extension_nano_usd = 0;
};

// Reads and completes one lane.
class LaneRecovery {
 public:
  LaneRecovery(FileSystem& file_system, Random& random, const SpoolOptions& options,
               RecoveryReport& report)
      : file_system_(file_system), random_(random), options_(options), report_(report) {}

  // The next segment, by index; `begun` is the last one that the node noted for the lane.
  void Add(const std::string& path, std::uint32_t index, std::uint32_t begun) {
    if (damaged_) return;  // What follows a hole cannot be put in order.
    absl::StatusOr<std::shared_ptr<Segment>> opened = Segment::OpenExisting(file_system_, path);
    if (opened.status().code() == absl::StatusCode::kNotFound) {
      if (index > begun) {
        file_system_.Remove(path).IgnoreError();
      } else {
        last_index_ = index;  // Stays, or the next start would miss it.
      }
      return;
    }
    last_index_ = index;
    ++report_.segments;
    if (!opened.ok()) return Damage(path, opened.status().ToString());
    Segment& segment = **opened;
    const Segment::Recovery found = segment.Recover();
    report_.records += found.records;
    report_.torn_bytes += found.torn_bytes;
    if (!segments_.empty() && segment.header().first_sequence != last_sequence_ + 1) {
      report_.missing_records += segment.header().first_sequence - last_sequence_ - 1;
      return Damage(path, "records before this file are missing");
    }
    if (segments_.empty()) last_sequence_ = segment.header().first_sequence - 1;
    Scan(segment);
    segments_.push_back(*std::move(opened));
    if (found.corrupt) {
      Damage(path, absl::StrCat("a record at byte ", found.corrupt_offset, " is corrupt"));
    }
  }

  // The lane has no more segments.  The last one that was begun stays until the run is closed.
  void End(const std::string& begun_path, std::uint32_t begun) {
    if (last_index_ >= begun || damaged_) return;
    Damage(begun_path, "the file is missing, and with it nobody knows how many records");
  }

  // Gives each open intent its final record.  Not for a damaged lane: theirs may be in what cannot
  // be read.
  absl::Status CompleteIntents() {
    if (damaged_ || segments_.empty()) return absl::OkStatus();
    for (auto& [number, intent] : open_) TG_RETURN_IF_ERROR(Complete(number, intent));
    if (options_.durability == Durability::kProcess) return absl::OkStatus();
    for (const auto& segment : segments_) {
      TG_RETURN_IF_ERROR(segment->SyncUpTo(segment->committed()));
    }
    return absl::OkStatus();
  }

  bool empty() const { return segments_.empty(); }
  bool damaged() const { return damaged_; }

  RecoveredLane Take(std::uint64_t incarnation) {
    RecoveredLane result;
    result.incarnation = incarnation;
    result.damaged = damaged_;
    if (segments_.empty()) return result;
    result.lane = std::make_unique<Lane>(incarnation, segments_.front()->header().lane);
    result.lane->Adopt(std::move(segments_), last_sequence_);
    return result;
  }

 private:
  void Damage(const std::string& path, const std::string& why) {
    damaged_ = true;
    ++report_.corrupt_segments;
    LogEvent(LogLevel::kError, "spool_corrupt", {{"path", path}, {"why", why}});
  }

  void Scan(const Segment& segment) {
    std::size_t offset = 0;
    RecordView record;
    while (segment.ReadCommitted(&offset, &record)) {
      switch (record.type) {
        case RecordType::kIntent:
          open_[record.intent].payload = std::string(record.text());
          break;
        case RecordType::kExtension:
          if (auto it = open_.find(record.intent);
              it != open_.end() && record.payload.size() == sizeof(std::int64_t)) {
            std::int64_t more = 0;
            std::memcpy(&more, record.payload.data(), sizeof(more));
            it->second.extension_nano_usd += more;
          }
          break;
        case RecordType::kFinal:
          last_sequence_ = record.sequence;
          open_.erase(record.intent);
          break;
      }
    }
  }

  absl::Status Complete(std::uint64_t number, const OpenIntent& intent) {
    usage::v1::UsageIntent message;
    if (!message.ParseFromString(intent.payload)) {
      return absl::DataLossError(absl::StrCat("an intent of ", segments_.back()->path(),
                                              " has a good checksum and cannot be read"));
    }
    usage::v1::UsageRecord& record = *message.mutable_record();
    const bool charge_hold = options_.interrupted == InterruptedPolicy::kChargeHold;
    for (auto& hold : *record.mutable_holds()) {
      hold.set_amount_nano_usd(hold.amount_nano_usd() + intent.extension_nano_usd);
      if (hold.has_drawn_nano_usd()) {
        hold.set_drawn_nano_usd(charge_hold ? hold.amount_nano_usd() : 0);
      }
    }
    record.set_charge_nano_usd(charge_hold && !record.byok()
                                   ? record.charge_nano_usd() + intent.extension_nano_usd
                                   : 0);
    record.set_usage_source(usage::v1::USAGE_SOURCE_INTERRUPTED);
    record.set_outcome(usage::v1::ATTEMPT_OUTCOME_INTERRUPTED);
    record.set_attempts(record.attempt());
    const std::string payload = record.SerializeAsString();
    if (RecordBytes(payload.size()) > segments_.back()->free_bytes()) {
      TG_RETURN_IF_ERROR(AddSegment());
    }
    Segment& segment = *segments_.back();
    std::memcpy(segment.Prepare(payload.size()).data(), payload.data(), payload.size());
    segment.Commit(RecordType::kFinal, number, ++last_sequence_, payload.size());
    ++report_.interrupted;
    return absl::OkStatus();
  }

  absl::Status AddSegment() {
    SegmentHeader header = segments_.back()->header();
    header.index = ++last_index_;
    header.first_sequence = last_sequence_ + 1;
    header.salt = random_.Next64();
    const std::string path = absl::StrCat(
        options_.folder, "/", SegmentName(header.incarnation, header.lane, header.index));
    TG_ASSIGN_OR_RETURN(std::shared_ptr<Segment> segment,
                        Segment::Create(file_system_, path, options_.segment_bytes));
    segment->Begin(header);
    segments_.push_back(std::move(segment));
    return absl::OkStatus();
  }

  FileSystem& file_system_;
  Random& random_;
  const SpoolOptions& options_;
  RecoveryReport& report_;
  std::vector<std::shared_ptr<Segment>> segments_;
  std::map<std::uint64_t, OpenIntent> open_;
  std::uint64_t last_sequence_ = 0;
  std::uint32_t last_index_ = 0;  // Of the last file that stays.
  bool damaged_ = false;
};

using LaneId = std::pair<std::uint64_t, std::uint32_t>;  // Incarnation and lane.

struct SegmentFile {
  LaneId lane;
  std::uint32_t index = 0;
};

// Inverts SegmentName(); nullopt for a file that is no segment.
std::optional<SegmentFile> ReadSegmentName(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  const std::vector<std::string> parts = absl::StrSplit(AbslView(name), '-');
  SegmentFile file;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &file.lane.first) ||
      !absl::SimpleAtoi(parts[1], &file.lane.second) || !absl::SimpleAtoi(parts[2], &file.index)) {
    return std::nullopt;
  }
  return file;
}

// One that is not among the former runs was closed or suspended: only its files are left.
bool MayComplete(const NodeIdentity& identity, std::uint64_t incarnation) {
  for (const FormerIncarnation& former : identity.former()) {
    if (former.number == incarnation) return identity.MayClose(former);
  }
  return false;
}

}  // namespace

std::string SegmentName(std::uint64_t incarnation, std::uint32_t lane, std::uint32_t index) {
  return absl::StrFormat("%012d-%03d-%010d.spool", incarnation, lane, index);
}

absl::StatusOr<std::vector<RecoveredLane>> RecoverLanes(FileSystem& file_system, Random& random,
                                                        const SpoolOptions& options,
                                                        const NodeIdentity& identity,
                                                        RecoveryReport& report) {
  TG_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      file_system.ListDirectory(options.folder));
  std::map<LaneId, std::set<std::uint32_t>> lanes;  // The indexes of each lane's files.
  for (const std::string& name : names) {
    const std::optional<SegmentFile> file = ReadSegmentName(name);
    if (file.has_value()) lanes[file->lane].insert(file->index);
  }
  std::map<LaneId, std::uint32_t> begun;
  for (const FormerIncarnation& former : identity.former()) {
    for (std::uint32_t lane = 0; lane < former.begun.size(); ++lane) {
      begun[{former.number, lane}] = former.begun[lane];
      lanes.try_emplace({former.number, lane});
    }
  }
  std::vector<RecoveredLane> recovered;
  for (const auto& [lane, indexes] : lanes) {
    const auto path = [&, &lane = lane](std::uint32_t index) {
      return absl::StrCat(options.folder, "/", SegmentName(lane.first, lane.second, index));
    };
    LaneRecovery recovery(file_system, random, options, report);
    for (const std::uint32_t index : indexes) recovery.Add(path(index), index, begun[lane]);
    recovery.End(path(begun[lane]), begun[lane]);
    if (MayComplete(identity, lane.first)) TG_RETURN_IF_ERROR(recovery.CompleteIntents());
    if (!recovery.empty() || recovery.damaged()) recovered.push_back(recovery.Take(lane.first));
  }
  return recovered;
}

}  // namespace tollgate::dataplane
