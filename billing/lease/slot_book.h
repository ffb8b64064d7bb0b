// Who may use the slots of limits that are too small to be divided among nodes (lease.proto,
// SlotWant).
//
// A limit of two requests at the same time, shared by three nodes, cannot be three shares: its two
// slots are lent to whoever has requests, and come back when those are over or somebody waits.  A
// slot is no money: what a stream holds is free when it ends, and nothing is written to disk.
//
// A pure machine.  Of those that wait the one that has waited longest is served first, one slot at
// a time, so that no node is passed over.
#ifndef TOLLGATE_BILLING_LEASE_SLOT_BOOK_H_
#define TOLLGATE_BILLING_LEASE_SLOT_BOOK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "billing/lease/lease.h"

namespace tollgate::billing {

// Limits that one node may use at a time.
inline constexpr std::size_t kSlotSubjectsMax = 100'000;
inline constexpr std::size_t kSlotSubjectBytesMax = 160;
// Slots of one limit.
inline constexpr std::int64_t kSlotsMax = 1'000'000;

// lease.proto, SlotWant.
struct SlotWant {
  std::string subject;
  std::int64_t limit = 0;  // 0: as was said before.
  std::int64_t in_use = 0;
  std::int64_t returned = 0;
  std::int64_t wanted = 0;
};

// lease.proto, SlotGrant.
struct SlotGrant {
  StreamId stream = 0;
  std::string subject;
  std::int64_t granted = 0;
  bool recalled = false;
};

// Not thread-safe.
class SlotBook {
 public:
  // Takes what a node says.  InvalidArgument for numbers or names that no node sends;
  // ResourceExhausted for too many limits.
  absl::Status Take(StreamId stream, const SlotWant& request);

  // Frees what the stream's node had.
  void CloseStream(StreamId stream);

  // What is to be sent, in order.
  std::vector<SlotGrant> TakeAnswers() { return std::exchange(answers_, {}); }

  std::size_t subjects() const { return subjects_.size(); }

 private:
  struct Holder {
    std::int64_t held = 0;
    std::int64_t wanted = 0;
    std::uint64_t waits_since = 0;  // In order of coming; 0 while nothing is wanted.
    bool recalled = false;          // It was told that others wait.
  };
  struct Subject {
    std::int64_t limit = 0;
    std::map<StreamId, Holder> holders;
  };

  void Serve(const std::string& name);
  static Holder* LongestWaiting(Subject& subject, StreamId* stream);

  absl::flat_hash_map<std::string, Subject> subjects_;
  std::map<StreamId, std::set<std::string>> by_stream_;
  std::uint64_t next_order_ = 1;
  std::vector<SlotGrant> answers_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_SLOT_BOOK_H_
