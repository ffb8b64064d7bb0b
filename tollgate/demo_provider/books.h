// What a provider would charge: its own count of the work it did, kept apart from the gateway's.
//
//   Books books(1'000);
//   books.Add({.response_id = "chatcmpl-1", .model = "demo/chat", .prices = ..., .tokens = ...});
//   books.ToJson(10);
//
// JSON: {"charged": "<what is charged>", "requests": 2, "refused_requests": 0, "cut_requests": 0,
// "tokens": {"input_text": …, "cache_read": …, "output_text": …, "output_reasoning": …, and, where
// there are any, "cache_write_5m": …, "cache_write_1h": …, "input_audio": …, "output_audio": …},
// "charge_nano_usd": …, "models": {"demo/chat": {the same}}, "entries": [newest first]}.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_BOOKS_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_BOOKS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tollgate/demo_provider/demo_models.h"

namespace tollgate {

// Tokens by class; the classes are disjoint: input_text excludes audio and what was read from or
// written to the cache, output_text excludes audio and reasoning.
struct DemoTokens {
  std::int64_t input_text = 0;
  std::int64_t cache_read = 0;
  std::int64_t output_text = 0;
  std::int64_t output_reasoning = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t input_audio = 0;
  std::int64_t output_audio = 0;

  // Class by class.
  DemoTokens& operator+=(const DemoTokens& other);
  friend bool operator==(const DemoTokens&, const DemoTokens&) = default;
};

// Tokens and one request at these prices, in nano-USD: summed exactly, rounded once, half up.
std::int64_t ChargeNanoUsd(const DemoPrices& prices, const DemoTokens& tokens);

// How the provider's work on one request ended.
enum class DemoOutcome {
  kComplete,  // The whole answer was made.
  kCut,       // The connection ended first; what was generated until then is charged.
};

// One request on which the provider worked.
struct BooksEntry {
  std::string response_id;
  std::string model;
  DemoPrices prices;
  DemoTokens tokens;
  DemoOutcome outcome = DemoOutcome::kComplete;
  bool streamed = false;
  bool usage_reported = false;  // Whether the answer said, rightly, what it used.
};

// Thread-safe.
class Books {
 public:
  // Keeps the last `entries_max` entries; the totals cover all.
  explicit Books(std::size_t entries_max) : entries_max_(entries_max) {}

  // Adds one request that was worked on.
  void Add(BooksEntry entry);

  // Counts a request that was refused before any work: it costs nothing.  `model` is empty when it
  // named none that is sold.
  void AddRefused(const std::string& model);

  // Forgets everything.
  void Clear();

  // Charged in all, in nano-USD.
  std::int64_t charge_nano_usd() const;

  // The books as JSON, with the newest `entries` single entries.
  std::string ToJson(std::size_t entries) const;

 private:
  struct Sums {
    std::int64_t requests = 0;
    std::int64_t refused_requests = 0;
    std::int64_t cut_requests = 0;
    DemoTokens tokens;
    std::int64_t charge_nano_usd = 0;
  };

  static void AddTo(Sums& sums, const BooksEntry& entry, std::int64_t charge_nano_usd);
  static void AppendSums(std::string& out, const Sums& sums);

  const std::size_t entries_max_;
  mutable absl::Mutex mutex_;
  Sums total_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Sums> models_ ABSL_GUARDED_BY(mutex_);
  std::deque<BooksEntry> entries_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_BOOKS_H_
