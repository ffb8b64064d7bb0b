#include "dataplane/snapshot/snapshot_disk.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kSnapshotMagic("TGCONF\r\n", 8);
constexpr std::string_view kLogMagic("TGCLOG\r\n", 8);
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kSnapshotHeadBytes = 16;
constexpr std::size_t kTrailerBytes = 48;
constexpr std::size_t kLogHeadBytes = 32;
constexpr std::size_t kWriteBytes = 1 << 20;  // Gathered before a write.
// The log is merged at a quarter of the snapshot, within these: reading it must stay quick, and a
// small configuration must not be rewritten all the time.
constexpr std::uint64_t kLogBytesMin = 1 << 20;
constexpr std::uint64_t kLogBytesMax = 16 << 20;

template <typename T>
void Put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));  // Little endian, as every machine we run on.
  out.append(bytes, sizeof(T));
}

template <typename T>
T Get(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// The key of a serialized Resource without parsing the rest: it is its first field.
std::optional<std::string> KeyOf(std::string_view bytes) {
  if (bytes.size() >= 2 && bytes[0] == 0x0a && static_cast<unsigned char>(bytes[1]) < 0x80) {
    const auto size = static_cast<std::size_t>(bytes[1]);
    if (bytes.size() >= 2 + size) return std::string(bytes.substr(2, size));
  }
  config::v1::Resource resource;
  if (!resource.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return resource.key();
}

absl::Status CheckHead(std::string_view file, std::string_view magic, std::string_view path) {
  if (file.size() < kSnapshotHeadBytes || file.substr(0, 8) != magic) {
    return absl::DataLossError(absl::StrCat(AbslView(path), " is not what its name says"));
  }
  if (Get<std::uint32_t>(file, 8) != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(AbslView(path), " has format version ",
                                                      Get<std::uint32_t>(file, 8),
                                                      "; this program reads ", kFormatVersion));
  }
  return absl::OkStatus();
}

// Calls visit(bytes) for each resource of a snapshot file's body.
template <typename Visit>
absl::Status ForEachResource(std::string_view file, Visit visit) {
  std::string_view body =
      file.substr(kSnapshotHeadBytes, file.size() - kSnapshotHeadBytes - kTrailerBytes);
  while (!body.empty()) {
    if (body.size() < 4) return absl::DataLossError("the snapshot's last resource is cut");
    const auto size = Get<std::uint32_t>(body, 0);
    if (size > body.size() - 4) return absl::DataLossError("the snapshot's last resource is cut");
    TG_RETURN_IF_ERROR(visit(body.substr(4, size)));
    body.remove_prefix(4 + size);
  }
  return absl::OkStatus();
}

}  // namespace

// The log as it was read.
class SnapshotDisk::Log {
 public:
  explicit Log(std::string text) : text_(std::move(text)) {}

  bool BelongsTo(const ConfigRevision& base) const {
    return text_.size() >= kLogHeadBytes && CheckHead(text_, kLogMagic, "the log").ok() &&
           Get<std::uint32_t>(text_, 12) == Crc32c(std::string_view(text_).substr(16, 16)) &&
           Get<std::uint64_t>(text_, 16) == base.epoch &&
           Get<std::uint64_t>(text_, 24) == base.number;
  }

  // The next change; nullopt at the end, or where the log is not usable any more (cut()).
  std::optional<config::v1::SubscribeResponse::Delta> Next() {
    const std::string_view rest = std::string_view(text_).substr(offset_);
    if (rest.empty()) return std::nullopt;
    cut_ = true;
    if (rest.size() < 8) return std::nullopt;
    const auto size = Get<std::uint32_t>(rest, 4);
    if (size > rest.size() - 8) return std::nullopt;
    if (Get<std::uint32_t>(rest, 0) != Crc32c(rest.substr(8, size))) return std::nullopt;
    config::v1::SubscribeResponse::Delta delta;
    if (!delta.ParseFromArray(rest.data() + 8, static_cast<int>(size))) return std::nullopt;
    cut_ = false;
    offset_ += 8 + size;
    return delta;
  }

  bool cut() const { return cut_; }
  std::size_t offset() const { return offset_; }

 private:
  std::string text_;
  std::size_t offset_ = kLogHeadBytes;
  bool cut_ = false;
};

SnapshotDisk::SnapshotDisk(FileSystem& file_system, std::string folder)
    : file_system_(file_system), folder_(std::move(folder)) {}

SnapshotDisk::~SnapshotDisk() = default;

