#include "dataplane/budget/lease_table.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <new>

#include "absl/strings/str_cat.h"
#include "base/crc32c.h"
#include "base/digest.h"
#include "base/random.h"
#include "base/status_macros.h"

namespace tollgate::dataplane {
namespace {

constexpr std::size_t kHeaderBytes = 4096;  // Slots begin on a page of their own.
constexpr char kMagic[8] = {'T', 'G', 'L', 'E', 'A', 'S', 'E', '\n'};
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kSlotsAtOnce = 16;  // A page: so much is memory or not.

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t crc;  // Of what follows.
  char boot_id[64];
};

std::uint32_t CrcOf(const Header& header) {
  return Crc32c(std::string_view(header.boot_id, sizeof(header.boot_id)));
}

Header MakeHeader(std::string_view boot_id) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kFormatVersion;
  std::memcpy(header.boot_id, boot_id.data(), std::min(boot_id.size(), sizeof(header.boot_id)));
  header.crc = CrcOf(header);
  return header;
}

bool SlotIsSane(const LeaseSlot& slot) {
  const std::uint32_t state = slot.state.load(std::memory_order_relaxed);
  return state <= LeaseSlot::kRetired && slot.account_bytes <= kAccountNameBytesMax;
}

// Calls visit(slot) for every slot but those that were never written, which are zero.  To look at
// them all would make the whole table memory of this process.
template <typename Visit>
void ForEachWritten(const MappedFile& file, std::span<LeaseSlot> slots, Visit visit) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i % kSlotsAtOnce == 0) {
      const std::size_t data = file.NextData(kHeaderBytes + i * sizeof(LeaseSlot));
      i = std::max(i, (data - kHeaderBytes) / sizeof(LeaseSlot) / kSlotsAtOnce * kSlotsAtOnce);
      if (i >= slots.size()) return;
    }
    visit(slots[i]);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LeaseTable>> LeaseTable::Open(FileSystem& file_system,
                                                             const std::string& path,
                                                             std::size_t slots,
                                                             std::string_view boot_id) {
  if (slots == 0) return absl::InvalidArgumentError("a lease table needs slots");
  auto table = std::unique_ptr<LeaseTable>(new LeaseTable());
  const bool existed = file_system.Exists(path);
  if (existed) {
    TG_ASSIGN_OR_RETURN(table->file_, file_system.OpenMapped(path));
  }
  const std::size_t least = kHeaderBytes + sizeof(LeaseSlot);
  const bool anew = table->file_ == nullptr || table->file_->bytes().size() < least;
  if (anew) {
    table->file_.reset();
    if (existed) TG_RETURN_IF_ERROR(file_system.Remove(path));
    TG_ASSIGN_OR_RETURN(table->file_,
                        file_system.CreateMapped(path, kHeaderBytes + slots * sizeof(LeaseSlot)));
  }
  const std::span<std::byte> bytes = table->file_->bytes();
  table->count_ = (bytes.size() - kHeaderBytes) / sizeof(LeaseSlot);
  // The file's bytes are the objects: the struct is as it is on disk, and mapped page-aligned.
  table->slots_ = std::launder(reinterpret_cast<LeaseSlot*>(bytes.data() + kHeaderBytes));
  const Header wanted = MakeHeader(boot_id);
  const std::span<LeaseSlot> former(table->slots_, anew ? 0 : table->count_);
  bool usable = std::memcmp(bytes.data(), &wanted, sizeof(wanted)) == 0;
  std::size_t used = 0;
  ForEachWritten(*table->file_, former, [&](const LeaseSlot& slot) {
    usable = usable && SlotIsSane(slot);
    if (slot.state.load(std::memory_order_relaxed) != LeaseSlot::kFree) ++used;
  });
  if (usable) {
    table->used_ = used;
    return table;
  }
  table->had_stale_content_ = used > 0;
  // The header last: until it is there, the content counts as stale.  A new file is zero as it is,
  // and not a page of it is touched before it is used.
  std::memset(bytes.data(), 0, kHeaderBytes);
  ForEachWritten(*table->file_, former, [](LeaseSlot& slot) {
    std::memset(static_cast<void*>(&slot), 0, sizeof(slot));
  });
  std::memcpy(bytes.data(), &wanted, sizeof(wanted));
  return table;
}

std::optional<std::uint32_t> LeaseTable::Allocate(std::string_view account,
                                                  std::uint64_t incarnation) {
  if (account.empty() || account.size() > kAccountNameBytesMax || used_ == count_) {
    return std::nullopt;
  }
  while (slots_[next_].state.load(std::memory_order_relaxed) != LeaseSlot::kFree) {
    next_ = (next_ + 1) % count_;
  }
  LeaseSlot& slot = slots_[next_];
  slot.account_bytes = static_cast<std::uint32_t>(account.size());
  std::memcpy(slot.account, account.data(), account.size());
  slot.incarnation.store(incarnation, std::memory_order_relaxed);
  slot.remaining.store(0, std::memory_order_relaxed);
  slot.granted.store(0, std::memory_order_relaxed);
  slot.released.store(0, std::memory_order_relaxed);
  slot.deadline_ns.store(0, std::memory_order_relaxed);
  slot.state.store(LeaseSlot::kOpen, std::memory_order_release);  // Last: it is whole now.
  ++used_;
  return static_cast<std::uint32_t>(next_);
}

void LeaseTable::Free(std::uint32_t index) {
  LeaseSlot& slot = slots_[index];
  if (slot.state.load(std::memory_order_relaxed) == LeaseSlot::kFree) return;
  slot.state.store(LeaseSlot::kFree, std::memory_order_release);
  --used_;
}

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (file && std::getline(file, id) && !id.empty()) return id;
  std::uint8_t bytes[16];
  SystemRandom().Fill(bytes);
  return absl::StrCat("unknown-", HexEncode({reinterpret_cast<const char*>(bytes), sizeof(bytes)}));
}

}  // namespace tollgate::dataplane
