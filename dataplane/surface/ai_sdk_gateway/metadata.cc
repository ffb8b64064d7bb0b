#include "dataplane/surface/ai_sdk_gateway/metadata.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace tollgate::dataplane {
namespace {

void WriteProviderAttempt(const AttemptNote& attempt, std::int64_t number, JsonWriter& json) {
  json.BeginObject();
  json.Member("attemptNumber").Integer(number);
  json.Member("provider").String(attempt.provider_id);
  json.Member("providerApiModelId").String(attempt.provider_model_id);
  json.Member("credentialType").String(attempt.byok ? "byok" : "system");
  json.Member("success").Bool(attempt.success);
  if (!attempt.error.empty()) json.Member("error").String(attempt.error);
  json.Member("startTime").Integer(absl::ToUnixMillis(attempt.start));
  json.Member("endTime").Integer(absl::ToUnixMillis(attempt.end));
  json.Member("responseTimeMs").Integer(absl::ToInt64Milliseconds(attempt.end - attempt.start));
  if (attempt.status != 0) json.Member("statusCode").Integer(attempt.status);
  json.EndObject();
}

// The attempts at one model, from the first of `attempts` on; returns how many they are.
std::size_t WriteModelAttempt(std::span<const AttemptNote> attempts, std::int64_t number,
                              JsonWriter& json) {
  const std::string_view model = attempts.front().model_id;
  std::size_t count = 0;
  while (count < attempts.size() && attempts[count].model_id == model) ++count;
  json.BeginObject();
  json.Member("canonicalSlug").String(model);
  json.Member("success").Bool(attempts[count - 1].success);
  json.Member("providerAttemptCount").Integer(static_cast<std::int64_t>(count));
  json.Member("providerAttempts").BeginArray();
  for (const AttemptNote& attempt : attempts.subspan(0, count)) {
    WriteProviderAttempt(attempt, number++, json);
  }
  json.EndArray();
  json.EndObject();
  return count;
}

void WriteRouting(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json) {
  json.BeginObject();
  json.Member("originalModelId").String(context.requested_model);
  json.Member("resolvedProvider").String(context.provider_id);
  json.Member("resolvedProviderApiModelId").String(context.provider_model_id);
  json.Member("finalProvider").String(context.provider_id);
  json.Member("canonicalSlug").String(context.model_id);
  json.Member("modelAttempts").BeginArray();
  std::span<const AttemptNote> rest = cost.attempts;
  std::int64_t models = 0;
  while (!rest.empty()) {
    const auto done = static_cast<std::int64_t>(cost.attempts.size() - rest.size());
    rest = rest.subspan(WriteModelAttempt(rest, done + 1, json));
    ++models;
  }
  json.EndArray();
  json.Member("modelAttemptCount").Integer(models);
  json.Member("totalProviderAttemptCount").Integer(static_cast<std::int64_t>(cost.attempts.size()));
  json.EndObject();
}

}  // namespace

void LeftOutParts::Add(std::string_view type) {
  if (std::find(types_.begin(), types_.end(), type) == types_.end()) types_.emplace_back(type);
}

void FamilyMetadata::Keep(std::string_view owner, std::string_view name, std::string_view json) {
  if (owner == ir::kGemini) google_.insert_or_assign(std::string(name), json);
}

void FamilyMetadata::AddLogprobs(std::string_view entries) {
  const std::size_t begin = entries.find('[');
  const std::size_t end = entries.rfind(']');
  if (begin == std::string_view::npos || end == std::string_view::npos || end <= begin) return;
  entries = entries.substr(begin + 1, end - begin - 1);
  if (entries.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  if (!logprobs_.empty()) logprobs_ += ',';
  logprobs_ += entries;
}

void FamilyMetadata::Write(JsonWriter& json) const {
  if (!google_.empty()) {
    json.Member("google").BeginObject();
    for (const auto& [name, value] : google_) json.ForeignMember(name).Raw(value);
    json.EndObject();
  }
  if (!logprobs_.empty()) {
    json.Member("openai").BeginObject();
    json.Member("logprobs").BeginArray().Raw(logprobs_).EndArray();
    json.EndObject();
  }
}

void WriteGatewayMetadata(const AnswerContext& context, const AnswerCost& cost,
                          const LeftOutParts& left_out, JsonWriter& json) {
  const auto write = [&](std::string_view name, Money money) {
    json.Member(name).String(money.ToUsdString());
  };
  const Money input = std::min(cost.market_input_cost, cost.charge);
  json.Member("gateway").BeginObject();
  json.Member("routing");
  WriteRouting(context, cost, json);
  write("cost", cost.charge);
  write("marketCost", cost.market_cost);
  write("surchargeCost", Money::Zero());
  write("gatewayCost", cost.charge);
  write("inferenceCost", cost.charge);
  write("inputInferenceCost", input);
  write("outputInferenceCost", cost.charge - input);
  json.Member("generationId").String(context.generation_id);
  if (!left_out.types().empty()) {
    json.Member("warnings").BeginArray();
    for (const std::string& type : left_out.types()) {
      json.BeginObject();
      json.Member("type").String("unsupported");
      json.Member("feature").String(type);
      json.Member("details").String(
          absl::StrCat("A part of type `", type, "` of the answer cannot be shown here."));
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

}  // namespace tollgate::dataplane
