#include <map>

#include "catalog/import/import.h"
#include "catalog/import/litellm_fields.h"
#include "catalog/model/merge.h"
#include "catalog/price/price_text.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

std::string KeyOf(const char* name, const char* mode = "chat") {
  const std::optional<LiteLlmField> field = ParseLiteLlmField(name, mode);
  return field ? ComponentKey(field->keys) : "none";
}

TEST(LiteLlmFieldTest, UnderstandsNames) {
  EXPECT_EQ(KeyOf("input_cost_per_token"), "input");
  EXPECT_EQ(KeyOf("output_cost_per_token_batches"), "output batch");
  EXPECT_EQ(KeyOf("input_cost_per_token_above_200k_tokens_priority"), "input priority >200000");
  EXPECT_EQ(KeyOf("cache_read_input_token_cost_flex"), "input cache_read flex");
  EXPECT_EQ(KeyOf("cache_creation_input_token_cost_above_1hr_above_200k_tokens"),
            "input cache_write_1h >200000");
  EXPECT_EQ(KeyOf("cache_creation_input_token_cost"), "input cache_write_5m");
  EXPECT_EQ(KeyOf("output_cost_per_reasoning_token"), "output reasoning");
  EXPECT_EQ(KeyOf("input_cost_per_image", "image_generation"), "per_image output image");
  EXPECT_EQ(KeyOf("input_cost_per_image"), "per_image input image");
  EXPECT_EQ(KeyOf("output_cost_per_second", "video_generation"), "per_second output video");
  EXPECT_EQ(KeyOf("input_cost_per_query", "rerank"), "per_request");
  EXPECT_EQ(KeyOf("input_cost_per_token_above_1hr"), "none");
  EXPECT_EQ(KeyOf("input_cost_per_token_above_xk_tokens"), "none");
  EXPECT_EQ(KeyOf("input_cost_per_video_per_second_above_8s_interval"), "none");
  EXPECT_EQ(KeyOf("input_dbu_cost_per_token"), "none");
}

constexpr const char* kDocument = R"json({
"sample_spec":{"litellm_provider":"one of","mode":"chat","input_cost_per_token":0.0},
"last_updated":"2026-07-24T18:23:43+00:00",
"gpt-9":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1.5e-07,
 "output_cost_per_token":6e-07,"input_cost_per_token_batches":7.5e-08,"max_input_tokens":128000,
 "max_output_tokens":16384.0,"supports_vision":true,"supports_function_calling":true,
 "deprecation_date":"2027-01-01",
 "search_context_cost_per_query":{"search_context_size_low":0.01,"search_context_size_high":0.01}},
"whisper-9":{"litellm_provider":"openai","mode":"audio_transcription",
 "input_cost_per_second":0.0001,"output_cost_per_second":0.0001},
"dall-e-9":{"litellm_provider":"openai","mode":"image_generation","input_cost_per_image":0.04},
"hd/1024-x-1024/dall-e-9":{"litellm_provider":"openai","mode":"image_generation",
 "input_cost_per_pixel":7.629e-08,"output_cost_per_pixel":0.0},
"ft:gpt-9":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1,
 "output_cost_per_token":1},
"dashscope/qwen-9":{"litellm_provider":"dashscope","mode":"chat","tiered_pricing":[
 {"range":[0,256000.0],"input_cost_per_token":5e-08,"output_cost_per_token":4e-07},
 {"range":[256000.0,1000000.0],"input_cost_per_token":2.5e-07,"output_cost_per_token":2e-06}]},
"gemini/uplift":{"litellm_provider":"gemini","mode":"chat","input_cost_per_token":1e-6,
 "output_cost_per_token":1e-6,"regional_processing_uplift_multiplier_eu":1.1},
"cohere/rerank-9":{"litellm_provider":"cohere","mode":"rerank","input_cost_per_query":0.002,
 "input_cost_per_token":0.0,"output_cost_per_token":0.0},
"live":{"litellm_provider":"openai","mode":"realtime","input_cost_per_token":1,
 "output_cost_per_token":1},
"bedrock/x":{"litellm_provider":"bedrock","mode":"chat","input_cost_per_token":1}
})json";

class LiteLlmTest : public testing::Test {
 protected:
  LiteLlmTest() : result_(*ImportLiteLlm(kDocument)) {
    for (const Offering& offering : result_.facts.offerings) {
      for (const PriceComponent& c : offering.price_versions.at(0).version.components) {
        prices_[offering.id][ComponentKey(c)] = FormatCustomary(c);
      }
    }
  }
  using Prices = std::map<std::string, std::string>;

  ImportResult result_;
  std::map<std::string, Prices> prices_;
};

TEST_F(LiteLlmTest, TakesPricesExactly) {
  EXPECT_EQ(
      prices_["openai:openai/gpt-9"],
      (Prices{
          {"input", "0.15"}, {"output", "0.6"}, {"input batch", "0.075"}, {"per_search", "0.01"}}));
  EXPECT_EQ(prices_["alibaba:alibaba/qwen-9"], (Prices{{"input", "0.05"},
                                                       {"output", "0.4"},
                                                       {"input >256000", "0.25"},
                                                       {"output >256000", "2"}}));
}

TEST_F(LiteLlmTest, KnowsThePeculiaritiesOfTheFile) {
  EXPECT_EQ(prices_["openai:openai/whisper-9"], (Prices{{"per_second input audio", "0.0001"}}));
  // 7.629e-08 per pixel × 1024² pixels.
  EXPECT_EQ(prices_["openai:openai/dall-e-9"],
            (Prices{{"per_image output image", "0.04"},
                    {"per_image output image variant=hd/1024x1024", "0.07999586304"}}));
  EXPECT_EQ(prices_["cohere:cohere/rerank-9"].at("per_request"), "0.002");
}

TEST_F(LiteLlmTest, LeavesOutWhatWouldBeUnderpriced) {
  EXPECT_FALSE(prices_.contains("google:google/uplift"));
  EXPECT_EQ(result_.report.LeftOut("a price that the catalog cannot express: "
                                   "regional_processing_uplift_multiplier_eu"),
            1);
  EXPECT_EQ(result_.report.LeftOut("a fine-tuned model of the caller's own"), 1);
  EXPECT_EQ(result_.report.LeftOut("a mode that the catalog has no type for"), 1);
  EXPECT_EQ(result_.report.LeftOut("the provider has no reviewed address and wire format"), 1);
}

TEST_F(LiteLlmTest, DescribesModels) {
  for (const Model& model : result_.facts.models) {
    if (model.id != "openai/gpt-9") continue;
    EXPECT_EQ(model.type, "language");
    EXPECT_EQ(model.input_modalities, (std::vector<std::string>{"text", "image"}));
    EXPECT_EQ(model.context_tokens_max, 128000);
    EXPECT_EQ(model.output_tokens_max, 16384);
    EXPECT_EQ(model.deprecation_date, "2027-01-01");
  }
  EXPECT_EQ(result_.report.source_date, "2026-07-24");
  EXPECT_OK(Merge({}, result_.facts, absl::UnixEpoch()));
}

}  // namespace
}  // namespace tollgate::catalog
