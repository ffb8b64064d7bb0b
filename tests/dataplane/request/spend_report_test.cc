#include "dataplane/request/spend_report.h"

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include "dataplane/json/document.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::dataplane {
namespace {

// 2026-01-02T12:00:00Z.
constexpr std::int64_t kNoon = 1767355200;

ledger::v1::Generation MakeGeneration(std::int64_t seconds, const std::string& model,
                                      std::int64_t nano_usd, bool byok = false) {
  ledger::v1::Generation generation;
  usage::v1::UsageRecord& record = *generation.add_attempts();
  record.mutable_request_time()->set_seconds(seconds);
  record.set_model_id(model);
  record.set_provider_id("p1");
  record.set_user("u1");
  record.set_key_id("key_1");
  record.set_byok(byok);
  record.set_charge_nano_usd(byok ? 0 : nano_usd);
  record.set_market_cost_nano_usd(nano_usd);
  pricing::v1::Quantity& input = *record.add_quantities();
  input.set_unit(pricing::v1::UNIT_TOKEN);
  input.set_direction(pricing::v1::DIRECTION_INPUT);
  input.set_count(10);
  pricing::v1::Quantity& output = *record.add_quantities();
  output.set_unit(pricing::v1::UNIT_TOKEN);
  output.set_direction(pricing::v1::DIRECTION_OUTPUT);
  output.set_count(5);
  return generation;
}

std::string ReportOf(const std::string& query,
                     const std::vector<ledger::v1::Generation>& generations) {
  auto read = ReportQuery::Read("/v1/report?" + query);
  if (const auto* error = std::get_if<GatewayError>(&read)) return "refused: " + error->param;
  SpendReport report(std::get<ReportQuery>(read));
  for (const auto& generation : generations) report.Add(generation);
  std::string out;
  report.Append(out);
  return out;
}

TEST(SpendReportTest, RowsAreTheSumsOfTheirGroup) {
  const std::string day = "start_date=2026-01-02&end_date=2026-01-02";
  EXPECT_EQ(ReportOf(day + "&group_by=model",
                     {MakeGeneration(kNoon, "b", 30), MakeGeneration(kNoon, "a", 5),
                      MakeGeneration(kNoon, "a", 7, true)}),
            R"({"results":[)"
            R"({"model":"a","total_cost":0.000000005,"market_cost":0.000000012,"surcharge_cost":0,)"
            R"("gateway_cost":0.000000005,"input_tokens":20,"output_tokens":10,)"
            R"("cached_input_tokens":0,"cache_creation_input_tokens":0,"reasoning_tokens":0,)"
            R"("request_count":2},)"
            R"({"model":"b","total_cost":0.00000003,"market_cost":0.00000003,"surcharge_cost":0,)"
            R"("gateway_cost":0.00000003,"input_tokens":10,"output_tokens":5,)"
            R"("cached_input_tokens":0,"cache_creation_input_tokens":0,"reasoning_tokens":0,)"
            R"("request_count":1}]})");
  const std::vector<ledger::v1::Generation> one = {MakeGeneration(kNoon, "a", 5)};
  EXPECT_THAT(ReportOf(day, one), testing::HasSubstr(R"([{"day":"2026-01-02",)"));
  EXPECT_THAT(ReportOf(day + "&date_part=hour", one),
              testing::HasSubstr(R"([{"hour":"2026-01-02T12",)"));
  EXPECT_THAT(ReportOf(day + "&group_by=user", one), testing::HasSubstr(R"([{"user":"u1",)"));
  EXPECT_THAT(ReportOf(day + "&group_by=credential_type", one),
              testing::HasSubstr(R"([{"credential_type":"system",)"));
}

TEST(SpendReportTest, DaysAreWholeAndFiltersHold) {
  const std::vector<ledger::v1::Generation> three = {
      MakeGeneration(kNoon + 12 * 3600, "a", 1),      // The next day's first second.
      MakeGeneration(kNoon + 12 * 3600 - 1, "a", 2),  // The day's last second.
      MakeGeneration(kNoon - 12 * 3600, "a", 4)};     // Its first.
  EXPECT_THAT(ReportOf("start_date=2026-01-02&end_date=2026-01-02", three),
              testing::HasSubstr(R"("total_cost":0.000000006,)"));
  EXPECT_EQ(ReportOf("start_date=2026-01-02&end_date=2026-01-02&model=b", three),
            R"({"results":[]})");
  EXPECT_EQ(ReportOf("start_date=2026-01-02&end_date=2026-01-02&credential_type=byok", three),
            R"({"results":[]})");
  SpendReport report(std::get<ReportQuery>(
      ReportQuery::Read("/v1/report?start_date=2026-01-03&end_date=2026-01-03")));
  EXPECT_TRUE(report.Add(three[0]));
  EXPECT_FALSE(report.Add(three[1])) << "nothing that comes later is asked for";
}

ledger::v1::Generation Tagged(std::int64_t cost, std::initializer_list<std::string> tags) {
  ledger::v1::Generation generation = MakeGeneration(kNoon, "m", cost);
  for (const std::string& tag : tags) {
    for (usage::v1::UsageRecord& record : *generation.mutable_attempts()) record.add_tags(tag);
  }
  return generation;
}

// Each row as "TAG COST REQUESTS".
std::string TagRows(const std::string& report) {
  JsonDocument document;
  if (!document.Parse(report)) return report;
  std::string rows;
  for (const JsonValue row : document.root()["results"].elements()) {
    rows += std::string(row["tag"].string()) + " " + std::string(row["total_cost"].raw()) + " " +
            std::string(row["request_count"].raw()) + "; ";
  }
  return rows;
}

TEST(SpendReportTest, TagsHaveRowsAndNarrow) {
  const std::string query = "start_date=2026-01-02&end_date=2026-01-02&group_by=tag";
  const std::vector<ledger::v1::Generation> all = {
      Tagged(1'000'000'000, {"a", "b c"}), Tagged(2'000'000'000, {"a"}), Tagged(4'000'000'000, {})};
  EXPECT_EQ(TagRows(ReportOf(query, all)), " 4 1; a 3 2; b c 1 1; ")
      << "a generation is in the row of each of its tags";
  EXPECT_EQ(TagRows(ReportOf(query + "&tags=b%20c,nobody", all)), "a 1 1; b c 1 1; ")
      << "any of them";
  EXPECT_EQ(TagRows(ReportOf(query + "&tags=a%2C%20b%20c&tags_match=all", all)),
            "a 1 1; b c 1 1; ");
  EXPECT_EQ(TagRows(ReportOf(query + "&tags=a,nobody&tags_match=all", all)), "");
}

TEST(SpendReportTest, WhatIsNotKnownIsRefused) {
  const std::string day = "start_date=2026-01-02&end_date=2026-01-02";
  EXPECT_EQ(ReportOf("end_date=2026-01-02", {}), "refused: start_date");
  EXPECT_EQ(ReportOf("start_date=2026-01-02", {}), "refused: end_date");
  EXPECT_EQ(ReportOf("start_date=2026-01-03&end_date=2026-01-02", {}), "refused: end_date");
  EXPECT_EQ(ReportOf("start_date=yesterday&end_date=2026-01-02", {}), "refused: start_date");
  EXPECT_EQ(ReportOf(day + "&group_by=colour", {}), "refused: group_by");
  EXPECT_EQ(ReportOf(day + "&date_part=week", {}), "refused: date_part");
  EXPECT_EQ(ReportOf(day + "&tags=a&tags_match=some", {}), "refused: tags_match");
  EXPECT_EQ(ReportOf(day + "&zero_data_retention=true", {}), "refused: zero_data_retention");
}

}  // namespace
}  // namespace tollgate::dataplane
