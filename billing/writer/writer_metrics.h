// What the writer counts, for Prometheus.  All labels are enums of ours.
#ifndef TOLLGATE_BILLING_WRITER_WRITER_METRICS_H_
#define TOLLGATE_BILLING_WRITER_WRITER_METRICS_H_

#include <array>
#include <cstddef>

#include "absl/time/time.h"
#include "base/metrics.h"
#include "billing/books/books.h"

namespace tollgate::billing {

// Used by the writer's thread alone.
class WriterMetrics {
 public:
  explicit WriterMetrics(Metrics& metrics);

  // After a batch: how many commands it held, how long its sync took, and what the books say now.
  void ObserveBatch(std::size_t commands, absl::Duration sync_time, const Books& books);
  void SetPoisoned();

 private:
  struct ByAccountKind {
    prometheus::Gauge* outstanding;
    prometheus::Counter* granted;
    Money granted_seen;
  };

  std::array<prometheus::Counter*, kEntryKindsEnd> entries_{};  // By EntryKind.
  prometheus::Counter& records_applied_;
  prometheus::Counter& records_repeated_;
  prometheus::Counter& records_quarantined_;
  prometheus::Counter& overrun_;
  // By share: the usual ones, and all others together.
  std::array<prometheus::Counter*, 4> alerts_{};
  prometheus::Counter& alerts_dropped_;
  prometheus::Gauge& outbox_;
  prometheus::Gauge& accounts_;
  prometheus::Gauge& nodes_connected_;
  prometheus::Gauge& poisoned_;
  prometheus::Histogram& batch_commands_;
  prometheus::Histogram& sync_seconds_;
  std::array<ByAccountKind, kAccountKindCount> leases_{};  // By AccountKind.
  BooksCounts seen_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_WRITER_WRITER_METRICS_H_
