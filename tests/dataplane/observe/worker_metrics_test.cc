#include "dataplane/observe/worker_metrics.h"

#include "base/metrics.h"
#include "dataplane/observe/metrics_export.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsExportTest, AddsUpTheWorkersAndCountsNothingTwice) {
  Metrics metrics;
  WorkerMetrics a;
  WorkerMetrics b;
  MetricsExport exported(metrics, {&a, &b}, [] {
    NodeGauges gauges;
    gauges.config_revision = 42;
    return gauges;
  });
  a.provider("p1").requests[0].Add(2);
  b.provider("p1").requests[0].Add(3);
  a.provider("p1").charge_nano_usd.Add(1'500'000'000);
  b.CountError(ErrorCode::kInsufficientBalance);
  a.latency.Observe(2'000'000);
  b.latency.Observe(2'000'000'000);
  for (int scrape = 0; scrape < 2; ++scrape) {
    const std::string text = metrics.SerializeText();
    EXPECT_THAT(text, HasSubstr("tollgate_requests_total{outcome=\"success\",provider=\"p1\","
                                "surface=\"openai_chat\"} 5"));
    EXPECT_THAT(text, HasSubstr("tollgate_spend_usd_total{provider=\"p1\"} 1.5"));
    EXPECT_THAT(text, HasSubstr("code=\"insufficient_balance\",status=\"402\"} 1"));
    EXPECT_THAT(text, HasSubstr("tollgate_request_duration_seconds_count 2"));
    EXPECT_THAT(text, HasSubstr("tollgate_config_revision 42"));
  }
  a.provider("p1").requests[0].Add(1);
  EXPECT_THAT(metrics.SerializeText(), HasSubstr("surface=\"openai_chat\"} 6"));
  exported.Detach();
  a.provider("p2").requests[0].Add(1);
  EXPECT_THAT(metrics.SerializeText(), Not(HasSubstr("p2")));
}

TEST(WorkerMetricsTest, ProvidersAreBounded) {
  WorkerMetrics metrics;
  for (int i = 0; i < 1000; ++i) metrics.provider("p" + std::to_string(i)).requests[0].Add(1);
  EXPECT_LE(metrics.providers().size(), 256u);
  std::int64_t sum = 0;
  for (const ProviderCounts* counts : metrics.providers()) sum += counts->requests[0].value();
  EXPECT_EQ(sum, 1000);
}

}  // namespace
}  // namespace tollgate::dataplane
