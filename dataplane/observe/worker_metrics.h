// What one worker counts.  Only the worker writes, without locks or locked instructions; a scrape
// reads all workers' counts and adds them up (metrics_export.h).
#ifndef TOLLGATE_DATAPLANE_OBSERVE_WORKER_METRICS_H_
#define TOLLGATE_DATAPLANE_OBSERVE_WORKER_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/compiled_price.h"
#include "dataplane/request/errors.h"

namespace tollgate::dataplane {

// A count with one writer.
class Count {
 public:
  void Add(std::int64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// A histogram of durations with one writer.
class DurationCounts {
 public:
  static constexpr std::size_t kBuckets = 24;

  // Ascending bounds in seconds, at most kBuckets - 1.
  explicit DurationCounts(const std::vector<double>& bounds_seconds);

  void Observe(std::int64_t nanoseconds);

  std::size_t buckets() const { return bounds_ns_.size() + 1; }
  std::int64_t count(std::size_t bucket) const { return counts_[bucket].value(); }
  std::int64_t sum_ns() const { return sum_ns_.value(); }

 private:
  std::vector<std::int64_t> bounds_ns_;
  std::array<Count, kBuckets> counts_;
  Count sum_ns_;
};

// How a request ended, as a label.
enum class RequestOutcome : std::uint8_t {
  kSuccess,       // A whole answer.
  kRefused,       // Refused by the gateway before any provider was asked.
  kRejected,      // Refused by the provider as the client's fault.
  kFailed,        // Every provider failed, or a stream was cut.
  kClientClosed,  // The client left.
  kEstimated,     // Not made: its cost was asked for.
  kCounted,       // Not made: its tokens were counted.
  kRetrieved,     // Not made: an answer that a provider keeps was shown, deleted or cancelled.
  kOutcomes,
};
std::string_view RequestOutcomeName(RequestOutcome outcome);

// What went wrong with a provider, as a label.
enum class UpstreamError : std::uint8_t {
  kResolve,
  kConnect,
  kTls,
  kTimeout,
  kStatus408,
  kStatus429,
  kStatus5xx,
  kCredential,
  kProtocol,
  kCut,
  kErrors,
};
std::string_view UpstreamErrorName(UpstreamError error);

// The classes in which tokens are counted.
inline constexpr std::size_t kTokenLabels = 6;
std::string_view TokenLabel(std::size_t index);

// What is counted per provider; "" stands for none.
struct ProviderCounts {
  explicit ProviderCounts(std::string id) : provider(std::move(id)) {}

  const std::string provider;
  std::array<Count, static_cast<std::size_t>(RequestOutcome::kOutcomes)> requests;
  std::array<Count, static_cast<std::size_t>(UpstreamError::kErrors)> errors;
  std::array<Count, kTokenLabels> tokens;
  Count charge_nano_usd;
  Count cost_nano_usd;
  Count connections_opened;
  Count connections_reused;
};

class WorkerMetrics {
 public:
  WorkerMetrics();

  // The counts of a provider; beyond kProvidersMax the last ones share "other".  The worker only.
  ProviderCounts& provider(std::string_view id);

  void CountTokens(ProviderCounts& counts, const TokenUsage& usage);
  void CountError(ErrorCode code) { errors_by_code[static_cast<std::size_t>(code)].Add(1); }

  // All of them; any thread.
  std::vector<const ProviderCounts*> providers() const;

  DurationCounts latency;      // From the head to the last byte.
  DurationCounts first_token;  // From the head to the first byte of a stream's body.
  DurationCounts overhead;     // Of that, what was not waiting for the provider or the client.
  std::array<Count, 64> errors_by_code;
  Count connections_accepted;
  Count connections_open;
  Count requests_in_flight;
  Count head_errors;
  std::atomic<std::int64_t> last_tick_ms{0};  // For the watchdog.

 private:
  static constexpr std::size_t kProvidersMax = 256;

  absl::flat_hash_map<std::string, ProviderCounts*> by_id_;  // The worker's own.
  mutable std::mutex mutex_;                                 // Guards the list, not the counts.
  std::vector<std::unique_ptr<ProviderCounts>> list_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_OBSERVE_WORKER_METRICS_H_
