#include "tests/bench/ledger/usage_batches.h"

#include <cstdio>

namespace tollgate::bench {
namespace {

// Sorts by time, as a ULID does, and looks random behind it.
std::string GenerationId(std::uint32_t lane, std::uint64_t number) {
  char text[40];
  const std::uint64_t mixed = (number * 0x9E3779B97F4A7C15u) ^ (lane * 0xBF58476D1CE4E5B9u);
  std::snprintf(text, sizeof(text), "gen_01K%07llX%016llX",
                static_cast<unsigned long long>(number / 8),
                static_cast<unsigned long long>(mixed));
  return text;
}

// As long as providers' are, and as little alike: what is packed must not find it twice.
std::string ResponseId(std::uint64_t number) {
  char text[48];
  const std::uint64_t mixed = (number + 1) * 0xD6E8FEB86659FD93u;
  std::snprintf(text, sizeof(text), "chatcmpl-%016llx%012llx",
                static_cast<unsigned long long>(mixed),
                static_cast<unsigned long long>(mixed * mixed >> 16));
  return text;
}

void AddHold(const char* account, usage::v1::UsageRecord* record) {
  usage::v1::Hold* hold = record->add_holds();
  hold->set_account(account);
  hold->set_amount_nano_usd(15'250'000);
  hold->set_leased(true);
  hold->set_lease_incarnation(kIncarnation);
}

void AddTokens(pricing::v1::Direction direction, std::int64_t count,
               usage::v1::UsageRecord* record) {
  pricing::v1::Quantity* quantity = record->add_quantities();
  quantity->set_unit(pricing::v1::UNIT_TOKEN);
  quantity->set_direction(direction);
  quantity->set_modality(pricing::v1::MODALITY_TEXT);
  quantity->set_cache(pricing::v1::CACHE_CLASS_NONE);
  quantity->set_count(count);
}

}  // namespace

usage::v1::UsageRecord UsageRecordOf(std::uint32_t lane, std::uint64_t number) {
  usage::v1::UsageRecord record;
  record.set_generation_id(GenerationId(lane, number));
  record.set_attempt(1);
  record.set_attempts(1);
  record.set_organization_id("org-bench");
  record.set_workspace_id(kWorkspace);
  record.set_key_id("key-" + std::to_string(number % 100));
  record.set_requested_model("bench/chat");
  record.set_model_id("bench/chat");
  record.set_provider_id("bench");
  record.set_offering_id("bench:bench/chat");
  record.set_credential_id("bench-cred-0");
  record.set_price_version_id("pv_7f3k2m9q4t8w1x5z");
  record.set_service_tier(pricing::v1::SERVICE_TIER_STANDARD);
  AddTokens(pricing::v1::DIRECTION_INPUT, 150 + static_cast<std::int64_t>(number * 7 % 1'000),
            &record);
  AddTokens(pricing::v1::DIRECTION_OUTPUT, 20 + static_cast<std::int64_t>(number * 13 % 400),
            &record);
  record.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  record.set_charge_nano_usd(kChargeNanoUsd);
  record.set_cost_nano_usd(kChargeNanoUsd);
  AddHold(kWallet, &record);
  AddHold(kKeyBudget, &record);
  AddHold(kWorkspaceBudget, &record);
  record.mutable_request_time()->set_seconds(1'795'000'000 + static_cast<std::int64_t>(number));
  record.mutable_request_time()->set_nanos(
      static_cast<std::int32_t>(number * 2'654'435'761u % 1'000'000'000u));
  record.set_attempt_start_us(35);
  record.set_first_byte_us(412'000 + static_cast<std::int64_t>(number * 7'919 % 100'000));
  record.set_end_us(1'934'000 + static_cast<std::int64_t>(number * 104'729 % 1'000'000));
  record.set_provider_status(200);
  record.set_provider_response_id(ResponseId(number));
  record.set_finish_reason("stop");
  record.set_native_finish_reason("stop");
  record.set_surface("openai_chat");
  return record;
}

std::vector<std::string> SerializedRecords(std::uint32_t lane, std::uint64_t first,
                                           std::size_t count) {
  std::vector<std::string> records;
  records.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(UsageRecordOf(lane, first + i).SerializeAsString());
  }
  return records;
}

}  // namespace tollgate::bench
