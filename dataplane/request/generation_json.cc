#include "dataplane/request/generation_json.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/json_text.h"
#include "base/money.h"
#include "base/string_views.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

namespace usage_v1 = usage::v1;
namespace pricing_v1 = pricing::v1;

struct Tokens {
  std::int64_t prompt = 0;
  std::int64_t completion = 0;
  std::int64_t reasoning = 0;
  std::int64_t cached = 0;
  std::int64_t cache_creation = 0;
  std::int64_t searches = 0;
};

void Count(const usage_v1::UsageRecord& record, Tokens& tokens) {
  for (const pricing_v1::Quantity& quantity : record.quantities()) {
    if (quantity.unit() == pricing_v1::UNIT_SEARCH) tokens.searches += quantity.count();
    if (quantity.unit() != pricing_v1::UNIT_TOKEN) continue;
    if (quantity.direction() == pricing_v1::DIRECTION_OUTPUT) {
      tokens.completion += quantity.count();
      if (quantity.modality() == pricing_v1::MODALITY_REASONING) {
        tokens.reasoning += quantity.count();
      }
      continue;
    }
    tokens.prompt += quantity.count();
    if (quantity.cache() == pricing_v1::CACHE_CLASS_READ) tokens.cached += quantity.count();
    if (quantity.cache() == pricing_v1::CACHE_CLASS_WRITE_5M ||
        quantity.cache() == pricing_v1::CACHE_CLASS_WRITE_1H) {
      tokens.cache_creation += quantity.count();
    }
  }
}

std::string Usd(std::int64_t nano_usd) { return Money::FromNanoUsd(nano_usd).ToUsdString(); }

std::string_view SourceName(usage_v1::UsageSource source) {
  switch (source) {
    case usage_v1::USAGE_SOURCE_PROVIDER:
      return "provider";
    case usage_v1::USAGE_SOURCE_ESTIMATED:
      return "estimated";
    case usage_v1::USAGE_SOURCE_INTERRUPTED:
      return "interrupted";
    default:
      return "none";
  }
}

void Text(std::string_view name, std::string_view value, std::string& out) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":");
  AppendJsonString(out, value);
}

void AppendAttempt(const usage_v1::UsageRecord& record, std::string& out) {
  absl::StrAppend(&out, "{\"attempt\":", record.attempt());
  Text("provider_name", record.provider_id(), out);
  Text("model", record.model_id(), out);
  absl::StrAppend(&out, ",\"status\":", record.provider_status());
  Text("upstream_id", record.provider_response_id(), out);
  Text("usage_source", SourceName(record.usage_source()), out);
  Text("price_version", record.price_version_id(), out);
  absl::StrAppend(&out, ",\"cost\":", Usd(record.charge_nano_usd()), "}");
}

}  // namespace

void AppendGeneration(std::span<const usage_v1::UsageRecord> attempts, std::string& out) {
  const usage_v1::UsageRecord& last = attempts.back();
  Tokens tokens;
  std::int64_t charge = 0;
  std::int64_t market = 0;
  for (const usage_v1::UsageRecord& record : attempts) {
    Count(record, tokens);
    charge += record.charge_nano_usd();
    market += record.market_cost_nano_usd();
  }
  const absl::Time created = absl::FromUnixSeconds(last.request_time().seconds()) +
                             absl::Nanoseconds(last.request_time().nanos());
  out += "{\"data\":{\"id\":";
  AppendJsonString(out, last.generation_id());
  absl::StrAppend(&out, ",\"total_cost\":", Usd(charge), ",\"usage\":", Usd(charge),
                  ",\"upstream_inference_cost\":", Usd(last.byok() ? market : 0));
  Text("created_at", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", created, absl::UTCTimeZone()), out);
  Text("model", last.model_id(), out);
  Text("requested_model", last.requested_model(), out);
  Text("provider_name", last.provider_id(), out);
  absl::StrAppend(&out, ",\"is_byok\":", last.byok() ? "true" : "false",
                  ",\"streamed\":", last.streamed() ? "true" : "false", ",\"cancelled\":",
                  last.outcome() == usage_v1::ATTEMPT_OUTCOME_CLIENT_CLOSED ? "true" : "false");
  Text("finish_reason", last.finish_reason(), out);
  Text("native_finish_reason", last.native_finish_reason(), out);
  Text("upstream_id", last.provider_response_id(), out);
  Text("usage_source", SourceName(last.usage_source()), out);
  Text("external_user", last.user(), out);
  absl::StrAppend(&out, ",\"latency\":", last.first_byte_us() / 1000,
                  ",\"generation_time\":", last.end_us() / 1000);
  absl::StrAppend(&out, ",\"tokens_prompt\":", tokens.prompt,
                  ",\"tokens_completion\":", tokens.completion,
                  ",\"native_tokens_prompt\":", tokens.prompt,
                  ",\"native_tokens_completion\":", tokens.completion);
  absl::StrAppend(&out, ",\"native_tokens_reasoning\":", tokens.reasoning,
                  ",\"native_tokens_cached\":", tokens.cached,
                  ",\"native_tokens_cache_creation\":", tokens.cache_creation,
                  ",\"billable_web_search_calls\":", tokens.searches);
  out += ",\"attempts\":[";
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (i > 0) out += ",";
    AppendAttempt(attempts[i], out);
  }
  out += "]}}";
}

}  // namespace tollgate::dataplane
