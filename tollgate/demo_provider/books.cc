#include "tollgate/demo_provider/books.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr int kPicoPerNano = 1'000;

constexpr std::string_view kChargedSemantics =
    "A request that is refused before any work costs nothing. A whole answer costs its tokens and "
    "its request. An answer whose connection ends early costs its input, its reasoning and the "
    "output tokens that were generated until then.";

void AppendTokens(std::string& out, const DemoTokens& tokens) {
  absl::StrAppend(&out, "{\"input_text\":", tokens.input_text,
                  ",\"cache_read\":", tokens.cache_read, ",\"output_text\":", tokens.output_text,
                  ",\"output_reasoning\":", tokens.output_reasoning);
  const std::pair<std::string_view, std::int64_t> rare[] = {
      {"cache_write_5m", tokens.cache_write_5m},
      {"cache_write_1h", tokens.cache_write_1h},
      {"input_audio", tokens.input_audio},
      {"output_audio", tokens.output_audio}};
  for (const auto& [name, count] : rare) {
    if (count != 0) absl::StrAppend(&out, ",\"", AbslView(name), "\":", count);
  }
  out += '}';
}

void AppendEntry(std::string& out, const BooksEntry& entry) {
  out += "{\"response_id\":";
  AppendJsonString(out, entry.response_id);
  out += ",\"model\":";
  AppendJsonString(out, entry.model);
  absl::StrAppend(
      &out, ",\"outcome\":", entry.outcome == DemoOutcome::kComplete ? "\"complete\"" : "\"cut\"",
      ",\"streamed\":", entry.streamed ? "true" : "false",
      ",\"usage_reported\":", entry.usage_reported ? "true" : "false", ",\"tokens\":");
  AppendTokens(out, entry.tokens);
  absl::StrAppend(&out, ",\"charge_nano_usd\":", ChargeNanoUsd(entry.prices, entry.tokens), "}");
}

}  // namespace

DemoTokens& DemoTokens::operator+=(const DemoTokens& other) {
  input_text += other.input_text;
  cache_read += other.cache_read;
  output_text += other.output_text;
  output_reasoning += other.output_reasoning;
  cache_write_5m += other.cache_write_5m;
  cache_write_1h += other.cache_write_1h;
  input_audio += other.input_audio;
  output_audio += other.output_audio;
  return *this;
}

std::int64_t ChargeNanoUsd(const DemoPrices& prices, const DemoTokens& tokens) {
  using Wide = __int128;
  const Wide pico = Wide{prices.input_pico_usd} * tokens.input_text +
                    Wide{prices.cache_read_pico_usd} * tokens.cache_read +
                    Wide{prices.output_pico_usd} * tokens.output_text +
                    Wide{prices.reasoning_pico_usd} * tokens.output_reasoning +
                    Wide{prices.cache_write_5m_pico_usd} * tokens.cache_write_5m +
                    Wide{prices.cache_write_1h_pico_usd} * tokens.cache_write_1h +
                    Wide{prices.input_audio_pico_usd} * tokens.input_audio +
                    Wide{prices.output_audio_pico_usd} * tokens.output_audio +
                    Wide{prices.request_pico_usd};
  return static_cast<std::int64_t>((pico + kPicoPerNano / 2) / kPicoPerNano);
}

void Books::AddTo(Sums& sums, const BooksEntry& entry, std::int64_t charge_nano_usd) {
  ++sums.requests;
  if (entry.outcome == DemoOutcome::kCut) ++sums.cut_requests;
  sums.tokens += entry.tokens;
  sums.charge_nano_usd += charge_nano_usd;
}

void Books::Add(BooksEntry entry) {
  const std::int64_t charge = ChargeNanoUsd(entry.prices, entry.tokens);
  absl::MutexLock lock(&mutex_);
  AddTo(total_, entry, charge);
  AddTo(models_[entry.model], entry, charge);
  if (entries_max_ == 0) return;
  if (entries_.size() == entries_max_) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

void Books::AddRefused(const std::string& model) {
  absl::MutexLock lock(&mutex_);
  ++total_.refused_requests;
  if (!model.empty()) ++models_[model].refused_requests;
}

void Books::Clear() {
  absl::MutexLock lock(&mutex_);
  total_ = Sums();
  models_.clear();
  entries_.clear();
}

std::int64_t Books::charge_nano_usd() const {
  absl::MutexLock lock(&mutex_);
  return total_.charge_nano_usd;
}

void Books::AppendSums(std::string& out, const Sums& sums) {
  absl::StrAppend(&out, "\"requests\":", sums.requests,
                  ",\"refused_requests\":", sums.refused_requests,
                  ",\"cut_requests\":", sums.cut_requests, ",\"tokens\":");
  AppendTokens(out, sums.tokens);
  absl::StrAppend(&out, ",\"charge_nano_usd\":", sums.charge_nano_usd);
}

std::string Books::ToJson(std::size_t entries) const {
  std::string out = "{\"charged\":";
  AppendJsonString(out, kChargedSemantics);
  out += ',';
  absl::MutexLock lock(&mutex_);
  AppendSums(out, total_);
  out += ",\"models\":{";
  const char* separator = "";
  for (const auto& [model, sums] : models_) {
    out += separator;
    separator = ",";
    AppendJsonString(out, model);
    out += ":{";
    AppendSums(out, sums);
    out += '}';
  }
  out += '}';
  if (entries > 0) {
    out += ",\"entries\":[";
    const std::size_t count = std::min(entries, entries_.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      AppendEntry(out, entries_[entries_.size() - 1 - i]);
    }
    out += ']';
  }
  out += "}\n";
  return out;
}

}  // namespace tollgate
