#include <map>

#include "absl/time/time.h"
#include "catalog/import/import.h"
#include "catalog/model/merge.h"
#include "catalog/price/price_text.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kDocument = R"json({
"source": "models.dev, MIT licence, commit 1 of 2026-07-02; prices in USD per million tokens",
"canonical_models": {"openai/gpt-9": {"name":"GPT-9","modalities":{"input":["text","pdf","image"],
  "output":["text"]},"limit":{"context":128000,"output":16384},"tool_call":true,"reasoning":true,
  "knowledge":"2025-09","release_date":"2026-01-02"}},
"providers": {
 "openai": {"name":"OpenAI","npm":"@ai-sdk/openai","doc":"https://platform.openai.com/docs",
  "models":{
   "gpt-9": {"name":"GPT-9","base_model":"openai/gpt-9","limit":{"context":128000,"output":16384},
     "cost":{"input":0.3,"output":1.2e0,"cache_read":0.03,"cache_write":0,"input_audio":10,
       "reasoning":1.2,"tiers":[
      {"tier":{"type":"context","size":200000},"input":0.6,"output":2.4}]}},
   "no-price": {"name":"x"},
   "all-zero": {"name":"x","cost":{"input":0,"output":0}},
   "strange": {"name":"x","cost":{"input":1,"output":1,"citation":5}},
   "half": {"name":"x","cost":{"input":1,"output":0}},
   "~latest": {"name":"x","cost":{"input":1,"output":1}},
   "other-way": {"name":"x","cost":{"input":1,"output":1},"provider":{"npm":"@ai-sdk/anthropic"}}}},
 "reseller": {"name":"Reseller","npm":"@ai-sdk/openai-compatible","api":"https://r.example/v1/",
  "models":{"OpenAI/GPT-9":{"name":"g","limit":{"context":64000},"cost":{"input":1,"output":2}},
   "kind:free":{"name":"<b>Free</b>\tas air","cost":{"input":0,"output":0}}}},
 "local": {"name":"Local","npm":"@ai-sdk/openai-compatible","api":"http://127.0.0.1:1/v1",
  "models":{"m":{"name":"m","cost":{"input":1,"output":2},"status":"beta"}}},
 "bedrockish": {"name":"B","npm":"@ai-sdk/amazon-bedrock",
  "models":{"a":{"cost":{"input":1,"output":1}}}},
 "claudish": {"name":"C","npm":"@ai-sdk/anthropic","api":"https://c.example/v1",
  "models":{"claude-x":{"name":"X","cost":{"input":1,"output":1}}}}
}})json";

class ModelsDevTest : public testing::Test {
 protected:
  ModelsDevTest() : result_(*ImportModelsDev(kDocument)) {
    for (const Offering& offering : result_.facts.offerings) offerings_[offering.id] = offering;
    for (const Provider& provider : result_.facts.providers) providers_[provider.id] = provider;
    for (const Model& model : result_.facts.models) models_[model.id] = model;
  }
  std::map<std::string, std::string> Prices(const std::string& id) {
    std::map<std::string, std::string> prices;
    for (const PriceComponent& c : offerings_.at(id).price_versions.at(0).version.components) {
      prices[ComponentKey(c)] = FormatCustomary(c);
    }
    return prices;
  }

  ImportResult result_;
  std::map<std::string, Offering> offerings_;
  std::map<std::string, Provider> providers_;
  std::map<std::string, Model> models_;
};

TEST_F(ModelsDevTest, TakesPricesExactlyWithTiers) {
  EXPECT_EQ(Prices("openai:openai/gpt-9"),
            (std::map<std::string, std::string>{{"input", "0.3"},
                                                {"output", "1.2"},
                                                {"input cache_read", "0.03"},
                                                {"input audio", "10"},
                                                {"input >200000", "0.6"},
                                                {"output >200000", "2.4"}}));
}

TEST_F(ModelsDevTest, OneModelForAllWhoSellIt) {
  EXPECT_TRUE(offerings_.contains("reseller:openai/gpt-9"));
  EXPECT_EQ(offerings_.at("reseller:openai/gpt-9").provider_model_id, "OpenAI/GPT-9");
  EXPECT_EQ(offerings_.at("reseller:openai/gpt-9").context_tokens_max, 64000);
  EXPECT_EQ(offerings_.at("openai:openai/gpt-9").context_tokens_max, 0);
  const Model& model = models_.at("openai/gpt-9");
  EXPECT_EQ(model.display_name, "GPT-9");
  EXPECT_EQ(model.input_modalities, (std::vector<std::string>{"text", "image", "pdf"}));
  EXPECT_EQ(model.capabilities, (std::vector<std::string>{"tools", "reasoning"}));
  EXPECT_EQ(model.output_tokens_max, 16384);
  EXPECT_EQ(model.knowledge_date, "2025-09");
}

