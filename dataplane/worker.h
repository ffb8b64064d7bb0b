// One thread of the data plane, with all that belongs to it: an io_context, a listener, connection
// pools, timers.  A request stays on its worker from its first byte to its last.
#ifndef TOLLGATE_DATAPLANE_WORKER_H_
#define TOLLGATE_DATAPLANE_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/host_port.h"

namespace tollgate {
class AccessLog;
class Clock;
class Peppers;
}  // namespace tollgate

namespace tollgate::dataplane {

class Cooldowns;
class LeasePool;
class LedgerReader;
class QuotaAdmin;
class RateBook;
class RecentGenerations;
class SnapshotHolder;
class Spool;
class TlsServer;
class TrustedRoots;
class WorkerMetrics;
struct ClientTimeouts;
struct DialGuard;
struct PipelineOptions;

// What all workers share; everything outlives them.
struct WorkerShared {
  const Clock* clock;
  SnapshotHolder* snapshots;
  const Peppers* peppers;
  Cooldowns* cooldowns;
  RateBook* rates;
  LeasePool* leases;
  Spool* spool;
  RecentGenerations* recent;
  LedgerReader* ledger;  // Null without billing.
  QuotaAdmin* quotas;    // Null without a control plane.
  AccessLog* access_log;
  TlsServer* tls;  // Null for plain HTTP.
  const ClientTimeouts* timeouts;
  const PipelineOptions* pipeline;
  absl::Duration upstream_idle_timeout;
  const TrustedRoots* upstream_roots;
  // What images and files may be fetched from that callers name by URL; null: none are fetched.
  const DialGuard* fetch_guard;
};

// Build, Start, the three ends and destruction on one thread; the rest is thread-safe.
class Worker {
 public:
  // `number` is its place, and its lane of the spool.
  Worker(const WorkerShared& shared, std::uint32_t number);
  ~Worker();

  // Binds its listener.  With port 0 any free one is taken; listen() says which.  `exclusive`:
  // fails when somebody listens there already.  Unavailable when it cannot be bound.
  absl::Status Listen(const HostPort& address, bool exclusive);
  HostPort listen() const;

  // Starts the thread.
  void Start();

  // Closes the listener and idle connections; running requests end theirs.
  void Drain();
  // Ends running requests with an error.
  void StopRequests();
  // Closes every connection.
  void CloseAll();
  // Ends the thread.  REQUIRED: connections() == 0, or their requests are lost.
  void Join();

  // Client connections that are open.
  std::size_t connections() const;

  const WorkerMetrics& metrics() const;

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_WORKER_H_
