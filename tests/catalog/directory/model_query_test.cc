#include "catalog/directory/model_query.h"

#include "absl/strings/str_cat.h"
#include "catalog/model/merge.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"

namespace tollgate::catalog {
namespace {

std::shared_ptr<const DirectoryIndex> IndexOf(const Facts& facts) {
  auto snapshot = std::make_shared<CatalogSnapshot>();
  Apply(*Merge({}, facts, TestDay(0)), snapshot->state);
  return BuildIndex(snapshot, TestDay(10));
}

std::vector<std::string> Ids(const DirectoryIndex& index,
                             const std::map<std::string, std::string>& parameters) {
  std::vector<std::string> ids;
  for (const ListedModel* model : FindModels(index, ModelQuery::Parse(parameters)).models) {
    ids.push_back(model->model->id);
  }
  return ids;
}

using StringList = std::vector<std::string>;

TEST(ModelQueryTest, Filters) {
  Facts facts = TestFacts();
  facts.models[1].type = "embedding";
  facts.models[1].input_modalities = {"audio"};
  facts.models[1].capabilities.clear();
  const auto index = IndexOf(facts);
  const StringList all = {"acme/big", "acme/small"};
  EXPECT_EQ(Ids(*index, {}), all);
  EXPECT_EQ(Ids(*index, {{"q", "ACME big"}}), StringList{"acme/big"});
  EXPECT_EQ(Ids(*index, {{"q", "nothing"}}), StringList{});
  EXPECT_EQ(Ids(*index, {{"vendor", "acme"}}), all);
  EXPECT_EQ(Ids(*index, {{"vendor", "other"}}), StringList{});
  EXPECT_EQ(Ids(*index, {{"type", "embedding"}}), StringList{"acme/small"});
  EXPECT_EQ(Ids(*index, {{"type", "bogus"}}), all);  // Ignored.
  EXPECT_EQ(Ids(*index, {{"modality", "audio"}}), StringList{"acme/small"});
  EXPECT_EQ(Ids(*index, {{"can", "tools"}}), StringList{"acme/big"});
  EXPECT_EQ(Ids(*index, {{"max_price", "0.15"}}), StringList{"acme/small"});
  EXPECT_EQ(Ids(*index, {{"max_price", "2"}}), all);  // The cheapest provider counts.
  EXPECT_EQ(Ids(*index, {{"max_price", "cheap"}}), all);
}

TEST(ModelQueryTest, Sorts) {
  Facts facts = TestFacts();
  facts.models[0].context_tokens_max = 1;
  facts.models[1].release_date = "2026-01-01";
  const auto index = IndexOf(facts);
  const StringList big_first = {"acme/big", "acme/small"};
  const StringList small_first = {"acme/small", "acme/big"};
  EXPECT_EQ(Ids(*index, {{"sort", "providers"}}), big_first);
  EXPECT_EQ(Ids(*index, {{"sort", "input"}}), small_first);
  EXPECT_EQ(Ids(*index, {{"sort", "output"}}), small_first);
  EXPECT_EQ(Ids(*index, {{"sort", "context"}}), small_first);
  EXPECT_EQ(Ids(*index, {{"sort", "newest"}}), small_first);
  EXPECT_EQ(Ids(*index, {{"sort", "name"}}), big_first);
}

TEST(ModelQueryTest, Pages) {
  Facts facts = TestFacts();
  for (int i = 0; i < 100; ++i) {
    const std::string id = absl::StrCat("acme/n", i + 100);
    facts.models.push_back(TestModel(id));
    facts.offerings.push_back(TestOffering("acme", id, 1));
  }
  const auto index = IndexOf(facts);
  EXPECT_EQ(Ids(*index, {}).size(), kModelsPerPage);
  EXPECT_EQ(Ids(*index, {{"page", "3"}}).size(), 2u);
  EXPECT_EQ(Ids(*index, {{"page", "999999999999"}}).size(), 2u);  // The last one.
  EXPECT_EQ(Ids(*index, {{"page", "-1"}}), Ids(*index, {}));
}

TEST(ModelQueryTest, UrlsReadBackAsTheSameQuery) {
  ModelQuery query = ModelQuery::Parse({{"q", "a&b=\"<c>"}, {"vendor", "x y"}, {"page", "2"}});
  EXPECT_EQ(query.ToUrl("/"), "/?q=a%26b%3D%22%3Cc%3E&vendor=x%20y&page=2");
  EXPECT_EQ(ModelQuery::Parse({}).ToUrl("/"), "/");
  EXPECT_EQ(ModelQuery::Parse({{"q", std::string(kSearchCharsMax + 50, 'x')}}).text.size(),
            kSearchCharsMax);
}

TEST(DirectoryIndexTest, AnAnnouncedPriceComesIntoForceInTime) {
  Facts facts = TestFacts();
  facts.offerings[1].price_versions.push_back(TestVersion(7, TestDay(20)));
  auto snapshot = std::make_shared<CatalogSnapshot>();
  Apply(*Merge({}, facts, TestDay(0)), snapshot->state);
  const auto before = BuildIndex(snapshot, TestDay(10));
  EXPECT_EQ(before->models.at("acme/small").input, 150'000);
  EXPECT_EQ(before->valid_until, TestDay(20));
  EXPECT_EQ(BuildIndex(snapshot, TestDay(20))->models.at("acme/small").input, 7);
}

}  // namespace
}  // namespace tollgate::catalog
