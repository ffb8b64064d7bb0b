#include "billing/store/rocksdb_database.h"

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/write_batch.h>

#include "base/rocksdb_open.h"
#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace tollgate::billing {
namespace {

constexpr const char* kFamilyNames[kFamilyCount] = {
    "default",    "journal",        "journal_by_workspace",
    "balances",   "idempotency",    "accounts",
    "leases",     "nodes",          "watermarks",
    "digests",    "generations",    "quarantine",
    "config",     "credits",        "refunded",
    "outbox",     "price_versions", "key_totals",
    "price_rules"};

constexpr std::string_view kFormatKey = "format_version";
constexpr std::string_view kFormatVersion = "4";

// Small tables are flushed seldom; without this bound they would keep old logs alive for ever.
constexpr std::uint64_t kLogBytesMax = 256ull << 20;
constexpr std::size_t kWriteBufferBytes = 8u << 20;

// What the rows of one list begin with: up to the second zero byte of a key.  New rows of a list go
// behind its last one, where the memtable then finds their place without a search.
class ListPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "tollgate.ListPrefix"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    const std::string_view text = {key.data(), key.size()};
    const std::size_t first = text.find('\0');
    if (first == std::string_view::npos) return key;
    const std::size_t second = text.find('\0', first + 1);
    return second == std::string_view::npos ? key : rocksdb::Slice(key.data(), second + 1);
  }
  bool InDomain(const rocksdb::Slice&) const override { return true; }
};

constexpr std::size_t kInfoLogFiles = 4;
constexpr std::size_t kInfoLogBytes = 8u << 20;

}  // namespace

rocksdb::Slice ToSlice(std::string_view view) { return {view.data(), view.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

absl::Status FromRocksdb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = "rocksdb: " + status.ToString();
  if (status.IsNotFound()) return absl::NotFoundError(message);
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() || status.IsIOError() ||
      status.IsShutdownInProgress()) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

namespace {

absl::Status CheckVersion(const std::string& version) {
  if (version == kFormatVersion) return absl::OkStatus();
  std::string message = "the store has format version " + version + ", this program knows version ";
  return absl::FailedPreconditionError(message.append(kFormatVersion));
}

// A store of another format may have other families, so that it cannot be opened at all: then the
// format is what to complain of.  OK when that is not known.
absl::Status CheckFormatOf(const std::string& path) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(
           rocksdb::DBOptions(), path,
           {{rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()}}, &handles, &raw)
           .ok()) {
    return absl::OkStatus();
  }
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::string version;
  const bool known =
      db->Get(rocksdb::ReadOptions(), handles[0], ToSlice(kFormatKey), &version).ok();
  db->DestroyColumnFamilyHandle(handles[0]).PermitUncheckedError();
  return known ? CheckVersion(version) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RocksdbDatabase>> RocksdbDatabase::Open(const std::string& path) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.max_total_wal_size = kLogBytesMax;
  options.keep_log_file_num = kInfoLogFiles;
  options.max_log_file_size = kInfoLogBytes;
  // Point-in-time recovery would drop synced records behind a damaged one; a torn tail that was
  // never synced is the only damage that may be passed over.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  rocksdb::ColumnFamilyOptions family_options;
  family_options.write_buffer_size = kWriteBufferBytes;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kFamilyNames) descriptors.emplace_back(name, family_options);
  // Families of lists.  Only such as have no range deletions: RocksDB 7.8 takes the place of a row
  // for that of a range deletion with the same prefix, and the other way round.
  for (const Family family :
       {Family::kJournal, Family::kJournalByWorkspace, Family::kGenerations, Family::kKeyTotals}) {
    descriptors[static_cast<std::size_t>(family)]
        .options.memtable_insert_with_hint_prefix_extractor = std::make_shared<ListPrefix>();
  }

  std::unique_ptr<RocksdbDatabase> database(new RocksdbDatabase);
  const absl::Status opened =
      FromRocksdb(OpenRocksdb(options, path, descriptors, &database->families_, &database->db_));
  if (!opened.ok()) {
    TG_RETURN_IF_ERROR(CheckFormatOf(path));
    return opened;
  }
  TG_RETURN_IF_ERROR(database->CheckFormat());
  return database;
}

