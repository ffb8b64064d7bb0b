#include "dataplane/request/generation_json.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/json_text.h"
#include "base/money.h"
#include "base/string_views.h"
#include "dataplane/request/record_tokens.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

namespace usage_v1 = usage::v1;

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
  RecordTokens tokens;
  std::int64_t charge = 0;
  std::int64_t market = 0;
  for (const usage_v1::UsageRecord& record : attempts) {
    AddTokens(record, tokens);
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
  // What OpenRouter's clients look for and the gateway does not know.
  out +=
      ",\"api_type\":\"completions\",\"origin\":\"\",\"data_region\":\"global\",\"app_id\":null,"
      "\"cache_discount\":null,\"http_referer\":null,\"moderation_latency\":null,"
      "\"native_tokens_completion_images\":null,\"num_fetches\":null,"
      "\"num_input_audio_prompt\":null,\"num_media_completion\":null,"
      "\"num_media_prompt\":null,\"num_search_results\":null,\"preset_id\":null,"
      "\"provider_responses\":null,\"response_cache_source_id\":null,\"router\":null,"
      "\"service_tier\":null,\"user_agent\":null,\"web_search_engine\":null";
  Text("workspace_id", last.workspace_id(), out);
  out += ",\"attempts\":[";
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (i > 0) out += ",";
    AppendAttempt(attempts[i], out);
  }
  out += "]}}";
}

}  // namespace tollgate::dataplane
