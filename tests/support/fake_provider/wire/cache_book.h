// Which beginnings of prompts the provider has in its cache.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CACHE_BOOK_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CACHE_BOOK_H_

#include <cstddef>
#include <deque>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace tollgate::wire {

// A beginning of fewer tokens is not cached.
inline constexpr std::int64_t kCachedTokensMin = 1'024;

// Thread-safe.  Keeps a bounded number of beginnings; the oldest is forgotten first.
class CacheBook {
 public:
  bool Contains(const std::string& digest) const {
    absl::MutexLock lock(&mutex_);
    return known_.count(digest) > 0;
  }

  void Add(const std::string& digest) {
    absl::MutexLock lock(&mutex_);
    if (!known_.insert(digest).second) return;
    order_.push_back(digest);
    if (order_.size() > kBeginningsMax) {
      known_.erase(order_.front());
      order_.pop_front();
    }
  }

 private:
  static constexpr std::size_t kBeginningsMax = 100'000;

  mutable absl::Mutex mutex_;
  std::set<std::string> known_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CACHE_BOOK_H_
