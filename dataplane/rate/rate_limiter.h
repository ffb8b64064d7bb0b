// Whether a request keeps to the rate limits of its key, its member and its workspace.
//
// A node enforces its share of a limit: the shares of all nodes are the limit.  One that is too
// small to be divided (kDivisible slots a node) is not: its slots are lent by billing to whoever
// has requests (slot_pool.h).  While billing cannot be asked, a node enforces its share all the
// same, which is one request where the limit is below the number of nodes: a limit is no money,
// nobody else could say, and no key must stand still because billing does.  So as many requests as
// there are nodes may run at the same time then, and until they are over those that began before,
// with slots of any node; SlotPool::unlent() counts them.
//
//   RateAdmission admission;                       // of the request; reused
//   limiter.Begin(subjects, now, &admission);      // requests a minute, and at the same time
//   limiter.TakeTokens(estimate, now, &admission); // tokens a minute
//   … limiter.End(actual_tokens, now, &admission);
#ifndef TOLLGATE_DATAPLANE_RATE_RATE_LIMITER_H_
#define TOLLGATE_DATAPLANE_RATE_RATE_LIMITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dataplane/rate/provider_rates.h"
#include "dataplane/rate/rate_book.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// Somebody whose limits a request must keep.
struct RateSubject {
  std::string_view kind;  // "key", "member", "workspace".
  std::string_view id;
  RateLimits limits;
};

// Why a request is refused.
struct RateRefusal {
  enum Limit { kRequests, kTokens, kConcurrent };
  Limit limit = kRequests;
  std::string_view kind;  // The subject's.
  std::int64_t allowed = 0;
  absl::Duration retry_after;
};

// What one request took.  Ended by RateLimiter::End() (CHECKed).
class RateAdmission {
 public:
  RateAdmission() = default;
  RateAdmission(const RateAdmission&) = delete;
  RateAdmission& operator=(const RateAdmission&) = delete;
  ~RateAdmission();

  bool limited() const { return size_ != 0; }

  // When Begin() refused since a slot is to be borrowed first: of which limit.  Empty otherwise.
  const std::string& awaited_slot() const { return awaited_slot_; }
  std::int64_t awaited_limit() const { return awaited_limit_; }

 private:
  friend class RateLimiter;
  static constexpr std::size_t kSubjectsMax = 3;

  struct Part {
    std::shared_ptr<RateMeter> meter;
    RateLimits limits;
    std::string_view kind;
    bool running = false;       // Counted in meter->running.
    std::string slot;           // Taken, for as long as it runs; empty for none.
    bool requests_lent = false;  // Its requests a minute are slots.
  };

  std::array<Part, kSubjectsMax> parts_;
  std::size_t size_ = 0;
  std::int64_t nodes_ = 1;
  std::int64_t tokens_ = 0;  // Taken of each.
  SlotPool* slots_ = nullptr;
  std::string awaited_slot_;
  std::int64_t awaited_limit_ = 0;
};

// One per worker: its cache needs no lock.  Used by that thread only.
class RateLimiter {
 public:
  // `book` must outlive this.
  explicit RateLimiter(RateBook& book) : book_(&book) {}

  // Counts a request in; or, with the refusal, not.  Subjects without limits cost nothing; at most
  // three.  Whatever comes of it, End() must follow.  No allocation once a subject is known.
  std::optional<RateRefusal> Begin(std::span<const RateSubject> subjects, MonotonicTime now,
                                   RateAdmission* admission);

  SlotPool& slots() { return book_->slots(); }

  // Takes what the request will use at least; corrected by End().
  std::optional<RateRefusal> TakeTokens(std::int64_t tokens, MonotonicTime now,
                                        RateAdmission* admission);

  // What is left of the tightest limits, for the answer's headers: requests and tokens.
  static ProviderRates Headroom(const RateAdmission& admission, MonotonicTime now);

  // Counts a request out: `tokens` is what it used.
  static void End(std::int64_t tokens, MonotonicTime now, RateAdmission* admission);

 private:
  static constexpr std::size_t kCacheEntriesMax = 50'000;  // Then it begins anew.

  // A limit on requests at the same time of so many a node or more is divided among nodes.
  static constexpr std::int64_t kDivisible = 4;

  std::shared_ptr<RateMeter> MeterOf(const RateSubject& subject, MonotonicTime now);
  bool TakeRunning(const RateSubject& subject, RateAdmission* admission,
                   RateAdmission::Part& part);
  static void GiveRequestsBack(const RateAdmission& admission, std::size_t count,
                               MonotonicTime now);
  static bool AnyBelowNodes(const RateAdmission& admission);
  bool BorrowRequest(const RateSubject& subject, RateAdmission* admission, MonotonicTime now);

  RateBook* book_;
  std::string name_;  // Scratch.
  absl::flat_hash_map<std::string, std::shared_ptr<RateMeter>> meters_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_RATE_RATE_LIMITER_H_
