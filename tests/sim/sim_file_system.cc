#include "tests/sim/sim_file_system.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace tollgate::sim {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kSectorBytes = 512;

absl::Status Dead() { return absl::InternalError("the process is dead"); }

absl::Status Missing(const std::string& path) {
  return absl::NotFoundError(absl::StrCat("no ", path));
}

absl::Status Full() { return absl::ResourceExhaustedError("the disk is full"); }

}  // namespace

class SimFileSystem::Pages {
 public:
  explicit Pages(std::size_t size)
      : size_(size), capacity_(RoundUp(size)), data_(Allocate(capacity_)) {
    std::memset(data_, 0, capacity_);
  }
  Pages(const Pages& other)
      : size_(other.size_), capacity_(other.capacity_), data_(Allocate(capacity_)) {
    std::memcpy(data_, other.data_, capacity_);
  }
  Pages& operator=(const Pages&) = delete;
  ~Pages() { std::free(data_); }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static std::size_t RoundUp(std::size_t size) {
    return std::max<std::size_t>(1, (size + kPageBytes - 1) / kPageBytes) * kPageBytes;
  }
  static std::byte* Allocate(std::size_t capacity) {
    void* const memory = std::aligned_alloc(kPageBytes, capacity);
    CHECK(memory != nullptr);
    return static_cast<std::byte*>(memory);
  }

  const std::size_t size_;
  const std::size_t capacity_;
  std::byte* const data_;
};

// A file: mapped, or of text.
struct SimFileSystem::Inode {
  // Mapped.
  std::shared_ptr<Pages> pages;    // What the process sees.
  std::shared_ptr<Pages> durable;  // What a power loss keeps for sure.
  // Of text.
  std::string text;
  std::size_t durable_bytes = 0;
};

class SimFileSystem::Lock final : public FileLock {
 public:
  explicit Lock(SimFileSystem& owner) : owner_(owner) {}
  ~Lock() override {
    if (!owner_.frozen_) owner_.locked_ = false;
  }

 private:
  SimFileSystem& owner_;
};

class SimFileSystem::Appender final : public AppendFile {
 public:
  Appender(SimFileSystem& owner, std::shared_ptr<Inode> inode)
      : owner_(owner), inode_(std::move(inode)), size_(inode_->text.size()) {}

  absl::Status Append(std::string_view data) override {
    bool half = false;
    absl::Status status = owner_.BeginChange(&half);
    if (half) inode_->text += data.substr(0, owner_.dice_.Index(data.size() + 1));
    if (!status.ok()) return status;
    if (owner_.disk_full) return Full();
    inode_->text += data;
    size_ += data.size();
    return absl::OkStatus();
  }
  absl::Status Sync() override {
    if (absl::Status status = owner_.BeginChange(); !status.ok()) return status;
    if (owner_.dice_.Chance(owner_.sync_error_per_million)) {
      return absl::DataLossError("the sync failed");
    }
    inode_->durable_bytes = inode_->text.size();
    return absl::OkStatus();
  }
  absl::Status Close() override { return owner_.frozen_ ? Dead() : absl::OkStatus(); }
  std::uint64_t size() const override { return size_; }

 private:
  SimFileSystem& owner_;
  const std::shared_ptr<Inode> inode_;
  std::uint64_t size_;
};

class SimFileSystem::Mapping final : public MappedFile {
 public:
  Mapping(SimFileSystem& owner, std::shared_ptr<Inode> inode)
      : owner_(owner), inode_(std::move(inode)), pages_(inode_->pages) {}

  std::span<std::byte> bytes() override { return {pages_->data(), pages_->size()}; }

  absl::Status Sync(std::size_t offset, std::size_t length) override {
    if (offset > pages_->size() || length > pages_->size() - offset) {
      return absl::OutOfRangeError("a sync beyond the end");
    }
    if (absl::Status status = owner_.BeginChange(); !status.ok()) return status;
    if (owner_.dice_.Chance(owner_.sync_error_per_million)) {
      return absl::DataLossError("the sync failed");
    }
    const std::size_t begin = offset / kPageBytes * kPageBytes;
    const std::size_t end =
        std::min(pages_->size(), (offset + length + kPageBytes - 1) / kPageBytes * kPageBytes);
    std::memcpy(inode_->durable->data() + begin, pages_->data() + begin, end - begin);
    return absl::OkStatus();
  }

