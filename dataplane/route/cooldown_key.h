// The place of a credential in the table of cool-downs (route/cooldowns.h).
#ifndef TOLLGATE_DATAPLANE_ROUTE_COOLDOWN_KEY_H_
#define TOLLGATE_DATAPLANE_ROUTE_COOLDOWN_KEY_H_

#include <cstdint>
#include <string_view>

namespace tollgate::dataplane {

// FNV-1a of the credential's id; never 0.  Pure.
constexpr std::uint64_t CooldownKey(std::string_view credential_id) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char c : credential_id) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_ROUTE_COOLDOWN_KEY_H_
