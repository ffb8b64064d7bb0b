#include "catalog/directory/price_words.h"

#include "catalog/price/price_text.h"
#include "gtest/gtest.h"

namespace tollgate::catalog {
namespace {

TEST(PriceWordsTest, MoneyIsExactWithAtLeastTwoDecimals) {
  EXPECT_EQ(MoneyWords(5'000'000), "$5.00");
  EXPECT_EQ(MoneyWords(600'000), "$0.60");
  EXPECT_EQ(MoneyWords(75'000), "$0.075");
  EXPECT_EQ(MoneyWords(1), "$0.000001");
  EXPECT_EQ(MoneyWords(0), "free");
  EXPECT_EQ(MoneyWords(std::nullopt), "–");
}

TEST(PriceWordsTest, Tokens) {
  EXPECT_EQ(TokensWords(0), "–");
  EXPECT_EQ(TokensWords(512), "512");
  EXPECT_EQ(TokensWords(8'191), "8K");
  EXPECT_EQ(TokensWords(128'000), "128K");
  EXPECT_EQ(TokensWords(1'000'000), "1M");
  EXPECT_EQ(TokensWords(1'048'576), "1.05M");
  EXPECT_EQ(TokensWords(10'000'000), "10M");
}

TEST(PriceWordsTest, Components) {
  struct {
    const char *key, *what, *when, *per;
  } cases[] = {
      {"input", "Input", "always", "per M tokens"},
      {"input cache_read batch", "Input, cached", "batch tier", "per M tokens"},
      {"output >200000", "Output", "above 200K input tokens", "per M tokens"},
      {"output reasoning", "Reasoning", "always", "per M tokens"},
      {"per_image output image variant=hd", "Image output", "hd", "per image"},
      {"per_search variant=low", "Web search", "low", "per search"},
      {"input audio utc=16:30-00:30", "Audio input", "16:30–00:30 UTC", "per M tokens"},
  };
  for (const auto& c : cases) {
    const PriceComponent component = *ParseComponentKey(c.key);
    EXPECT_EQ(ComponentWhat(component), c.what);
    EXPECT_EQ(ComponentWhen(component), c.when);
    EXPECT_EQ(ComponentPer(component), c.per);
  }
}

}  // namespace
}  // namespace tollgate::catalog