absl::StatusOr<SnapshotDisk::Trailer> SnapshotDisk::ReadTrailer(std::string_view file) {
  TG_RETURN_IF_ERROR(CheckHead(file, kSnapshotMagic, "the snapshot file"));
  if (file.size() < kSnapshotHeadBytes + kTrailerBytes) {
    return absl::DataLossError("the snapshot file is cut");
  }
  const std::string_view trailer = file.substr(file.size() - kTrailerBytes);
  if (Get<std::uint32_t>(trailer, 44) != Crc32c(trailer.substr(0, 44))) {
    return absl::DataLossError("the snapshot file is damaged at its end");
  }
  Trailer result;
  result.revision = {Get<std::uint64_t>(trailer, 0), Get<std::uint64_t>(trailer, 8)};
  result.digest = Get<std::uint64_t>(trailer, 16);
  result.resources = Get<std::uint64_t>(trailer, 24);
  result.body_crc = Get<std::uint32_t>(trailer, 40);
  const std::string_view body =
      file.substr(kSnapshotHeadBytes, file.size() - kSnapshotHeadBytes - kTrailerBytes);
  if (Get<std::uint64_t>(trailer, 32) != body.size() || result.body_crc != Crc32c(body)) {
    return absl::DataLossError("the snapshot file is damaged");
  }
  return result;
}

absl::StatusOr<SnapshotDisk::Loaded> SnapshotDisk::LoadOnce(ConfigImage& image,
                                                            std::uint64_t log_records_max) {
  TG_ASSIGN_OR_RETURN(const std::string file, file_system_.ReadFile(SnapshotPath()));
  TG_ASSIGN_OR_RETURN(const Trailer trailer, ReadTrailer(file));
  image.Expect(trailer.resources);
  TG_RETURN_IF_ERROR(
      ForEachResource(file, [&image](std::string_view bytes) { return image.Load(bytes); }));
  if (image.digest() != trailer.digest) {
    return absl::DataLossError("the snapshot file does not add up to its digest");
  }
  snapshot_bytes_ = file.size();
  Loaded loaded;
  loaded.revision = trailer.revision;
  log_.reset();
  absl::StatusOr<std::string> log_text = file_system_.ReadFile(LogPath());
  if (!log_text.ok()) return loaded;
  Log log(*std::move(log_text));
  if (!log.BelongsTo(trailer.revision)) return loaded;
  std::size_t good = kLogHeadBytes;
  while (loaded.log_records < log_records_max) {
    const auto delta = log.Next();
    if (!delta.has_value()) {
      loaded.log_cut = log.cut();
      break;
    }
    const ConfigRevision from{delta->from().epoch(), delta->from().number()};
    absl::Status applied = from == loaded.revision
                               ? absl::OkStatus()
                               : absl::DataLossError("a change of the log is missing");
    for (const auto& upsert : delta->upserts()) applied.Update(image.Upsert(upsert));
    for (const std::string& key : delta->removed()) applied.Update(image.Remove(key));
    if (applied.ok() && image.digest() != delta->digest()) {
      applied = absl::DataLossError("a change of the log does not add up to its digest");
    }
    // The image is spoilt: the caller begins again and stops before this one.
    if (!applied.ok()) return absl::AbortedError(absl::StrCat(loaded.log_records));
    loaded.revision = {delta->to().epoch(), delta->to().number()};
    ++loaded.log_records;
    good = log.offset();
  }
  loaded.log_cut = loaded.log_cut || loaded.log_records == log_records_max;
  // What follows is appended behind the last good change.
  if (loaded.log_cut && !file_system_.Truncate(LogPath(), good).ok()) return loaded;
  absl::StatusOr<std::unique_ptr<AppendFile>> reopened = file_system_.OpenAppend(LogPath());
  if (reopened.ok()) log_ = *std::move(reopened);
  return loaded;
}

absl::StatusOr<SnapshotDisk::Loaded> SnapshotDisk::Load(ConfigImage& image) {
  const ConfigImage empty = image;
  absl::StatusOr<Loaded> loaded = LoadOnce(image, std::numeric_limits<std::uint64_t>::max());
  if (loaded.ok() || loaded.status().code() != absl::StatusCode::kAborted) return loaded;
  // A change that does not apply: everything before it holds.
  std::uint64_t good = 0;
  if (!absl::SimpleAtoi(loaded.status().message(), &good)) return loaded.status();
  image = empty;
  return LoadOnce(image, good);
}

absl::Status SnapshotDisk::Begin() {
  Abandon();
  TG_RETURN_IF_ERROR(file_system_.CreateDirectories(folder_));
  if (file_system_.Exists(TemporaryPath())) {
    TG_RETURN_IF_ERROR(file_system_.Remove(TemporaryPath()));
  }
  TG_ASSIGN_OR_RETURN(writer_, file_system_.OpenAppend(TemporaryPath()));
  std::string head(kSnapshotMagic);
  Put<std::uint32_t>(head, kFormatVersion);
  Put<std::uint32_t>(head, 0);
  return writer_->Append(head);
}

absl::Status SnapshotDisk::Flush() {
  crc_ = ExtendCrc32c(crc_, std::as_bytes(std::span(buffer_.data(), buffer_.size())));
  absl::Status status = writer_->Append(buffer_);
  buffer_.clear();
  return status;
}

