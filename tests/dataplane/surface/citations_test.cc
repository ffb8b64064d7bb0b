// Where the text of an answer comes from, on each surface: beside the words that it is of.
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

ir::Citation Source(std::string_view url, std::int64_t begin, std::int64_t end) {
  ir::Citation citation;
  citation.url = url;
  citation.begin = begin;
  citation.end = end;
  return citation;
}

class CitationsTest : public testing::Test {
 protected:
  CitationsTest() {
    call_.version = "4";
    context_.call = &call_;
    context_.scan = &scan_;
    context_.generation_id = "gen_1";
    choice_.finish = ir::FinishReason::kStop;
  }

  void Say(std::string_view text, std::initializer_list<ir::Citation> citations) {
    choice_.parts.emplace_back().body = ir::Text{text, citations};
  }

  // The answer without white space, from `from` to `to`; a stream of the same when `streamed`.
  std::string Between(const Surface& surface, bool streamed, std::string_view from,
                      std::string_view to) {
    std::string out;
    if (streamed) {
      Stream(surface, out);
    } else {
      ir::Response response;
      response.choices.push_back(choice_);
      surface.WriteAnswer(response, context_, cost_, out);
    }
    const std::size_t begin = out.find(from);
    if (begin == std::string::npos) return "not found in " + out;
    return out.substr(begin, out.find(to, begin) - begin);
  }

  void Stream(const Surface& surface, std::string& out) {
    const std::unique_ptr<StreamWriter> writer = surface.NewStreamWriter(context_);
    writer->Write({.type = ir::EventType::kStart}, out);
    std::int32_t index = 0;
    for (const ir::Part& part : choice_.parts) {
      const auto write = [&](ir::EventType type, const ir::Citation* citation,
                             std::string_view text) {
        ir::Event event;
        event.type = type;
        event.part = index;
        event.citation = citation;
        event.text = text;
        writer->Write(event, out);
      };
      write(ir::EventType::kPartStart, nullptr, {});
      write(ir::EventType::kDelta, nullptr, part.As<ir::Text>()->text);
      for (const ir::Citation& citation : part.As<ir::Text>()->citations) {
        write(ir::EventType::kCitation, &citation, {});
      }
      write(ir::EventType::kPartEnd, nullptr, {});
      ++index;
    }
    writer->Finish(cost_, out);
  }

  CallHead call_;
  ScannedRequest scan_;
  AnswerContext context_;
  AnswerCost cost_;
  ir::Choice choice_;
};

TEST_F(CitationsTest, ChatCountsTheCharactersOfAllContent) {
  Say("Žluť. ", {});
  Say("Kůň.", {Source("https://a", 0, 3)});
  for (const bool streamed : {false, true}) {
    EXPECT_EQ(Between(OpenAiChatSurface(), streamed, "\"start_index\"", "}"),
              R"("start_index":6,"end_index":9)");
    EXPECT_EQ(Between(OpenRouterSurface(), streamed, "\"start_index\"", "}"),
              R"("start_index":6,"end_index":9)");
    EXPECT_EQ(
        Between(OpenAiCompletionsSurface(), streamed, "\"annotations\"", "]"),
        R"("annotations":[{"type":"url_citation","url_citation":{"url":"https://a","title":"",)"
        R"("content":"","start_index":6,"end_index":9}})");
  }
}

