#include "dataplane/observe/metrics_export.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <functional>
#include <utility>

namespace tollgate::dataplane {
namespace {

constexpr double kNano = 1e-9;

std::string Text(std::string_view view) { return std::string(view); }

}  // namespace

// Prometheus counters only grow: what a scrape adds is the difference to what it has seen.
struct MetricsExport::State {
  State(Metrics& metrics_in, std::vector<const WorkerMetrics*> workers_in,
        std::function<NodeGauges()> gauges_in)
      : metrics(metrics_in), workers(std::move(workers_in)), gauges(std::move(gauges_in)) {}

  void Counter(const std::string& name, const std::string& help, const MetricLabels& labels,
               double total) {
    prometheus::Counter& counter = metrics.AddCounter(name, help, labels);
    if (total > counter.Value()) counter.Increment(total - counter.Value());
  }

  void Gauge(const std::string& name, const std::string& help, double value) {
    metrics.AddGauge(name, help).Set(value);
  }

  void Histogram(const std::string& name, const std::string& help,
                 const std::vector<double>& bounds, DurationCounts WorkerMetrics::*member) {
    std::vector<double> counts(bounds.size() + 1, 0);
    double sum = 0;
    for (const WorkerMetrics* worker : workers) {
      const DurationCounts& durations = worker->*member;
      for (std::size_t i = 0; i < counts.size(); ++i) {
        counts[i] += static_cast<double>(durations.count(i));
      }
      sum += static_cast<double>(durations.sum_ns()) * kNano;
    }
    auto& [seen_counts, seen_sum] = seen[name];
    seen_counts.resize(counts.size());
    std::vector<double> fresh(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) fresh[i] = counts[i] - seen_counts[i];
    metrics.AddHistogram(name, help, bounds).ObserveMultiple(fresh, sum - seen_sum);
    seen_counts = counts;
    seen_sum = sum;
  }

  void CollectProviders();
  void CollectErrors();
  void CollectGauges();
  void Collect();

  Metrics& metrics;
  std::mutex mutex;
  std::vector<const WorkerMetrics*> workers;  // Guarded by mutex, like the next ones.
  std::function<NodeGauges()> gauges;
  std::map<std::string, std::pair<std::vector<double>, double>> seen;
};

void MetricsExport::State::CollectProviders() {
  std::map<std::string, std::vector<const ProviderCounts*>> by_provider;
  for (const WorkerMetrics* worker : workers) {
    for (const ProviderCounts* counts : worker->providers()) {
      by_provider[counts->provider].push_back(counts);
    }
  }
  for (const auto& [provider, all] : by_provider) {
    const auto total = [&list = all](auto read) {
      double sum = 0;
      for (const ProviderCounts* counts : list) sum += static_cast<double>(read(*counts).value());
      return sum;
    };
    const std::string label = provider.empty() ? "none" : provider;
    for (std::size_t i = 0; i < static_cast<std::size_t>(RequestOutcome::kOutcomes); ++i) {
      Counter("tollgate_requests_total", "Requests by how they ended.",
              {{"surface", "openai_chat"},
               {"outcome", Text(RequestOutcomeName(static_cast<RequestOutcome>(i)))},
               {"provider", label}},
              total([i](const ProviderCounts& c) -> const Count& { return c.requests[i]; }));
    }
    if (provider.empty()) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(UpstreamError::kErrors); ++i) {
      Counter(
          "tollgate_upstream_errors_total", "Attempts that failed, by what went wrong.",
          {{"provider", label}, {"kind", Text(UpstreamErrorName(static_cast<UpstreamError>(i)))}},
          total([i](const ProviderCounts& c) -> const Count& { return c.errors[i]; }));
    }
    for (std::size_t i = 0; i < kTokenLabels; ++i) {
      Counter("tollgate_tokens_total", "Tokens by class.",
              {{"provider", label}, {"class", Text(TokenLabel(i))}},
              total([i](const ProviderCounts& c) -> const Count& { return c.tokens[i]; }));
    }
    Counter(
        "tollgate_spend_usd_total", "What customers were charged.", {{"provider", label}},
        kNano * total([](const ProviderCounts& c) -> const Count& { return c.charge_nano_usd; }));
    Counter("tollgate_upstream_cost_usd_total", "What providers ask of the operator.",
            {{"provider", label}},
            kNano * total([](const ProviderCounts& c) -> const Count& { return c.cost_nano_usd; }));
    Counter("tollgate_upstream_connections_total", "Connections used, by where they came from.",
            {{"provider", label}, {"source", "opened"}},
            total([](const ProviderCounts& c) -> const Count& { return c.connections_opened; }));
    Counter("tollgate_upstream_connections_total", "Connections used, by where they came from.",
            {{"provider", label}, {"source", "pool"}},
            total([](const ProviderCounts& c) -> const Count& { return c.connections_reused; }));
  }
}