TEST_F(ModelsDevTest, KnowsHowProvidersAreSpokenTo) {
  EXPECT_EQ(providers_.at("openai").base_url, "https://api.openai.com/v1");
  EXPECT_EQ(providers_.at("openai").format, Format::kOpenaiChat);
  EXPECT_EQ(providers_.at("reseller").base_url, "https://r.example/v1");
  EXPECT_EQ(providers_.at("local").base_url, "");
  EXPECT_EQ(providers_.at("claudish").format, Format::kAnthropic);
  EXPECT_FALSE(providers_.contains("bedrockish"));
}

TEST_F(ModelsDevTest, ReportsWhatItLeavesOut) {
  const ImportReport& report = result_.report;
  EXPECT_EQ(report.source_date, "2026-07-02");
  EXPECT_EQ(report.LeftOut("the source has no price"), 1);
  EXPECT_EQ(report.LeftOut("all prices are zero: a subscription, a trial, or not known"), 1);
  EXPECT_EQ(report.LeftOut("a price that the catalog cannot express: citation"), 1);
  EXPECT_EQ(report.LeftOut("a language model without a price for both text input and text output"),
            1);
  EXPECT_EQ(report.LeftOut("a floating alias of the provider, not a model"), 1);
  EXPECT_EQ(report.LeftOut("spoken to in another way than the provider's other models"), 1);
  EXPECT_EQ(report.LeftOut("the provider speaks none of the gateway's wire formats"), 1);
  EXPECT_EQ(offerings_.size(), 5u);
  EXPECT_NE(report.ToText(result_.facts).find("for example openai: strange"), std::string::npos);
  EXPECT_NE(report.ToJson(result_.facts).find("\"taken\":{\"models\":4,"), std::string::npos);
}

TEST_F(ModelsDevTest, AModelThatSaysItIsFreeIs) {
  EXPECT_EQ(Prices("reseller:reseller/kind:free").at("input"), "0");
  EXPECT_EQ(models_.at("reseller/kind:free").display_name, "<b>Free</b> as air");
  EXPECT_EQ(offerings_.at("local:local/m").status, "beta");
}

TEST_F(ModelsDevTest, ItsFactsAreValidAndNamed) {
  const absl::StatusOr<Change> change = Merge({}, result_.facts, absl::UnixEpoch());
  ASSERT_OK(change);
  EXPECT_EQ(change->price_versions.size(), offerings_.size());
  EXPECT_EQ(offerings_.at("local:local/m").price_versions[0].version.effective_time,
            absl::FromUnixSeconds(1'782'950'400));  // 2026-07-02.
}

TEST(ModelsDevDocumentTest, RefusesWhatIsNoDocument) {
  EXPECT_THAT(ImportModelsDev("[]"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ImportModelsDev("{"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ModelsDevDocumentTest, HostileValuesAreLeftOut) {
  ASSERT_OK_AND_ASSIGN(const ImportResult result, ImportModelsDev(R"({"p":{"name":"P",
    "npm":"@ai-sdk/openai-compatible","api":"https://p.example","models":{
    "a":{"cost":{"input":-1,"output":1}},"b":{"cost":{"input":"1","output":1}},
    "c":{"cost":{"input":1e300,"output":1}},"d":{"cost":{"input":1e-300,"output":1}},
    "e":{"cost":{"input":1,"output":1,"tiers":[{"tier":{"size":-5},"input":1,"output":1}]}},
    "f":{"cost":[]},"g":7,"h":{"cost":{"input":1,"output":1},"limit":{"context":1e99}}}}})"));
  ASSERT_EQ(result.facts.offerings.size(), 1u);
  EXPECT_EQ(result.facts.offerings[0].id, "p:p/h");
  // A file without a day: the price holds from its import on.
  EXPECT_EQ(result.facts.offerings[0].price_versions[0].version.effective_time,
            absl::InfinitePast());
}

}  // namespace
}  // namespace tollgate::catalog
