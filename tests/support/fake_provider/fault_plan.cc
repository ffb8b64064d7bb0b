#include "tests/support/fake_provider/fault_plan.h"

#include <simdjson.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 18> kKinds = {{
    {"delay_ms", FaultKind::kDelayMs},
    {"slow", FaultKind::kSlow},
    {"refuse", FaultKind::kRefuse},
    {"status", FaultKind::kStatus},
    {"retry_after", FaultKind::kRetryAfter},
    {"cut_mid_stream", FaultKind::kCutMidStream},
    {"reset_mid_stream", FaultKind::kResetMidStream},
    {"cut_before_done", FaultKind::kCutBeforeDone},
    {"no_usage", FaultKind::kNoUsage},
    {"usage_twice", FaultKind::kUsageTwice},
    {"negative_usage", FaultKind::kNegativeUsage},
    {"garbage", FaultKind::kGarbage},
    {"hang_head", FaultKind::kHangHead},
    {"hang_body", FaultKind::kHangBody},
    {"ignore_max_tokens", FaultKind::kIgnoreMaxTokens},
    {"repeat", FaultKind::kRepeat},
    {"works_on", FaultKind::kWorksOn},
    {"content_filter", FaultKind::kContentFilter},
}};

// Uniform in [0, 1).
double Roll(Random& random) { return static_cast<double>(random.Below(1'000'000)) / 1'000'000.0; }

absl::StatusOr<Fault> ReadFault(const simdjson::dom::element& entry) {
  std::string_view name;
  if (entry["kind"].get(name) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("a fault needs a 'kind'");
  }
  const std::optional<FaultKind> kind = ParseFaultKind(name);
  if (!kind.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown fault '", AbslView(name), "'"));
  }
  Fault fault;
  fault.kind = *kind;
  std::int64_t value = 0;
  if (entry["value"].get(value) == simdjson::SUCCESS) fault.value = value;
  double probability = 1;
  if (entry["probability"].get(probability) == simdjson::SUCCESS) fault.probability = probability;
  return fault;
}

}  // namespace

std::optional<FaultKind> ParseFaultKind(std::string_view name) {
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

absl::Status FaultPlan::Control(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root)) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON: ", simdjson::error_message(error)));
  }
  std::string_view model = "*";
  if (root["model"].get(model) != simdjson::SUCCESS) model = "*";
  std::int64_t seed = 0;
  if (root["seed"].get(seed) != simdjson::SUCCESS) seed = 0;
  std::vector<Fault> faults;
  simdjson::dom::array entries;
  if (root["faults"].get(entries) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("'faults' must be an array");
  }
  for (const simdjson::dom::element entry : entries) {
    absl::StatusOr<Fault> fault = ReadFault(entry);
    if (!fault.ok()) return fault.status();
    faults.push_back(*fault);
  }
  Set(std::string(model), std::move(faults), static_cast<std::uint64_t>(seed));
  return absl::OkStatus();
}

void FaultPlan::Set(const std::string& model, std::vector<Fault> faults, std::uint64_t seed) {
  absl::MutexLock lock(&mutex_);
  models_[model] = {.faults = std::move(faults), .seed = seed, .requests = 0};
}

std::vector<Fault> FaultPlan::HitsFor(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  auto found = models_.find(name);
  if (found == models_.end()) found = models_.find("*");
  if (found == models_.end() || found->second.faults.empty()) return {};
  ModelFaults& model = found->second;
  SeededRandom random(model.seed * 0x9e3779b97f4a7c15U + model.requests++);
  std::vector<Fault> hits;
  for (const Fault& fault : model.faults) {
    if (Roll(random) < fault.probability) hits.push_back(fault);
  }
  return hits;
}

std::unique_ptr<AnswerEditor> FaultPlan::EditorFor(const ChatRequest& request) {
  std::vector<Fault> hits = HitsFor(request.model);
  return hits.empty() ? nullptr : MakeFaultEditor(std::move(hits));
}

}  // namespace tollgate
