// A thin layer over prometheus-cpp: names, help and text exposition in one place.
//
//   prometheus::Counter& granted =
//       metrics.AddCounter("tollgate_leases_granted_total", "Leases granted.", {{"scope", "key"}});
//   granted.Increment();
//
// Names are tollgate_<noun>_<unit>[_total].  Label values must come from a bounded set (an enum, a
// configured provider): never a key, a user, a path or anything a peer chose.  Call Add…() once at
// start and keep the reference; it lives as long as this object.
#ifndef TOLLGATE_BASE_METRICS_H_
#define TOLLGATE_BASE_METRICS_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace tollgate {

using MetricLabels = std::map<std::string, std::string>;

// Bucket bounds in seconds for latencies from 100 µs to 60 s.
std::vector<double> LatencyBucketsSeconds();
// Bucket bounds in seconds for what the gateway itself adds: 10 µs to 100 ms.
std::vector<double> OverheadBucketsSeconds();

// Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Each returns the one series of this name and these labels, made at the first call.  All series
  // of a name have the same kind and the same label names.  CHECKs against an invalid name and
  // against a name used with two kinds.
  prometheus::Counter& AddCounter(const std::string& name, const std::string& help,
                                  const MetricLabels& labels = {});
  prometheus::Gauge& AddGauge(const std::string& name, const std::string& help,
                              const MetricLabels& labels = {});
  prometheus::Histogram& AddHistogram(const std::string& name, const std::string& help,
                                      const std::vector<double>& buckets,
                                      const MetricLabels& labels = {});

  // Runs `hook` before each SerializeText(), to set gauges that are cheaper to read than to keep
  // current.  It must not call back into this object's SerializeText().
  void AddScrapeHook(std::function<void()> hook);

  // All series in the Prometheus text format, version 0.0.4.
  std::string SerializeText() const;

  // For code that speaks prometheus-cpp itself.
  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  mutable std::mutex hooks_mutex_;
  std::vector<std::function<void()>> hooks_;  // Guarded by hooks_mutex_.
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_METRICS_H_
