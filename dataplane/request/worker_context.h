// What the requests of one worker share.
#ifndef TOLLGATE_DATAPLANE_REQUEST_WORKER_CONTEXT_H_
#define TOLLGATE_DATAPLANE_REQUEST_WORKER_CONTEXT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/access_log.h"
#include "base/api_key.h"
#include "base/clock.h"
#include "base/random.h"
#include "dataplane/auth/recent_keys.h"
#include "dataplane/budget/account_resolver.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/http/net.h"
#include "dataplane/http/timer_wheel.h"
#include "dataplane/meter/recent_generations.h"
#include "dataplane/meter/spool.h"
#include "dataplane/observe/worker_metrics.h"
#include "dataplane/rate/rate_limiter.h"
#include "dataplane/request/quota_admin.h"
#include "dataplane/route/cooldowns.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/upstream/connection.h"
#include "dataplane/upstream/dialer.h"
#include "dataplane/upstream/media_fetcher.h"

namespace tollgate::ledger::v1 {
class Account;
class Generation;
class KeyUsage;
class ListGenerationsResponse;
class Wallet;
}  // namespace tollgate::ledger::v1

namespace tollgate::dataplane {

// What becomes of an attempt whose client left.
struct DrainPolicy {
  bool drain = true;  // False: the attempt is cancelled at once, and its usage estimated.
  absl::Duration time_max = absl::Seconds(30);
  std::uint64_t bytes_max = 16 * 1024 * 1024;
};

struct PipelineOptions {
  std::uint64_t body_bytes_max = 32 * 1024 * 1024;
  std::uint64_t answer_bytes_max = 32 * 1024 * 1024;
  // How long a request waits for its lease to grow.
  absl::Duration lease_wait_max = absl::Milliseconds(500);
  DrainPolicy drain = {};
};

// Asks billing.  Calls `done` once, on any thread; it must only post.
class LedgerReader {
 public:
  virtual ~LedgerReader() = default;
  virtual void GetWallet(const std::string& workspace_id,
                         std::function<void(absl::StatusOr<ledger::v1::Wallet>)> done) = 0;
  virtual void GetAccount(const std::string& account,
                          std::function<void(absl::StatusOr<ledger::v1::Account>)> done) = 0;
  virtual void GetKeyUsage(const std::string& workspace_id, const std::string& key_id,
                           std::function<void(absl::StatusOr<ledger::v1::KeyUsage>)> done) = 0;
  virtual void GetGeneration(const std::string& workspace_id, const std::string& generation_id,
                             std::function<void(absl::StatusOr<ledger::v1::Generation>)> done) = 0;
  // A page of the workspace's generations, the newest first; `page_token` is empty for the first.
  virtual void ListGenerations(
      const std::string& workspace_id, const std::string& page_token,
      std::function<void(absl::StatusOr<ledger::v1::ListGenerationsResponse>)> done) = 0;
};

// References outlive the worker; used on its thread only.
struct WorkerContext {
  asio::io_context& io;
  LoopClock& clock;
  Random& random;
  TimerWheel& wheel;
  SnapshotReader& snapshots;
  const Peppers& peppers;
  RecentKeys& recent_keys;
  Cooldowns& cooldowns;
  RateLimiter& rates;
  LeasePool& leases;
  AccountResolver& accounts;
  Spool& spool;
  Lane& lane;
  RecentGenerations& recent;
  LedgerReader* ledger;  // Null without billing.
  QuotaAdmin* quotas;    // Null without a control plane.
  ConnectionPool& pool;
  Dialer& dialer;
  MediaFetcher* fetcher;  // Null: URLs are not fetched.
  WorkerMetrics& metrics;
  AccessLog& access_log;
  const PipelineOptions& options;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_WORKER_CONTEXT_H_
