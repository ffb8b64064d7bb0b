// The digests of keys that were presented of late: a caller's next request costs a comparison, and
// not a digest under each pepper.
#ifndef TOLLGATE_DATAPLANE_AUTH_RECENT_KEYS_H_
#define TOLLGATE_DATAPLANE_AUTH_RECENT_KEYS_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "base/api_key.h"
#include "base/digest.h"

namespace tollgate::dataplane {

// Remembers a key's digest and nothing that the digest led to: whether the key is known, revoked or
// expired is looked up in the snapshot each time.  Only keys that are in force are remembered, so
// that strangers push nobody out.  The texts are wiped at the end.  One thread.
class RecentKeys {
 public:
  RecentKeys() = default;
  ~RecentKeys();
  RecentKeys(const RecentKeys&) = delete;
  RecentKeys& operator=(const RecentKeys&) = delete;

  // The digest under which `key` was found before, or null.  The comparison is constant-time.
  const Sha256Digest* Find(std::string_view key) const;

  // REQUIRED: `key` looks like a key.
  void Remember(std::string_view key, const Sha256Digest& digest);

 private:
  struct Entry {
    std::array<char, kApiKeyChars> key{};
    Sha256Digest digest{};
  };

  static constexpr std::size_t kEntries = 256;  // 20 KiB a worker.

  static std::size_t SlotOf(std::string_view key);

  std::array<Entry, kEntries> entries_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_AUTH_RECENT_KEYS_H_
