// The seed catalog that ships: valid, as large as promised, and what its sources give.
#include "catalog/seed/seed.h"

#include <cstdlib>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "catalog/model/merge.h"
#include "catalog/seed/seed_folder.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

constexpr std::size_t kModelsMin = 633;
constexpr std::size_t kProvidersMin = 23;
constexpr std::size_t kSeedBytesMax = 4 * 1024 * 1024;

std::string SharedFolder() {
  const char* named = std::getenv("TOLLGATE_SHARED");
  return named != nullptr ? named : TOLLGATE_SOURCE_DIR "/../shared";
}

TEST(SeedTest, IsValidAndLargeEnough) {
  ASSERT_OK_AND_ASSIGN(const Facts facts, SeedFacts());
  ASSERT_OK(Merge({}, facts, RealClock().Wall()));
  std::set<std::string> priced;
  for (const Offering& offering : facts.offerings) priced.insert(offering.model_id);
  EXPECT_GE(priced.size(), kModelsMin);
  EXPECT_EQ(priced.size(), facts.models.size());  // No model without a price.
  EXPECT_GE(facts.providers.size(), kProvidersMin);
}

TEST(SeedTest, TheCompiledInFormIsThatOfTheText) {
  ASSERT_OK_AND_ASSIGN(const SeedFiles files,
                       ReadSeedFolder(RealFileSystem(), TOLLGATE_SOURCE_DIR "/catalog/data/seed"));
  ASSERT_OK_AND_ASSIGN(const Facts facts, SeedFacts());
  EXPECT_TRUE(WriteSeedText(facts) == files);
  std::size_t bytes = 0;
  for (const auto& [name, text] : files) bytes += text.size();
  EXPECT_LT(bytes, kSeedBytesMax);
}

TEST(SeedTest, TheTextIsWhatTheSourcesGive) {
  const std::string folder = SharedFolder() + "/data/prices";
  if (!RealFileSystem().Exists(folder + "/models-dev.json")) {
    GTEST_SKIP() << "skipped: shared data missing (set TOLLGATE_SHARED to check the seed catalog "
                    "against its sources)";
  }
  ASSERT_OK_AND_ASSIGN(
      const ImportResult result,
      GenerateSeed(folder + "/models-dev.json", folder + "/litellm-model-prices.json"));
  ASSERT_OK_AND_ASSIGN(const SeedFiles files,
                       ReadSeedFolder(RealFileSystem(), TOLLGATE_SOURCE_DIR "/catalog/data/seed"));
  const SeedFiles generated = WriteSeedText(result.facts);
  EXPECT_EQ(generated.size(), files.size());
  for (const auto& [name, text] : generated) {
    const auto kept = files.find(name);
    EXPECT_TRUE(kept != files.end() && kept->second == text)
        << name << " differs; run catalog_seed generate";
  }
}

}  // namespace
}  // namespace tollgate::catalog
