#include "catalog/seed/seed_text.h"

#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

TEST(SeedTextTest, ReadsBackAsItWasWritten) {
  Facts facts = TestFacts();
  PriceComponent image;
  image.unit = Unit::kImage;
  image.direction = Direction::kOutput;
  image.modality = Modality::kImage;
  image.variant = "hd/1024x1024";
  image.price_pico_usd_per_unit = 40'000'000'001;
  facts.offerings[0].price_versions[0].version.components.push_back(image);
  facts.offerings[0].status = "beta";
  facts.offerings[0].context_tokens_max = 7;
  const SeedFiles files = WriteSeedText(facts);
  EXPECT_EQ(files.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const Facts read, ReadSeedText(files));
  EXPECT_EQ(read.models, facts.models);
  EXPECT_EQ(read.providers, facts.providers);
  ASSERT_EQ(read.offerings.size(), facts.offerings.size());
  EXPECT_EQ(read.offerings[0].price_versions[0].version.components,
            facts.offerings[0].price_versions[0].version.components);
  EXPECT_EQ(read.offerings[0].context_tokens_max, 7);
  EXPECT_EQ(read.offerings[0].price_versions[0].version.effective_time, TestDay(0));
  EXPECT_EQ(WriteSeedText(read), files);
}

TEST(SeedTextTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {R"([{"id":"a/b","colour":"red"}])", R"([{"id":"a/b","context":"x"}])"}) {
    EXPECT_THAT(ReadSeedText({{"models.json", text}}),
                StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("models.json")));
  }
  for (
      const char* text :
      {R"({"id":"p","format":"smoke"})",
       R"({"id":"p","offerings":[{"model":"a/b","day":"2026-01-01","price":{"inputs":"1"}}]})",
       R"({"id":"p","offerings":[{"model":"a/b","day":"2026-01-01",
          "price":{"input":"0.0000001"}}]})",
       R"({"id":"p","offerings":[{"model":"a/b","price":{"input":"1"}}]})"}) {
    EXPECT_THAT(ReadSeedText({{"providers/p.json", text}}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace tollgate::catalog
