#include "catalog/import/model_id.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

class ModelIdTest : public testing::Test {
 protected:
  ReviewedTables tables_ = *ReviewedTables::Load();
  ModelIdResolver resolver_{tables_};
  std::string Resolve(const char* provider, const char* own, const char* base = "") {
    return resolver_.Resolve(provider, own, base).value_or("none");
  }
};

TEST_F(ModelIdTest, ResolvesByTheRule) {
  resolver_.AddCanonical("anthropic/claude-opus-4-5");
  resolver_.AddCanonical("meta/llama-3.3-70b-instruct");
  struct {
    const char *provider, *own, *base, *id;
  } cases[] = {
      {"azure", "my-deployment", "openai/gpt-4o", "openai/gpt-4o"},
      {"deepinfra", "meta-llama/Llama-3.3-70B-Instruct", "", "meta/llama-3.3-70b-instruct"},
      {"fireworks-ai", "accounts/fireworks/models/qwen3-32b", "", "alibaba/qwen3-32b"},
      {"openrouter", "anthropic/claude-opus-4.5", "", "anthropic/claude-opus-4-5"},
      {"openrouter", "z-ai/glm-4.6", "", "zhipuai/glm-4.6"},
      {"groq", "llama-3.1-8b-instant", "", "meta/llama-3.1-8b-instant"},
      {"openai", "text-something-9", "", "openai/text-something-9"},
      {"perplexity", "sonar-pro", "", "perplexity/sonar-pro"},
      {"nobody", "mystery-model", "", "nobody/mystery-model"},
      {"nobody", "someone/mystery model!", "", "someone/mystery-model"},
      {"nobody", "route/mystery", "", "nobody/mystery"},
      {"x", "hf:Qwen/Qwen3-8B", "", "alibaba/qwen3-8b"},
      {"openai", "o3-mini", "", "openai/o3-mini"},
      {"someone", "o3dmodel", "", "someone/o3dmodel"},  // A letter follows: not the family.
  };
  for (const auto& c : cases) EXPECT_EQ(Resolve(c.provider, c.own, c.base), c.id) << c.own;
}

TEST_F(ModelIdTest, WhatDiffersInMoreThanPunctuationIsAnotherModel) {
  resolver_.AddCanonical("openai/gpt-4o");
  EXPECT_EQ(Resolve("x", "openai/gpt-4o:free"), "openai/gpt-4o:free");
  EXPECT_EQ(Resolve("x", "openai/gpt-4o-2024-08-06"), "openai/gpt-4o-2024-08-06");
}

TEST_F(ModelIdTest, RefusesWhatLeavesNoName) {
  EXPECT_EQ(Resolve("x", "accounts/fireworks/models/"), "none");
  EXPECT_EQ(Resolve("x", "///"), "none");
}

}  // namespace
}  // namespace tollgate::catalog