 private:
  SimFileSystem& owner_;
  const std::shared_ptr<Inode> inode_;
  const std::shared_ptr<Pages> pages_;  // Stays when the file is frozen or removed.
};

// ---- Faults -------------------------------------------------------------------------------------

void SimFileSystem::Freeze() {
  frozen_ = true;
  locked_ = false;
  calls_until_crash_ = 0;
  crash_ = nullptr;
  for (auto& [path, inode] : names_) {
    if (inode->pages != nullptr) inode->pages = std::make_shared<Pages>(*inode->pages);
  }
  for (Names& names : history_) {
    for (auto& [path, inode] : names) {
      // Removed since, and perhaps there again after a power loss.
      if (inode->pages != nullptr && Find(path) != inode) {
        inode->pages = std::make_shared<Pages>(*inode->pages);
      }
    }
  }
}

void SimFileSystem::LosePower() {
  CHECK(frozen_);
  if (!history_.empty()) {
    // Changes of names become durable in order: any number of the first may have been.
    history_.push_back(names_);
    names_ = history_[dice_.Index(history_.size())];
    history_.clear();
  }
  for (auto& [path, inode] : names_) {
    if (inode->pages == nullptr) {
      const std::size_t least = std::min(inode->durable_bytes, inode->text.size());
      const std::size_t kept = least + dice_.Index(inode->text.size() - least + 1);
      inode->text.resize(kept);
      // Allocated, and never written.
      if (kept > least && dice_.Chance(300'000)) {
        std::fill(
            inode->text.begin() + static_cast<std::ptrdiff_t>(least + dice_.Index(kept - least)),
            inode->text.end(), '\0');
      }
      inode->durable_bytes = kept;
      continue;
    }
    std::byte* now = inode->pages->data();
    std::byte* durable = inode->durable->data();
    for (std::size_t page = 0; page < inode->pages->size(); page += kPageBytes) {
      const std::size_t size = std::min(kPageBytes, inode->pages->size() - page);
      if (std::memcmp(now + page, durable + page, size) == 0) continue;
      const std::int64_t fate = dice_.Between(0, 2);
      for (std::size_t sector = page; sector < page + size; sector += kSectorBytes) {
        const bool old = fate == 0 || (fate == 1 && dice_.Chance(500'000));
        const std::size_t bytes = std::min(kSectorBytes, page + size - sector);
        if (old) std::memcpy(now + sector, durable + sector, bytes);
      }
    }
    std::memcpy(durable, now, inode->pages->size());
  }
}

void SimFileSystem::FlipBit(const std::string& path, std::size_t offset, int bit) {
  const std::shared_ptr<Inode> inode = Find(path);
  CHECK(inode != nullptr && inode->pages != nullptr && offset < inode->pages->size()) << path;
  for (Pages* pages : {inode->pages.get(), inode->durable.get()}) {
    pages->data()[offset] ^= static_cast<std::byte>(1 << bit);
  }
}

void SimFileSystem::Scribble(const std::string& path, std::size_t offset, std::string_view bytes) {
  const std::shared_ptr<Inode> inode = Find(path);
  CHECK(inode != nullptr && inode->pages != nullptr) << path;
  CHECK_LE(offset + bytes.size(), inode->pages->size()) << path;
  std::memcpy(inode->pages->data() + offset, bytes.data(), bytes.size());
}

std::string_view SimFileSystem::Contents(const std::string& path) const {
  const std::shared_ptr<Inode> inode = Find(path);
  if (inode == nullptr) return {};
  if (inode->pages == nullptr) return inode->text;
  return {reinterpret_cast<const char*>(inode->pages->data()), inode->pages->size()};
}

absl::Status SimFileSystem::BeginChange(bool* half) {
  if (frozen_) return Dead();
  if (calls_until_crash_ == 0 || --calls_until_crash_ > 0) return absl::OkStatus();
  if (half != nullptr) *half = true;
  const std::function<void()> crash = std::move(crash_);
  crash();  // Freezes.
  return Dead();
}

std::shared_ptr<SimFileSystem::Inode> SimFileSystem::Find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

// ---- FileSystem ---------------------------------------------------------------------------------

absl::Status SimFileSystem::CreateDirectories(const std::string&) {
  return frozen_ ? Dead() : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SimFileSystem::ListDirectory(const std::string& path) {
  if (frozen_) return Dead();
  std::vector<std::string> result;
  const std::string prefix = path + "/";
  for (auto it = names_.lower_bound(prefix); it != names_.end() && it->first.starts_with(prefix);
       ++it) {
    const std::string rest = it->first.substr(prefix.size());
    std::string name = rest.substr(0, rest.find('/'));
    if (result.empty() || result.back() != name) result.push_back(std::move(name));
  }
  return result;
}

bool SimFileSystem::Exists(const std::string& path) { return Find(path) != nullptr; }

absl::StatusOr<std::uint64_t> SimFileSystem::FileSize(const std::string& path) {
  if (Find(path) == nullptr) return Missing(path);
  return Contents(path).size();
}

absl::StatusOr<std::string> SimFileSystem::ReadFile(const std::string& path) {
  if (frozen_) return Dead();
  if (Find(path) == nullptr) return Missing(path);
  return std::string(Contents(path));
}

absl::Status SimFileSystem::WriteFileAtomically(const std::string& path, std::string_view data,
                                                unsigned) {
  bool half = false;
  const absl::Status status = BeginChange(&half);
  if (!status.ok() && !(half && dice_.Chance(500'000))) return status;
  if (disk_full) return Full();
  auto inode = std::make_shared<Inode>();
  inode->text = std::string(data);
  inode->durable_bytes = data.size();
  names_[path] = inode;
  // The folder is synced: this and what came before it.
  history_.clear();
  return status;
}

absl::Status SimFileSystem::Rename(const std::string& from, const std::string& to) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  const std::shared_ptr<Inode> inode = Find(from);
  if (inode == nullptr) return Missing(from);
  NamesChanged();
  names_.erase(from);
  names_[to] = inode;
  return absl::OkStatus();
}

absl::Status SimFileSystem::Remove(const std::string& path) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  if (Find(path) == nullptr) return Missing(path);
  NamesChanged();
  names_.erase(path);
  return absl::OkStatus();
}

absl::Status SimFileSystem::Truncate(const std::string& path, std::uint64_t size) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  const std::shared_ptr<Inode> inode = Find(path);
  if (inode == nullptr) return Missing(path);
  CHECK(inode->pages == nullptr) << "mapped files are not truncated";
  inode->text.resize(size);
  inode->durable_bytes = size;
  return absl::OkStatus();
}

absl::Status SimFileSystem::SyncDirectory(const std::string&) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  history_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> SimFileSystem::LockFile(const std::string& path) {
  if (frozen_) return Dead();
  if (locked_) return absl::FailedPreconditionError(path + " is locked");
  locked_ = true;
  return std::make_unique<Lock>(*this);
}

absl::StatusOr<std::unique_ptr<AppendFile>> SimFileSystem::OpenAppend(const std::string& path) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  std::shared_ptr<Inode> inode = Find(path);
  if (inode == nullptr) {
    if (disk_full) return Full();
    NamesChanged();
    inode = std::make_shared<Inode>();
    names_[path] = inode;
  }
  return std::make_unique<Appender>(*this, std::move(inode));
}

absl::StatusOr<std::unique_ptr<MappedFile>> SimFileSystem::CreateMapped(const std::string& path,
                                                                        std::size_t bytes) {
  if (absl::Status status = BeginChange(); !status.ok()) return status;
  if (Find(path) != nullptr) return absl::AlreadyExistsError(path);
  if (disk_full) return Full();
  NamesChanged();
  auto inode = std::make_shared<Inode>();
  inode->pages = std::make_shared<Pages>(bytes);
  inode->durable = std::make_shared<Pages>(bytes);
  names_[path] = inode;
  return std::make_unique<Mapping>(*this, std::move(inode));
}

absl::StatusOr<std::unique_ptr<MappedFile>> SimFileSystem::OpenMapped(const std::string& path) {
  if (frozen_) return Dead();
  std::shared_ptr<Inode> inode = Find(path);
  if (inode == nullptr) return Missing(path);
  if (inode->pages == nullptr) return absl::FailedPreconditionError(path + " is not mapped");
  return std::make_unique<Mapping>(*this, std::move(inode));
}

}  // namespace tollgate::sim
