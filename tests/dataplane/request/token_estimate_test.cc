#include "dataplane/request/token_estimate.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(TokenEstimateTest, FourAsciiCharactersOrOneOtherAreAToken) {
  EXPECT_EQ(EstimateTextTokens(""), 0);
  EXPECT_EQ(EstimateTextTokens("a"), 1);
  EXPECT_EQ(EstimateTextTokens("abcd"), 1);
  EXPECT_EQ(EstimateTextTokens("abcde"), 2);
  EXPECT_EQ(EstimateTextTokens("日本語"), 3);
  EXPECT_EQ(EstimateTextTokens("日本語abcd"), 4);
}

TEST(TokenEstimateTest, EverythingThatTheModelReadsCounts) {
  ir::Request request;
  const std::int64_t empty = EstimateInputTokens(request);
  ir::Message& message = request.messages.emplace_back();
  const std::int64_t begun = EstimateInputTokens(request);
  EXPECT_GT(begun, empty);
  message.parts.emplace_back().body = ir::Text{"abcdefgh", {}};
  EXPECT_EQ(EstimateInputTokens(request), begun + 2);
  ir::ToolResult result;
  result.parts.emplace_back().body = ir::Text{"abcd", {}};
  message.parts.emplace_back().body = result;
  EXPECT_EQ(EstimateInputTokens(request), begun + 3);
  const std::int64_t texts = EstimateInputTokens(request);
  request.tools.emplace_back().parameters = R"({"type":"object"})";
  EXPECT_GT(EstimateInputTokens(request), texts);
}

TEST(TokenEstimateTest, MediaAreNotCountedByTheBytesOfTheirBase64) {
  const auto tokens_of = [](const ir::Media& media) {
    ir::Request request;
    request.messages.emplace_back().parts.emplace_back().body = media;
    return EstimateInputTokens(request);
  };
  const std::string bytes(4'000'000, 'A');
  const std::int64_t image = tokens_of({.kind = ir::Media::Kind::kImage, .base64 = bytes});
  EXPECT_LT(image, 2000);
  EXPECT_EQ(image, tokens_of({.kind = ir::Media::Kind::kImage, .url = "https://a/b.png"}));
  const std::int64_t small =
      tokens_of({.kind = ir::Media::Kind::kFile, .base64 = std::string_view(bytes).substr(0, 400)});
  const std::int64_t large = tokens_of({.kind = ir::Media::Kind::kFile, .base64 = bytes});
  EXPECT_GT(large, small);
  EXPECT_LT(large, 4'000'000 / 4);
}

}  // namespace
}  // namespace tollgate::dataplane
