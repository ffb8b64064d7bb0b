// Adds up what the workers counted, and shows it as Prometheus metrics.
#ifndef TOLLGATE_DATAPLANE_OBSERVE_METRICS_EXPORT_H_
#define TOLLGATE_DATAPLANE_OBSERVE_METRICS_EXPORT_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "dataplane/observe/worker_metrics.h"

namespace tollgate::dataplane {

// What the node as a whole shows; filled by the server at each scrape.
struct NodeGauges {
  std::uint64_t config_epoch = 0;
  std::uint64_t config_revision = 0;
  double config_age_seconds = 0;  // Since the control plane was last heard of.
  bool config_connected = false;
  std::uint64_t keys = 0;
  bool leases_connected = false;
  std::uint64_t lease_slots_used = 0;
  std::uint64_t lease_slots = 0;
  std::uint64_t rate_limits_unlent = 0;
  std::uint64_t lease_requests = 0;
  std::uint64_t lease_grants = 0;
  std::uint64_t lease_recalls = 0;
  bool usage_connected = false;
  std::uint64_t spool_bytes = 0;
  std::uint64_t spool_bytes_max = 0;
  std::uint64_t spool_open_intents = 0;
  bool spool_refusing = false;
  std::uint64_t spool_corrupt_segments = 0;
  std::uint64_t spool_missing_records = 0;
  std::uint64_t spool_interrupted = 0;
  std::uint64_t records_waiting = 0;
  std::uint64_t records_shipped = 0;
  std::uint64_t records_quarantined = 0;
  std::uint64_t access_log_dropped = 0;
};

// Labels come from enumerations and configured providers only.  Thread-safe.
class MetricsExport {
 public:
  // Registers with `metrics`; the workers and what `gauges` reads must outlive its scrapes, or
  // Detach() comes first.
  MetricsExport(Metrics& metrics, std::vector<const WorkerMetrics*> workers,
                std::function<NodeGauges()> gauges);

  // Later scrapes show the last values.
  void Detach();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_OBSERVE_METRICS_EXPORT_H_
