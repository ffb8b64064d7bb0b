#include "billing/service/usage_record_parser.h"

#include <functional>

#include "tests/support/status_matchers.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

usage::v1::UsageRecord Good() {
  usage::v1::UsageRecord record;
  record.set_generation_id("gen_01");
  record.set_attempt(1);
  record.set_workspace_id("ws_1");
  record.set_key_id("key_1");
  record.set_model_id("vendor/Model-1.5:free");
  record.set_provider_id("openai");
  record.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
  record.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  record.set_charge_nano_usd(10);
  record.set_cost_nano_usd(7);
  usage::v1::Hold* hold = record.add_holds();
  hold->set_account("wallet/ws_1");
  hold->set_leased(true);
  hold->set_lease_incarnation(3);
  return record;
}

TEST(UsageRecordParserTest, TakesWhatMovesMoneyAndKeepsTheBytes) {
  const std::string bytes = Good().SerializeAsString();
  ASSERT_OK_AND_ASSIGN(const UsageRecordItem item, ParseUsageRecord(bytes));
  EXPECT_EQ(item.bytes, bytes);
  EXPECT_EQ(item.digest, Sha256(bytes));
  EXPECT_EQ(item.charge, Money::FromNanoUsd(10));
  EXPECT_EQ(item.cost, Money::FromNanoUsd(7));
  ASSERT_EQ(item.holds.size(), 1u);
  EXPECT_EQ(item.holds[0].lease_incarnation, 3u);
  EXPECT_TRUE(item.holds[0].leased);
}

TEST(UsageRecordParserTest, TheWalletMayPayLessThanTheCharge) {
  usage::v1::UsageRecord record = Good();
  record.mutable_holds(0)->set_drawn_nano_usd(4);
  ASSERT_OK_AND_ASSIGN(const UsageRecordItem item, ParseUsageRecord(record.SerializeAsString()));
  EXPECT_EQ(item.holds[0].drawn, Money::FromNanoUsd(4));
}

TEST(UsageRecordParserTest, RefusesWhatTheBooksCannotRelyOn) {
  using Record = usage::v1::UsageRecord;
  const struct {
    const char* what;
    std::function<void(Record&)> spoil;
  } kRows[] = {
      {"no generation", [](Record& r) { r.clear_generation_id(); }},
      {"a blank in the generation", [](Record& r) { r.set_generation_id("gen 1"); }},
      {"a long generation", [](Record& r) { r.set_generation_id(std::string(65, 'g')); }},
      {"no attempt", [](Record& r) { r.set_attempt(0); }},
      {"no workspace",
       [](Record& r) {
         r.clear_workspace_id();
         r.clear_holds();
       }},
      {"a bad key", [](Record& r) { r.set_key_id("K E Y"); }},
      {"no model", [](Record& r) { r.clear_model_id(); }},
      {"a control character", [](Record& r) { r.set_provider_id("a\nb"); }},
      {"no source", [](Record& r) { r.clear_usage_source(); }},
      {"an unknown outcome",
       [](Record& r) { r.set_outcome(static_cast<usage::v1::AttemptOutcome>(99)); }},
      {"a negative charge", [](Record& r) { r.set_charge_nano_usd(-1); }},
      {"a negative cost", [](Record& r) { r.set_cost_nano_usd(-1); }},
      {"a charge beyond belief", [](Record& r) { r.set_charge_nano_usd(1'000'000'000'000'001); }},
      {"another's wallet", [](Record& r) { r.mutable_holds(0)->set_account("wallet/ws_2"); }},
      {"another's run", [](Record& r) { r.mutable_holds(0)->set_account("run/ws_2/run_a"); }},
      {"a draw on the wallet beyond the charge",
       [](Record& r) { r.mutable_holds(0)->set_drawn_nano_usd(r.charge_nano_usd() + 1); }},
      {"a negative draw",
       [](Record& r) {
         r.add_holds()->set_account("budget/b/all");
         r.mutable_holds(r.holds_size() - 1)->set_drawn_nano_usd(-1);
       }},
      {"no account", [](Record& r) { r.mutable_holds(0)->set_account("cash"); }},
      {"one account twice", [](Record& r) { *r.add_holds() = r.holds(0); }},
      {"too many holds",
       [](Record& r) {
         for (std::size_t i = 0; i < kUsageHoldsMax; ++i) {
           r.add_holds()->set_account("budget/b" + std::to_string(i) + "/all");
         }
       }},
      {"too large", [](Record& r) { r.set_user(std::string(kUsageRecordBytesMax, 'u')); }},
  };
  for (const auto& row : kRows) {
    Record record = Good();
    row.spoil(record);
    EXPECT_THAT(ParseUsageRecord(record.SerializeAsString()),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << row.what;
  }
  EXPECT_THAT(ParseUsageRecord("\xff\xff garbage"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate::billing
