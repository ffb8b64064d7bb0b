// The leases of a node in a memory-mapped file, so that `kill -9` loses none of the counters.
// The format is docs/formats/leases.md.
//
// The order of writes is chosen so that a crash between any two can only strand money, never make
// any: a grant is noted before it can be spent, money is taken out before it is used or given back.
// What is stranded comes free when the incarnation is closed (proto/tollgate/usage).
#ifndef TOLLGATE_DATAPLANE_BUDGET_LEASE_TABLE_H_
#define TOLLGATE_DATAPLANE_BUDGET_LEASE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace tollgate::dataplane {

// Longest account name in bytes: "budget/", an id of 63, a period and an instance of 63 fit.
inline constexpr std::size_t kAccountNameBytesMax = 160;

// One lease.  Laid out as on disk: 256 bytes, counters on cache lines of their own.
struct alignas(64) LeaseSlot {
  enum State : std::uint32_t { kFree = 0, kOpen = 1, kRetired = 2 };

  std::atomic<std::uint32_t> state;
  std::uint32_t account_bytes;
  std::atomic<std::uint64_t> incarnation;
  char account[kAccountNameBytesMax];
  char padding[16];
  // All in nano-USD, all totals since the lease began.
  alignas(64) std::atomic<std::int64_t> remaining;  // What new holds may draw on.
  std::atomic<std::int64_t> granted;
  std::atomic<std::int64_t> released;
  // New holds stop here: monotonic nanoseconds of this boot.
  std::atomic<std::int64_t> deadline_ns;

  std::string_view account_name() const { return {account, account_bytes}; }
};
static_assert(sizeof(LeaseSlot) == 256);
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// Slots may be read and their counters changed by any thread; Allocate() and Free() are for one
// thread at a time.
class LeaseTable {
 public:
  // Opens the file, or creates it with room for `slots` leases.  A file of another boot of the
  // machine, of another format or with a bad header is emptied: what it said about deadlines and
  // money cannot be relied on (had_stale_content() then).  The errors of the FileSystem.
  static absl::StatusOr<std::unique_ptr<LeaseTable>> Open(FileSystem& file_system,
                                                          const std::string& path,
                                                          std::size_t slots,
                                                          std::string_view boot_id);

  std::size_t size() const { return count_; }
  LeaseSlot& slot(std::size_t index) { return slots_[index]; }
  const LeaseSlot& slot(std::size_t index) const { return slots_[index]; }

  // Whether Open() found leases that it had to drop.
  bool had_stale_content() const { return had_stale_content_; }

  // Takes a free slot for a lease without money; nullopt when all are taken or the name is too
  // long.
  std::optional<std::uint32_t> Allocate(std::string_view account, std::uint64_t incarnation);

  // Gives a slot back.  REQUIRED: nothing uses it.
  void Free(std::uint32_t index);

  // Slots in use.
  std::size_t used() const { return used_; }

 private:
  LeaseTable() = default;

  std::unique_ptr<MappedFile> file_;
  LeaseSlot* slots_ = nullptr;
  std::size_t count_ = 0;
  std::size_t used_ = 0;
  std::size_t next_ = 0;  // Where the search for a free slot begins.
  bool had_stale_content_ = false;
};

// The id of this boot of the machine (/proc/sys/kernel/random/boot_id), without its line end.
// Never empty: when it cannot be read, a value that no other process run has.
std::string BootId();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_LEASE_TABLE_H_
