#include "dataplane/route/cooldowns.h"

#include <algorithm>

#include "dataplane/limits.h"

namespace tollgate::dataplane {
namespace {

// How far a key may lie from its place; beyond it the table counts as full there.
constexpr std::size_t kProbesMax = 64;

}  // namespace

Cooldowns::Cooldowns() : slots_(std::make_unique<Slot[]>(kSlots)) {}

Cooldowns::Slot* Cooldowns::Find(std::uint64_t key, bool create) const {
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    Slot& slot = slots_[(key + probe) % kSlots];
    std::uint64_t present = slot.key.load(std::memory_order_acquire);
    if (present == key) return &slot;
    if (present != 0) continue;
    if (!create) return nullptr;
    if (slot.key.compare_exchange_strong(present, key, std::memory_order_acq_rel) ||
        present == key) {
      return &slot;
    }
  }
  return nullptr;
}

void Cooldowns::Rest(std::uint64_t cooldown_key, MonotonicTime until) {
  Slot* slot = Find(cooldown_key, /*create=*/true);
  if (slot == nullptr) return;
  std::int64_t present = slot->until_ns.load(std::memory_order_relaxed);
  while (present < until.nanoseconds() &&
         !slot->until_ns.compare_exchange_weak(present, until.nanoseconds(),
                                               std::memory_order_relaxed)) {
  }
}

void Cooldowns::RestAfterFailure(const Credential& credential,
                                 std::optional<absl::Duration> retry_after, MonotonicTime now) {
  const Provider& provider = *credential.provider;
  if (provider.cooldown_disabled) return;
  const absl::Duration rest =
      std::min(retry_after.value_or(provider.cooldown), absl::Milliseconds(kCooldownMsMax));
  if (rest > absl::ZeroDuration()) Rest(credential.cooldown_key, now + rest);
}

void Cooldowns::Clear(std::uint64_t cooldown_key) {
  Slot* slot = Find(cooldown_key, /*create=*/false);
  if (slot != nullptr) slot->until_ns.store(0, std::memory_order_relaxed);
}

std::optional<MonotonicTime> Cooldowns::RestsUntil(std::uint64_t cooldown_key,
                                                   MonotonicTime now) const {
  const Slot* slot = Find(cooldown_key, /*create=*/false);
  if (slot == nullptr) return std::nullopt;
  const MonotonicTime until =
      MonotonicTime::FromNanoseconds(slot->until_ns.load(std::memory_order_relaxed));
  if (until <= now) return std::nullopt;
  return until;
}

}  // namespace tollgate::dataplane
