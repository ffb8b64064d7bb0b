#include "catalog/model/validate.h"

#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

using absl::StatusCode;

TEST(ValidateTest, AcceptsTheTestFacts) {
  const Facts facts = TestFacts();
  for (const Model& model : facts.models) EXPECT_OK(ValidateModel(model));
  for (const Provider& provider : facts.providers) EXPECT_OK(ValidateProvider(provider));
  for (const Offering& offering : facts.offerings) EXPECT_OK(ValidateOffering(offering));
}

TEST(ValidateTest, ModelIds) {
  for (const char* id : {"a/b", "openai/gpt-4o-mini", "meta/llama-3.1:free", "a_b/c.d-e"}) {
    EXPECT_TRUE(IsValidModelId(id)) << id;
  }
  for (const char* id :
       {"", "a", "/", "a/", "/b", "A/b", "a/b/c", "a/b c", "a/<b>", "a/.b", "-a/b"}) {
    EXPECT_FALSE(IsValidModelId(id)) << id;
  }
  EXPECT_FALSE(IsValidModelId("a/" + std::string(kModelIdCharsMax, 'b')));
}

TEST(ValidateTest, Dates) {
  for (const char* date : {"", "2026", "2026-07", "2026-07-31"}) EXPECT_TRUE(IsValidDate(date));
  for (const char* date : {"26", "2026-13", "2026-00", "2026-07-32", "2026/07", "soon"}) {
    EXPECT_FALSE(IsValidDate(date)) << date;
  }
}

TEST(ValidateTest, RefusesEachKindOfFault) {
  Model model = TestModel("acme/big");
  model.vendor = "other";
  EXPECT_THAT(ValidateModel(model), StatusIs(StatusCode::kInvalidArgument));
  model = TestModel("acme/big");
  model.type = "magic";
  EXPECT_THAT(ValidateModel(model), StatusIs(StatusCode::kInvalidArgument));
  model = TestModel("acme/big", "line\nbreak");
  EXPECT_THAT(ValidateModel(model), StatusIs(StatusCode::kInvalidArgument));
  model = TestModel("acme/big");
  model.context_tokens_max = -1;
  EXPECT_THAT(ValidateModel(model), StatusIs(StatusCode::kInvalidArgument));
  model.context_tokens_max = kTokensMax + 1;
  EXPECT_THAT(ValidateModel(model), StatusIs(StatusCode::kInvalidArgument));
  Provider provider = TestProvider("acme");
  provider.format = Format::kUnspecified;
  EXPECT_THAT(ValidateProvider(provider), StatusIs(StatusCode::kInvalidArgument));
  for (const char* url : {"ftp://x", "https://user:pw@x/", "https://", "javascript:alert(1)",
                          "https://x/\"><script>"}) {
    provider = TestProvider("acme");
    provider.base_url = url;
    EXPECT_THAT(ValidateProvider(provider), StatusIs(StatusCode::kInvalidArgument)) << url;
  }
}

TEST(ValidateTest, AnOfferingNeedsItsOwnIdAndAPrice) {
  Offering offering = TestOffering("acme", "acme/big", 1);
  offering.id = "acme:acme/other";
  EXPECT_THAT(ValidateOffering(offering), StatusIs(StatusCode::kInvalidArgument));
  offering = TestOffering("acme", "acme/big", 1);
  offering.price_versions.clear();
  EXPECT_THAT(ValidateOffering(offering),
              StatusIs(StatusCode::kInvalidArgument, testing::HasSubstr("price")));
  offering = TestOffering("acme", "acme/big", 1);
  offering.price_versions[0].version.components.clear();
  EXPECT_THAT(ValidateOffering(offering), StatusIs(StatusCode::kInvalidArgument));
  offering = TestOffering("acme", "acme/big", -1);
  EXPECT_THAT(ValidateOffering(offering), StatusIs(StatusCode::kInvalidArgument));
  offering = TestOffering("acme", "acme/big", 1);
  offering.price_versions.assign(kVersionsPerOfferingMax + 1, TestVersion(1, TestDay(0)));
  EXPECT_THAT(ValidateOffering(offering), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate::catalog
