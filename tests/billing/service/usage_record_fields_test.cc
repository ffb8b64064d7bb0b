#include "billing/service/usage_record_fields.h"

#include <string>

#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

usage::v1::UsageRecord Whole() {
  usage::v1::UsageRecord record;
  record.set_generation_id("gen_01");
  record.set_attempt(2);
  record.set_workspace_id("ws_1");
  record.set_key_id("key_1");
  record.set_requested_model("vendor/as-written");
  record.set_model_id("vendor/model");
  record.set_provider_id("provider");
  record.set_byok(true);
  pricing::v1::Quantity* quantity = record.add_quantities();
  quantity->set_variant("hd");
  quantity->set_count(210);
  record.add_quantities()->set_count(1);
  record.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  record.set_charge_nano_usd(-5);
  record.set_cost_nano_usd(7);
  record.set_market_cost_nano_usd(8);
  for (const char* account : {"wallet/ws_1", "budget/b/all"}) {
    usage::v1::Hold* hold = record.add_holds();
    hold->set_account(account);
    hold->set_amount_nano_usd(99);
    hold->set_leased(true);
    hold->set_lease_incarnation(3);
  }
  record.mutable_holds(1)->set_drawn_nano_usd(0);
  record.mutable_request_time()->set_seconds(1'795'000'000);
  record.mutable_request_time()->set_nanos(5);
  record.set_user("somebody");
  record.set_price_adjust_ppm(-3);
  return record;
}

TEST(UsageRecordFieldsTest, ReadsWhatProtobufReads) {
  const usage::v1::UsageRecord record = Whole();
  const std::string bytes = record.SerializeAsString();
  UsageRecordFields fields;
  EXPECT_EQ(ReadUsageRecordFields(bytes, fields), FieldsVerdict::kRead);
  EXPECT_EQ(fields, FieldsOf(record));
  UsageRecordFields none;
  EXPECT_EQ(ReadUsageRecordFields("", none), FieldsVerdict::kRead);
  EXPECT_EQ(none, UsageRecordFields());
}

TEST(UsageRecordFieldsTest, LeavesWhatIsUnusualToProtobuf) {
  usage::v1::UsageRecord record = Whole();
  record.set_user("J\xc3\xb6rg");
  UsageRecordFields fields;
  EXPECT_EQ(ReadUsageRecordFields(record.SerializeAsString(), fields), FieldsVerdict::kUnusual);
  // A field twice, one of another type, a padded tag.
  const std::string bytes = Whole().SerializeAsString();
  for (const std::string& more : {std::string("\x10\x05"), std::string("\x0d\1\1\1\1"),
                                 std::string("\xf8\x83\x80\x80\x80\x80\x00\x01", 8)}) {
    UsageRecordFields twice;
    EXPECT_EQ(ReadUsageRecordFields(bytes + more, twice), FieldsVerdict::kUnusual);
  }
}

TEST(UsageRecordFieldsTest, AMessageThatIsCutOffIsNone) {
  const std::string bytes = Whole().SerializeAsString();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    UsageRecordFields fields;
    usage::v1::UsageRecord record;
    const std::string cut = bytes.substr(0, size);
    EXPECT_EQ(ReadUsageRecordFields(cut, fields) != FieldsVerdict::kUnreadable,
              record.ParseFromString(cut))
        << size;
  }
}

TEST(UsageRecordFieldsTest, WhatItReadsProtobufReadsTheSame) {
  SeededRandom random(11);
  const std::string bytes = Whole().SerializeAsString();
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string spoiled = bytes;
    const std::uint64_t changes = 1 + random.Below(3);
    for (std::uint64_t k = 0; k < changes; ++k) {
      const std::size_t at = random.Below(spoiled.size());
      switch (random.Below(3)) {
        case 0:
          spoiled[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          spoiled.erase(at, 1 + random.Below(3));
          break;
        default:
          spoiled.insert(at, 1, static_cast<char>(random.Below(256)));
      }
    }
    UsageRecordFields fields;
    if (ReadUsageRecordFields(spoiled, fields) != FieldsVerdict::kRead) continue;
    ++read;
    usage::v1::UsageRecord record;
    ASSERT_TRUE(record.ParseFromString(spoiled)) << "change " << i;
    EXPECT_EQ(fields, FieldsOf(record)) << "change " << i;
  }
  EXPECT_GT(read, 1'000);
}

}  // namespace
}  // namespace tollgate::billing
