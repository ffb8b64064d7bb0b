#include "dataplane/request/quota_change.h"

#include "gtest/gtest.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {
namespace {

TEST(QuotaChangeTest, ReadsWhatIsStated) {
  QuotaChange change;
  EXPECT_EQ(ReadQuotaChange(R"({"quotaEntityId":"user-\u0039","limitAmount":0.000000001,)"
                            R"("refreshPeriod":"weekly","active":false,"archived":true,"x":[1]})",
                            change),
            std::nullopt);
  EXPECT_EQ(change.entity, "user-9");
  EXPECT_EQ(change.limit, Money::FromNanoUsd(1));
  EXPECT_EQ(change.period, config::v1::PERIOD_WEEKLY);
  EXPECT_EQ(change.active, false);
  EXPECT_EQ(change.archived, true);
}

TEST(QuotaChangeTest, NothingAndNullStateNothing) {
  for (const char* body :
       {"", "{}", R"({"limitAmount":null,"refreshPeriod":null,"active":null})"}) {
    QuotaChange change;
    EXPECT_EQ(ReadQuotaChange(body, change), std::nullopt) << body;
    EXPECT_EQ(change.limit, std::nullopt);
    EXPECT_EQ(change.period, std::nullopt);
    EXPECT_EQ(change.active, std::nullopt);
  }
}

TEST(QuotaChangeTest, KnowsThePeriodsByName) {
  const std::pair<const char*, int> periods[] = {{"none", config::v1::PERIOD_NONE},
                                                 {"daily", config::v1::PERIOD_DAILY},
                                                 {"weekly", config::v1::PERIOD_WEEKLY},
                                                 {"monthly", config::v1::PERIOD_MONTHLY}};
  for (const auto& [name, period] : periods) {
    QuotaChange change;
    EXPECT_EQ(ReadQuotaChange("{\"refreshPeriod\":\"" + std::string(name) + "\"}", change),
              std::nullopt);
    EXPECT_EQ(change.period, period);
  }
}

TEST(QuotaChangeTest, NamesWhatIsWrong) {
  const std::pair<const char*, const char*> wrongs[] = {
      {"[]", "body"},
      {"{", "body"},
      {"{\"x\":\"\xff\"}", "body"},
      {R"({"quotaEntityId":7})", "quotaEntityId"},
      {R"({"limitAmount":"10"})", "limitAmount"},
      {R"({"limitAmount":-1})", "limitAmount"},
      {R"({"limitAmount":0.0000000001})", "limitAmount"},
      {R"({"limitAmount":1e3})", "limitAmount"},
      {R"({"refreshPeriod":"yearly"})", "refreshPeriod"},
      {R"({"refreshPeriod":4})", "refreshPeriod"},
      {R"({"active":"yes"})", "active"},
      {R"({"archived":1})", "archived"},
  };
  for (const auto& [body, named] : wrongs) {
    QuotaChange change;
    const std::optional<std::string> wrong = ReadQuotaChange(body, change);
    ASSERT_TRUE(wrong.has_value()) << body;
    EXPECT_NE(wrong->find(named), std::string::npos) << *wrong;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