absl::StatusOr<std::unique_ptr<RocksdbDatabase>> RocksdbDatabase::OpenReadOnly(
    const std::string& path) {
  rocksdb::Env* env = rocksdb::Env::Default();
  if (!env->FileExists(path + "/CURRENT").ok()) {
    return absl::NotFoundError("there is no billing store in " + path);
  }
  std::unique_ptr<RocksdbDatabase> database(new RocksdbDatabase);
  // What RocksDB itself locks; a reader would not, and read files that a program replaces.
  if (const rocksdb::Status locked = env->LockFile(path + "/LOCK", &database->lock_);
      !locked.ok()) {
    return absl::FailedPreconditionError(path + " is in use by a running program; stop it, or read "
                                         "a copy made while it was stopped (" +
                                         locked.ToString() + ")");
  }
  std::vector<std::string> present;
  TG_RETURN_IF_ERROR(
      FromRocksdb(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path, &present)));
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const std::string& name : present) {
    descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  rocksdb::DBOptions options;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  TG_RETURN_IF_ERROR(
      FromRocksdb(rocksdb::DB::OpenForReadOnly(options, path, descriptors, &handles, &db)));
  database->db_.reset(db);
  for (const char* name : kFamilyNames) {
    const auto at = std::find(present.begin(), present.end(), name);
    rocksdb::ColumnFamilyHandle*& slot = database->families_.emplace_back(nullptr);
    if (at != present.end()) slot = std::exchange(handles[at - present.begin()], nullptr);
  }
  for (rocksdb::ColumnFamilyHandle* unknown : handles) {
    if (unknown != nullptr) db->DestroyColumnFamilyHandle(unknown).PermitUncheckedError();
  }
  TG_RETURN_IF_ERROR(database->CheckFormat());
  return database;
}

RocksdbDatabase::~RocksdbDatabase() {
  for (rocksdb::ColumnFamilyHandle* handle : families_) {
    if (handle == nullptr) continue;
    // Fails only for the default family of a closed database; neither is the case.
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  db_.reset();
  if (lock_ != nullptr) rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError();
}

absl::Status RocksdbDatabase::CheckFormat() {
  const absl::StatusOr<std::string> version = Get(Family::kDefault, kFormatKey);
  if (absl::IsNotFound(version.status()) && lock_ != nullptr) {
    return absl::FailedPreconditionError("this is a RocksDB store, but not billing's");
  }
  if (absl::IsNotFound(version.status())) {
    rocksdb::WriteBatch batch;
    batch.Put(family(Family::kDefault), ToSlice(kFormatKey), ToSlice(kFormatVersion));
    return Write(batch);
  }
  TG_RETURN_IF_ERROR(version.status());
  return CheckVersion(*version);
}

absl::Status RocksdbDatabase::Write(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  return FromRocksdb(db_->Write(options, &batch));
}

absl::StatusOr<std::string> RocksdbDatabase::Get(Family in, std::string_view key) const {
  if (family(in) == nullptr) return absl::NotFoundError("no such row");
  std::string value;
  TG_RETURN_IF_ERROR(
      FromRocksdb(db_->Get(rocksdb::ReadOptions(), family(in), ToSlice(key), &value)));
  return value;
}

absl::Status RocksdbDatabase::Scan(
    Family in, std::string_view prefix,
    const std::function<absl::StatusOr<bool>(std::string_view, std::string_view)>& row) const {
  const std::unique_ptr<rocksdb::Iterator> it = NewIterator(in);
  for (it->Seek(ToSlice(prefix)); it->Valid() && it->key().starts_with(ToSlice(prefix));
       it->Next()) {
    TG_ASSIGN_OR_RETURN(const bool more, row(ToView(it->key()), ToView(it->value())));
    if (!more) break;
  }
  return FromRocksdb(it->status());
}

std::unique_ptr<rocksdb::Iterator> RocksdbDatabase::NewIterator(Family in) const {
  if (family(in) == nullptr) {
    return std::unique_ptr<rocksdb::Iterator>(rocksdb::NewEmptyIterator());
  }
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(rocksdb::ReadOptions(), family(in)));
}

std::uint64_t RocksdbDatabase::EstimateRows(Family in) const {
  std::uint64_t rows = 0;
  if (family(in) != nullptr) {
    db_->GetIntProperty(family(in), rocksdb::DB::Properties::kEstimateNumKeys, &rows);
  }
  return rows;
}

}  // namespace tollgate::billing
