#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

using testing::HasSubstr;

TEST(MetricsTest, SerializesCountersGaugesAndHistograms) {
  Metrics metrics;
  metrics.AddCounter("tollgate_leases_total", "Leases.", {{"scope", "key"}}).Increment(3);
  metrics.AddGauge("tollgate_spool_bytes", "Bytes.").Set(7);
  metrics.AddHistogram("tollgate_wait_seconds", "Waits.", {0.1, 1}).Observe(0.5);
  const std::string text = metrics.SerializeText();
  EXPECT_THAT(text, HasSubstr("# HELP tollgate_leases_total Leases.\n"));
  EXPECT_THAT(text, HasSubstr("tollgate_leases_total{scope=\"key\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("tollgate_spool_bytes 7\n"));
  EXPECT_THAT(text, HasSubstr("tollgate_wait_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(MetricsTest, SameNameAndLabelsAreOneSeries) {
  Metrics metrics;
  prometheus::Counter& first = metrics.AddCounter("a_total", "A.", {{"kind", "x"}});
  EXPECT_EQ(&first, &metrics.AddCounter("a_total", "A.", {{"kind", "x"}}));
  EXPECT_NE(&first, &metrics.AddCounter("a_total", "A.", {{"kind", "y"}}));
}

TEST(MetricsTest, HooksRunBeforeEachScrape) {
  Metrics metrics;
  prometheus::Gauge& gauge = metrics.AddGauge("age_seconds", "Age.");
  int scrapes = 0;
  metrics.AddScrapeHook([&] { gauge.Set(++scrapes); });
  EXPECT_THAT(metrics.SerializeText(), HasSubstr("age_seconds 1\n"));
  EXPECT_THAT(metrics.SerializeText(), HasSubstr("age_seconds 2\n"));
}

TEST(MetricsDeathTest, ABadNameOrASecondKindAborts) {
  Metrics metrics;
  EXPECT_DEATH(metrics.AddCounter("1 bad name", "Bad."), "1 bad name");
  metrics.AddCounter("twice", "One.");
  EXPECT_DEATH(metrics.AddGauge("twice", "Two."), "twice");
}

TEST(MetricsTest, BucketsAscend) {
  for (const std::vector<double>& buckets : {LatencyBucketsSeconds(), OverheadBucketsSeconds()}) {
    EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
  }
}

}  // namespace
}  // namespace tollgate
