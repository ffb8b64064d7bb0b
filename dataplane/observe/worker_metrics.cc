#include "dataplane/observe/worker_metrics.h"

#include <algorithm>

#include "base/check.h"
#include "base/metrics.h"
#include "base/string_views.h"

namespace tollgate::dataplane {

DurationCounts::DurationCounts(const std::vector<double>& bounds_seconds) {
  CHECK(bounds_seconds.size() < kBuckets);
  for (const double seconds : bounds_seconds) {
    bounds_ns_.push_back(static_cast<std::int64_t>(seconds * 1e9));
  }
}

void DurationCounts::Observe(std::int64_t nanoseconds) {
  const auto bound = std::lower_bound(bounds_ns_.begin(), bounds_ns_.end(), nanoseconds);
  counts_[static_cast<std::size_t>(bound - bounds_ns_.begin())].Add(1);
  sum_ns_.Add(nanoseconds);
}

std::string_view RequestOutcomeName(RequestOutcome outcome) {
  switch (outcome) {
    case RequestOutcome::kSuccess:
      return "success";
    case RequestOutcome::kRefused:
      return "refused";
    case RequestOutcome::kRejected:
      return "rejected";
    case RequestOutcome::kFailed:
      return "failed";
    case RequestOutcome::kClientClosed:
      return "client_closed";
    case RequestOutcome::kEstimated:
      return "estimated";
    case RequestOutcome::kCounted:
      return "counted";
    case RequestOutcome::kRetrieved:
      return "retrieved";
    case RequestOutcome::kOutcomes:
      break;
  }
  return "";
}

std::string_view UpstreamErrorName(UpstreamError error) {
  switch (error) {
    case UpstreamError::kResolve:
      return "resolve";
    case UpstreamError::kConnect:
      return "connect";
    case UpstreamError::kTls:
      return "tls";
    case UpstreamError::kTimeout:
      return "timeout";
    case UpstreamError::kStatus408:
      return "status_408";
    case UpstreamError::kStatus429:
      return "status_429";
    case UpstreamError::kStatus5xx:
      return "status_5xx";
    case UpstreamError::kCredential:
      return "credential";
    case UpstreamError::kProtocol:
      return "protocol";
    case UpstreamError::kCut:
      return "cut";
    case UpstreamError::kErrors:
      break;
  }
  return "";
}

std::string_view TokenLabel(std::size_t index) {
  static constexpr std::string_view kLabels[kTokenLabels] = {
      "input",       "input_cache_read", "input_cache_write",
      "input_audio", "output",           "output_reasoning"};
  return kLabels[index];
}

WorkerMetrics::WorkerMetrics()
    : latency(LatencyBucketsSeconds()),
      first_token(LatencyBucketsSeconds()),
      overhead(OverheadBucketsSeconds()) {}

ProviderCounts& WorkerMetrics::provider(std::string_view id) {
  if (const auto found = by_id_.find(AbslView(id)); found != by_id_.end()) return *found->second;
  std::lock_guard lock(mutex_);
  if (list_.size() >= kProvidersMax) return *(by_id_[std::string(id)] = list_.back().get());
  const std::string_view label = list_.size() + 1 == kProvidersMax ? "other" : id;
  list_.push_back(std::make_unique<ProviderCounts>(std::string(label)));
  return *(by_id_[std::string(id)] = list_.back().get());
}

void WorkerMetrics::CountTokens(ProviderCounts& counts, const TokenUsage& usage) {
  counts.tokens[0].Add(usage.input_text + usage.input_image + usage.input_video + usage.input_file);
  counts.tokens[1].Add(usage.cache_read + usage.input_audio_cache_read);
  counts.tokens[2].Add(usage.cache_write_5m + usage.cache_write_1h);
  counts.tokens[3].Add(usage.input_audio);
  counts.tokens[4].Add(usage.output_text + usage.output_audio + usage.output_image);
  counts.tokens[5].Add(usage.output_reasoning);
}

std::vector<const ProviderCounts*> WorkerMetrics::providers() const {
  std::lock_guard lock(mutex_);
  std::vector<const ProviderCounts*> result;
  for (const auto& counts : list_) result.push_back(counts.get());
  return result;
}

}  // namespace tollgate::dataplane