void MetricsExport::State::CollectErrors() {
  for (const ErrorRow& row : ErrorTable()) {
    double sum = 0;
    for (const WorkerMetrics* worker : workers) {
      sum +=
          static_cast<double>(worker->errors_by_code[static_cast<std::size_t>(row.code)].value());
    }
    Counter("tollgate_errors_total", "Errors that clients saw, by code.",
            {{"code", Text(row.name)}, {"status", std::to_string(row.status)}}, sum);
  }
  double accepted = 0;
  double open = 0;
  double in_flight = 0;
  double head_errors = 0;
  for (const WorkerMetrics* worker : workers) {
    accepted += static_cast<double>(worker->connections_accepted.value());
    open += static_cast<double>(worker->connections_open.value());
    in_flight += static_cast<double>(worker->requests_in_flight.value());
    head_errors += static_cast<double>(worker->head_errors.value());
  }
  Counter("tollgate_client_connections_total", "Client connections accepted.", {}, accepted);
  Counter("tollgate_refused_heads_total", "Requests refused by their head.", {}, head_errors);
  Gauge("tollgate_client_connections", "Client connections that are open.", open);
  Gauge("tollgate_requests_in_flight", "Requests to models that are running.", in_flight);
}

void MetricsExport::State::CollectGauges() {
  if (!gauges) return;
  const NodeGauges node = gauges();
  const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
  Gauge("tollgate_config_epoch", "Epoch of the configuration in force.", number(node.config_epoch));
  Gauge("tollgate_config_revision", "Revision of the configuration in force.",
        number(node.config_revision));
  Gauge("tollgate_config_age_seconds", "Since the control plane was last heard of.",
        node.config_age_seconds);
  Gauge("tollgate_config_connected", "Whether the control plane's stream is up.",
        node.config_connected);
  Gauge("tollgate_config_keys", "Keys of the configuration in force.", number(node.keys));
  Gauge("tollgate_leases_connected", "Whether billing's lease stream is up.",
        node.leases_connected);
  Gauge("tollgate_lease_slots_used", "Leases in the node's table.", number(node.lease_slots_used));
  Gauge("tollgate_lease_slots", "Room of the node's lease table.", number(node.lease_slots));
  Counter("tollgate_lease_requests_total",
          "Questions to billing about leases: none for a request that its lease covers.", {},
          number(node.lease_requests));
  Counter("tollgate_lease_grants_total", "Billing's answers to them.", {},
          number(node.lease_grants));
  Counter("tollgate_lease_recalls_total", "Leases that billing asked back for others.", {},
          number(node.lease_recalls));
  Counter("tollgate_rate_limits_unlent_total",
          "Requests within a rate limit below the number of nodes that billing could not lend.", {},
          number(node.rate_limits_unlent));
  Gauge("tollgate_usage_connected", "Whether billing's usage stream is up.", node.usage_connected);
  Gauge("tollgate_spool_bytes", "Bytes of the spool in use.", number(node.spool_bytes));
  Gauge("tollgate_spool_bytes_max", "Limit of the spool.", number(node.spool_bytes_max));
  Gauge("tollgate_spool_open_intents", "Attempts announced and not ended.",
        number(node.spool_open_intents));
  Gauge("tollgate_spool_refusing", "Whether the spool takes no more.", node.spool_refusing);
  Gauge("tollgate_spool_corrupt_segments", "Segments that could not be read or are gone: an alarm.",
        number(node.spool_corrupt_segments));
  Gauge("tollgate_spool_missing_records", "Gaps in the spool's sequences: an alarm.",
        number(node.spool_missing_records));
  Gauge("tollgate_spool_interrupted_attempts", "Attempts that the last crash interrupted.",
        number(node.spool_interrupted));
  Gauge("tollgate_usage_records_waiting", "Records that billing has not acknowledged.",
        number(node.records_waiting));
  Counter("tollgate_usage_records_shipped_total", "Records that billing acknowledged.", {},
          number(node.records_shipped));
  Counter("tollgate_usage_records_quarantined_total",
          "Records that billing knows under another content: an alarm.", {},
          number(node.records_quarantined));
  Counter("tollgate_access_log_lines_dropped_total", "Lines that the disk was too slow for.", {},
          number(node.access_log_dropped));
}

void MetricsExport::State::Collect() {
  std::lock_guard lock(mutex);
  if (workers.empty()) return;
  CollectProviders();
  CollectErrors();
  CollectGauges();
  Histogram("tollgate_request_duration_seconds", "From a request's head to its last byte.",
            LatencyBucketsSeconds(), &WorkerMetrics::latency);
  Histogram("tollgate_first_byte_seconds",
            "From a request's head to the first byte of its stream from the provider.",
            LatencyBucketsSeconds(), &WorkerMetrics::first_token);
  Histogram("tollgate_added_overhead_seconds",
            "What the gateway itself added: no waiting for provider or client.",
            OverheadBucketsSeconds(), &WorkerMetrics::overhead);
}

MetricsExport::MetricsExport(Metrics& metrics, std::vector<const WorkerMetrics*> workers,
                             std::function<NodeGauges()> gauges)
    : state_(std::make_shared<State>(metrics, std::move(workers), std::move(gauges))) {
  metrics.AddScrapeHook([state = state_] { state->Collect(); });
}

void MetricsExport::Detach() {
  std::lock_guard lock(state_->mutex);
  state_->workers.clear();
  state_->gauges = nullptr;
}

}  // namespace tollgate::dataplane
