// Tells a persistent structure which of its pieces it may change in place.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_EDIT_TOKEN_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_EDIT_TOKEN_H_

#include <atomic>
#include <cstdint>

namespace tollgate::dataplane {

// A number that no other edit of this process has.  A piece that carries the structure's present
// token was made during this edit, so nobody else has it yet.  (A reference count of one would not
// do: it says nothing about what another thread, now gone, still read.)
inline std::uint64_t NewEditToken() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_EDIT_TOKEN_H_
