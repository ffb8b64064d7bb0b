#include "dataplane/meter/recovery.h"

#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status_macros.h"
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

  // The next segment, by index.
  void Add(const std::string& path) {
    if (damaged_) return;  // What follows a hole cannot be put in order.
    absl::StatusOr<std::shared_ptr<Segment>> opened = Segment::OpenExisting(file_system_, path);
    if (opened.status().code() == absl::StatusCode::kNotFound) {
      file_system_.Remove(path).IgnoreError();
      return;
    }
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
  std::uint64_t incarnation() const { return empty() ? 0 : segments_[0]->header().incarnation; }

  RecoveredLane Take() {
    const SegmentHeader& header = segments_.front()->header();
    RecoveredLane result;
    result.lane = std::make_unique<Lane>(header.incarnation, header.lane);
    result.lane->Adopt(std::move(segments_), last_sequence_);
    result.damaged = damaged_;
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
    ++header.index;
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
  bool damaged_ = false;
};

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
  // By "<incarnation>-<lane>": the names are sorted, and so the segments of each.
  std::map<std::string, std::vector<std::string>> lanes;
  const std::size_t lane_chars = 12 + 1 + 3;
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix) || name.size() <= lane_chars) continue;
    lanes[name.substr(0, lane_chars)].push_back(absl::StrCat(options.folder, "/", name));
  }
  std::vector<RecoveredLane> recovered;
  for (const auto& [lane, paths] : lanes) {
    LaneRecovery recovery(file_system, random, options, report);
    for (const std::string& path : paths) recovery.Add(path);
    if (MayComplete(identity, recovery.incarnation())) {
      TG_RETURN_IF_ERROR(recovery.CompleteIntents());
    }
    if (!recovery.empty()) recovered.push_back(recovery.Take());
  }
  return recovered;
}

}  // namespace tollgate::dataplane