absl::Status SnapshotDisk::Add(std::string_view resource) {
  if (writer_ == nullptr) return absl::FailedPreconditionError("no snapshot is being written");
  Put<std::uint32_t>(buffer_, static_cast<std::uint32_t>(resource.size()));
  buffer_.append(resource);
  ++resources_;
  return buffer_.size() >= kWriteBytes ? Flush() : absl::OkStatus();
}

absl::Status SnapshotDisk::Commit(const ConfigRevision& revision, std::uint64_t digest) {
  if (writer_ == nullptr) return absl::FailedPreconditionError("no snapshot is being written");
  TG_RETURN_IF_ERROR(Flush());
  std::string trailer;
  Put(trailer, revision.epoch);
  Put(trailer, revision.number);
  Put(trailer, digest);
  Put(trailer, resources_);
  Put<std::uint64_t>(trailer, writer_->size() - kSnapshotHeadBytes);
  Put(trailer, crc_);
  Put<std::uint32_t>(trailer, Crc32c(trailer));
  TG_RETURN_IF_ERROR(writer_->Append(trailer));
  TG_RETURN_IF_ERROR(writer_->Sync());
  const std::uint64_t bytes = writer_->size();
  TG_RETURN_IF_ERROR(writer_->Close());
  writer_.reset();
  TG_RETURN_IF_ERROR(file_system_.Rename(TemporaryPath(), SnapshotPath()));
  TG_RETURN_IF_ERROR(file_system_.SyncDirectory(folder_));
  snapshot_bytes_ = bytes;
  // A log that is still there names another base and is not read.
  return StartLog(revision);
}

void SnapshotDisk::Abandon() {
  if (writer_ != nullptr) file_system_.Remove(TemporaryPath()).IgnoreError();
  writer_.reset();
  buffer_.clear();
  resources_ = 0;
  crc_ = 0;
}

absl::Status SnapshotDisk::StartLog(const ConfigRevision& base) {
  log_.reset();
  std::string head(kLogMagic);
  Put<std::uint32_t>(head, kFormatVersion);
  std::string revision;
  Put(revision, base.epoch);
  Put(revision, base.number);
  Put<std::uint32_t>(head, Crc32c(revision));
  head += revision;
  TG_RETURN_IF_ERROR(file_system_.WriteFileAtomically(LogPath(), head, kModePrivate));
  TG_ASSIGN_OR_RETURN(log_, file_system_.OpenAppend(LogPath()));
  return absl::OkStatus();
}

absl::Status SnapshotDisk::Append(const config::v1::SubscribeResponse::Delta& delta) {
  if (log_ == nullptr) {
    const ConfigRevision from{delta.from().epoch(), delta.from().number()};
    TG_RETURN_IF_ERROR(StartLog(from));  // Not read unless `from` is the snapshot's revision.
  }
  const std::string payload = delta.SerializeAsString();
  std::string record;
  record.reserve(payload.size() + 8);
  Put<std::uint32_t>(record, Crc32c(payload));
  Put<std::uint32_t>(record, static_cast<std::uint32_t>(payload.size()));
  record += payload;
  absl::Status status = log_->Append(record);
  status.Update(log_->Sync());
  if (!status.ok()) {
    log_.reset();  // Its tail is unknown; what is on disk stays good up to there.
    return status;
  }
  if (log_->size() > std::clamp(snapshot_bytes_ / 4, kLogBytesMin, kLogBytesMax)) return Merge();
  return absl::OkStatus();
}

absl::Status SnapshotDisk::Merge() {
  TG_ASSIGN_OR_RETURN(const std::string file, file_system_.ReadFile(SnapshotPath()));
  TG_ASSIGN_OR_RETURN(const Trailer trailer, ReadTrailer(file));
  TG_ASSIGN_OR_RETURN(std::string log_text, file_system_.ReadFile(LogPath()));
  Log log(std::move(log_text));
  if (!log.BelongsTo(trailer.revision)) return absl::DataLossError("the log has another base");
  // The last word on each resource that changed; empty = removed.
  absl::flat_hash_map<std::string, std::string> changed;
  ConfigRevision revision = trailer.revision;
  std::uint64_t digest = trailer.digest;
  while (const auto delta = log.Next()) {
    for (const auto& upsert : delta->upserts()) changed[upsert.key()] = upsert.SerializeAsString();
    for (const std::string& key : delta->removed()) changed[key].clear();
    revision = {delta->to().epoch(), delta->to().number()};
    digest = delta->digest();
  }
  TG_RETURN_IF_ERROR(Begin());
  TG_RETURN_IF_ERROR(ForEachResource(file, [&](std::string_view bytes) -> absl::Status {
    const std::optional<std::string> key = KeyOf(bytes);
    if (!key.has_value()) return absl::DataLossError("a resource cannot be read");
    return changed.contains(*key) ? absl::OkStatus() : Add(bytes);
  }));
  for (const auto& [key, bytes] : changed) {
    if (!bytes.empty()) TG_RETURN_IF_ERROR(Add(bytes));
  }
  return Commit(revision, digest);
}

}  // namespace tollgate::dataplane