TEST_F(CitationsTest, GeminiCountsBytes) {
  Say("Žluť. ", {});
  Say("Kůň žere.", {Source("https://a", 0, 3), Source("https://b", 0, 3), Source("https://a", 4, 8),
                    Source("https://c", -1, -1), Source("https://b", 8, 70)});
  const std::string_view indices = R"(,"groundingChunkIndices":[0,1]},{"segment":{)";
  EXPECT_EQ(Between(GeminiSurface(), false, "\"groundingSupports\"", "}]"),
            absl::StrCat(R"("groundingSupports":[{"segment":{"partIndex":1,"startIndex":0,)"
                         R"("endIndex":5,"text":"Kůň"})",
                         std::string(indices),
                         R"("partIndex":1,"startIndex":6,"endIndex":11,"text":"žere"},)"
                         R"("groundingChunkIndices":[0])"))
      << "of a part";
  EXPECT_EQ(Between(GeminiSurface(), true, "\"groundingSupports\"", "}]"),
            absl::StrCat(R"("groundingSupports":[{"segment":{"startIndex":8,"endIndex":13})",
                         std::string(indices),
                         R"("startIndex":14,"endIndex":19},"groundingChunkIndices":[0])"))
      << "of all text that came";
  for (const bool streamed : {false, true}) {
    EXPECT_EQ(Between(GeminiSurface(), streamed, "\"groundingChunks\"", "]"),
              R"("groundingChunks":[{"web":{"uri":"https://a","title":""}},)"
              R"({"web":{"uri":"https://b","title":""}},{"web":{"uri":"https://c","title":""}})");
  }
}

TEST_F(CitationsTest, WhatGeminiSaidItselfIsNotSaidAnew) {
  Say("a", {Source("https://a", 0, 1)});
  choice_.parts[0].As<ir::Text>()->citations[0].owner = ir::kGemini;
  choice_.extras.push_back({ir::kGemini, "groundingMetadata", R"({"webSearchQueries":["q"]})"});
  EXPECT_EQ(Between(GeminiSurface(), false, "\"groundingMetadata\"", "}"),
            R"("groundingMetadata":{"webSearchQueries":["q"])");
  EXPECT_EQ(Between(AiSdkGatewaySurface(), false, "\"google\"", "}"),
            R"("google":{"groundingMetadata":{"webSearchQueries":["q"])");
}

TEST_F(CitationsTest, AnthropicsBlocksAreWhatIsCited) {
  Say("Žluť je barva. Kůň žere, a pes spí.",
      {Source("https://b", 15, 23), Source("https://a", 0, 14), Source("https://c", 19, 25)});
  const auto cited = [](std::string_view url) {
    return absl::StrCat(R"({"type":"web_search_result_location","url":")", std::string(url),
                        R"(","encrypted_index":"","title":"","cited_text":""})");
  };
  EXPECT_EQ(
      Between(AnthropicMessagesSurface(), false, "\"content\"", ",\"stop_reason\""),
      absl::StrCat(R"("content":[{"type":"text","text":"Žluť je barva. ","citations":[)",
                   cited("https://a"), R"(]},{"type":"text","text":"Kůň žere, ","citations":[)",
                   cited("https://b"), ",", cited("https://c"),
                   R"(]},{"type":"text","text":"a pes spí.","citations":null}])"));
  EXPECT_EQ(Between(AnthropicMessagesSurface(), true, "\"citations_delta\"", "}"),
            R"("citations_delta","citation":{"type":"web_search_result_location",)"
            R"("url":"https://b","encrypted_index":"","title":"","cited_text":"",)"
            R"("start_index":15,"end_index":23)")
      << "a block that is written cannot be split";
}

TEST_F(CitationsTest, AnthropicsBlocksAreNeverBlank) {
  Say("  Cited.  ", {Source("https://a", 2, 8), Source("https://b", 90, 91)});
  EXPECT_EQ(Between(AnthropicMessagesSurface(), false, "\"content\"", ",\"stop_reason\""),
            R"("content":[{"type":"text","text":"  Cited.  ","citations":[)"
            R"({"type":"web_search_result_location","url":"https://a","encrypted_index":"",)"
            R"("title":"","cited_text":""},)"
            R"({"type":"web_search_result_location","url":"https://b","encrypted_index":"",)"
            R"("title":"","cited_text":""}]}])");
}

TEST_F(CitationsTest, TheAiSdkHasPlacesInMetadata) {
  ir::Citation citation = Source("https://a", 1, 3);
  citation.cited_text = "there";
  Say("word", {citation});
  for (const bool streamed : {false, true}) {
    EXPECT_EQ(Between(AiSdkGatewaySurface(), streamed, "\"source-0\"", "}"),
              R"("source-0","url":"https://a","providerMetadata":{"gateway":{"startIndex":1,)"
              R"("endIndex":3,"citedText":"there")");
  }
}

}  // namespace
}  // namespace tollgate::dataplane
