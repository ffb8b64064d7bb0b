#include "billing/writer/writer_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <string>

namespace tollgate::billing {
namespace {

// Prometheus speaks floating point; only here does money become one, for show.
double Usd(Money amount) {
  return static_cast<double>(amount.nano_usd()) / static_cast<double>(kNanoUsdPerUsd);
}

constexpr const char* kAlertLabels[] = {"50", "75", "100", "other"};

std::size_t AlertIndex(std::uint32_t percent) {
  switch (percent) {
    case 50:
      return 0;
    case 75:
      return 1;
    case 100:
      return 2;
    default:
      return 3;
  }
}

double Rise(std::uint64_t now, std::uint64_t before) { return static_cast<double>(now - before); }

}  // namespace

WriterMetrics::WriterMetrics(Metrics& metrics)
    : records_applied_(metrics.AddCounter("tollgate_billing_usage_records_total",
                                          "Usage records that came in, by what they were.",
                                          {{"result", "applied"}})),
      records_repeated_(metrics.AddCounter("tollgate_billing_usage_records_total",
                                           "Usage records that came in, by what they were.",
                                           {{"result", "repeated"}})),
      records_quarantined_(metrics.AddCounter("tollgate_billing_usage_records_total",
                                              "Usage records that came in, by what they were.",
                                              {{"result", "quarantined"}})),
      overrun_(metrics.AddCounter("tollgate_billing_overrun_usd_total",
                                  "Charges beyond what was leased, borne by the operator.")),
      alerts_dropped_(metrics.AddCounter("tollgate_billing_alerts_dropped_total",
                                         "Alert messages that the outbox had no room for.")),
      outbox_(metrics.AddGauge("tollgate_billing_alert_outbox",
                               "Alert messages that no webhook has taken yet.")),
      accounts_(metrics.AddGauge("tollgate_billing_accounts_in_memory",
                                 "Capped accounts in memory; idle ones are on disk only.")),
      nodes_connected_(metrics.AddGauge("tollgate_billing_nodes_connected",
                                        "Data-plane nodes with an open stream.")),
      poisoned_(metrics.AddGauge("tollgate_billing_poisoned",
                                 "1 after a failed write: nothing is acknowledged any more.")),
      batch_commands_(metrics.AddHistogram("tollgate_billing_batch_commands",
                                           "Commands that shared one synced write.",
                                           {1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096})),
      sync_seconds_(metrics.AddHistogram("tollgate_billing_sync_seconds",
                                         "Time of one synced write.", LatencyBucketsSeconds())) {
  for (const EntryKind kind : kAllEntryKinds) {
    entries_[static_cast<std::size_t>(kind)] =
        &metrics.AddCounter("tollgate_billing_entries_total", "Journal entries, by kind.",
                            {{"kind", std::string(EntryKindName(kind))}});
  }
  for (std::size_t i = 0; i < alerts_.size(); ++i) {
    alerts_[i] = &metrics.AddCounter("tollgate_billing_budget_alerts_total",
                                     "Budgets that reached a share of their limit, in per cent.",
                                     {{"percent", kAlertLabels[i]}});
  }
  for (const AccountKind kind : kAllAccountKinds) {
    const MetricLabels labels = {{"account_kind", std::string(AccountKindName(kind))}};
    ByAccountKind& leases = leases_[static_cast<std::size_t>(kind)];
    leases.outstanding =
        &metrics.AddGauge("tollgate_billing_lease_outstanding_usd", "What leases hold.", labels);
    leases.granted = &metrics.AddCounter("tollgate_billing_lease_granted_usd_total",
                                         "What was granted to nodes.", labels);
  }
}

void WriterMetrics::ObserveBatch(std::size_t commands, absl::Duration sync_time,
                                 const Books& books) {
  batch_commands_.Observe(static_cast<double>(commands));
  sync_seconds_.Observe(absl::ToDoubleSeconds(sync_time));
  const BooksCounts& now = books.counts();
  for (const EntryKind kind : kAllEntryKinds) {
    const std::size_t i = static_cast<std::size_t>(kind);
    entries_[i]->Increment(Rise(now.entries[i], seen_.entries[i]));
  }
  records_applied_.Increment(Rise(now.records_applied, seen_.records_applied));
  records_repeated_.Increment(Rise(now.records_repeated, seen_.records_repeated));
  records_quarantined_.Increment(Rise(now.records_quarantined, seen_.records_quarantined));
  overrun_.Increment(Usd(now.overrun - seen_.overrun));
  for (const auto& [percent, count] : now.alerts) {
    const auto before = seen_.alerts.find(percent);
    alerts_[AlertIndex(percent)]->Increment(
        Rise(count, before == seen_.alerts.end() ? 0 : before->second));
  }
  alerts_dropped_.Increment(Rise(now.alerts_dropped, seen_.alerts_dropped));
  outbox_.Set(static_cast<double>(books.outbox().size()));
  accounts_.Set(static_cast<double>(books.leases().accounts_in_memory()));
  seen_ = now;
  nodes_connected_.Set(static_cast<double>(books.leases().nodes_connected()));
  for (const AccountKind kind : kAllAccountKinds) {
    ByAccountKind& leases = leases_[static_cast<std::size_t>(kind)];
    const LeaseTotalsByKind& totals = books.leases().totals(kind);
    leases.outstanding->Set(Usd(totals.outstanding));
    leases.granted->Increment(Usd(totals.granted - leases.granted_seen));
    leases.granted_seen = totals.granted;
  }
}

void WriterMetrics::SetPoisoned() { poisoned_.Set(1); }

}  // namespace tollgate::billing
