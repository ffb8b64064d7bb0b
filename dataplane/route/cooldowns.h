// Which credentials rest after a refusal or a failure of their provider.
#ifndef TOLLGATE_DATAPLANE_ROUTE_COOLDOWNS_H_
#define TOLLGATE_DATAPLANE_ROUTE_COOLDOWNS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "base/clock.h"
#include "dataplane/route/cooldown_key.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// A fixed table shared by all workers; lock-free.  When it is full (16,384 credentials that ever
// rested) further ones do not rest, which costs attempts and nothing else.
class Cooldowns {
 public:
  Cooldowns();

  // Lets a credential rest until `until`, when that is later than what is set.
  void Rest(std::uint64_t cooldown_key, MonotonicTime until);

  // Applies a provider's rule after a failure: `retry_after` (bounded by kCooldownMsMax) when the
  // provider sent one, else its default; nothing when it has cool-downs disabled.
  void RestAfterFailure(const Credential& credential, std::optional<absl::Duration> retry_after,
                        MonotonicTime now);

  // Ends the rest at once, after a success.
  void Clear(std::uint64_t cooldown_key);

  // Until when it rests; nullopt when it does not rest at `now`.
  std::optional<MonotonicTime> RestsUntil(std::uint64_t cooldown_key, MonotonicTime now) const;

 private:
  static constexpr std::size_t kSlots = 16384;
  struct Slot {
    std::atomic<std::uint64_t> key{0};  // 0 = free; never changes afterwards.
    std::atomic<std::int64_t> until_ns{0};
  };

  Slot* Find(std::uint64_t key, bool create) const;

  std::unique_ptr<Slot[]> slots_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_ROUTE_COOLDOWNS_H_
