// Where the text of an answer comes from, as Gemini and Anthropic say it: with its place in the
// text, in characters.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/collector.h"
#include "dataplane/provider/format.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// Each citation as "PART url begin-end".
std::string Cited(const ir::Response& response) {
  std::string out;
  for (const ir::Choice& choice : response.choices) {
    for (std::size_t part = 0; part < choice.parts.size(); ++part) {
      const auto* text = choice.parts[part].As<ir::Text>();
      if (text == nullptr) continue;
      for (const ir::Citation& citation : text->citations) {
        absl::StrAppend(&out, part, " ", AbslView(citation.url), " ", citation.begin, "-",
                        citation.end, "\n");
      }
    }
  }
  return out;
}

std::string Whole(const ProviderFormat& format, std::string_view body) {
  ir::Response response;
  return format.ReadResponse(body, response) ? Cited(response) : "not an answer";
}

std::string Streamed(const ProviderFormat& format, const std::vector<std::string>& events) {
  ir::Collector collector;
  const std::unique_ptr<EventReader> reader = format.NewEventReader();
  for (const std::string& event : events) {
    ir::EventList list;
    if (!reader->Read("", event, list)) return "not a stream";
    for (const ir::Event& each : list) collector.Add(each);
  }
  return Cited(collector.response());
}

// "Žluťoučký" has 9 characters in 13 bytes.
constexpr std::string_view kGrounded =
    R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a"}},)"
    R"({"web":{"uri":"https://b"}},{"web":{"uri":"https://c"}}],"groundingSupports":[)"
    R"({"segment":{"endIndex":13},"groundingChunkIndices":[0,1]},)"
    R"({"segment":{"startIndex":14,"endIndex":18},"groundingChunkIndices":[1]},)"
    R"({"segment":{"startIndex":14,"endIndex":900},"groundingChunkIndices":[0,7,-1]}]})";

TEST(GeminiCitationsTest, BytesBecomeCharacters) {
  EXPECT_EQ(
      Whole(GeminiFormat(),
            absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},)",
                         R"({"text":"Žluťoučký kůň."}]},)", AbslView(kGrounded), "}]}")),
      "1 https://a 0-9\n1 https://b 0-9\n1 https://b 10-13\n"
      "1 https://a -1--1\n1 https://c -1--1\n")
      << "what no text has, and what no text is said to be of, has no place";
}

TEST(GeminiCitationsTest, AStreamCountsAllItsText) {
  EXPECT_EQ(
      Streamed(GeminiFormat(),
               {R"({"candidates":[{"content":{"parts":[{"text":"Žluť"}]}}]})",
                absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"oučký kůň."}]},)",
                             AbslView(kGrounded), "}]}"),
                absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"!"}]},)",
                             R"("finishReason":"STOP",)", AbslView(kGrounded), "}]}")}),
      "0 https://a 0-9\n0 https://b 0-9\n0 https://b 10-13\n"
      "0 https://a -1--1\n0 https://c -1--1\n")
      << "each once, though two events say it";
}

TEST(GeminiCitationsTest, PartsAreToldApart) {
  const auto read = [](std::string_view segment) {
    return Whole(GeminiFormat(),
                 absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"één"},)",
                              R"({"functionCall":{"name":"f"}},{"text":"twée"}]},)",
                              R"("groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],)",
                              R"("groundingSupports":[{"segment":)", AbslView(segment),
                              R"(,"groundingChunkIndices":[0]}]}}]})"));
  };
  EXPECT_EQ(read(R"({"partIndex":2,"startIndex":2,"endIndex":5})"), "2 u 2-4\n");
  EXPECT_EQ(read(R"({"startIndex":2,"endIndex":8})"), "0 u 1-3\n2 u 0-3\n")
      << "bytes of all text, where no part is named";
  EXPECT_EQ(read(R"({"startIndex":1,"endIndex":3})"), "0 u 0-2\n") << "whole characters only";
  EXPECT_EQ(read(R"({"startIndex":5,"endIndex":5})"), "0 u -1--1\n");
}

TEST(GeminiCitationsTest, WhatWasRecitedHasItsPlace) {
  for (const std::string_view list : {"citationSources", "citations"}) {
    EXPECT_EQ(Whole(GeminiFormat(),
                    absl::StrCat(R"({"candidates":[{"content":{"parts":[{"text":"Ó, to be"}]},)",
                                 R"("citationMetadata":{")", AbslView(list),
                                 R"(":[{"startIndex":4,"endIndex":6,"uri":"h"}]}}]})")),
              "0 h 3-5\n");
  }
}

TEST(GeminiCitationsTest, TextThatIsOverIsFollowedByAnEmptyOne) {
  EXPECT_EQ(
      Streamed(
          GeminiFormat(),
          {R"({"candidates":[{"content":{"parts":[{"text":"So."},{"functionCall":{"name":)"
           R"("f"}}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],)"
           R"("groundingSupports":[{"segment":{"endIndex":3},"groundingChunkIndices":[0]}]}}]})"}),
      "2 u -1--1\n");
}

TEST(AnthropicCitationsTest, ABlockIsWhatItsCitationsAreOf) {
  EXPECT_EQ(Whole(AnthropicMessagesFormat(),
                  R"({"type":"message","content":[{"type":"text","text":"Ó!"},{"type":"text",)"
                  R"("text":"Žluť","citations":[{"type":"web_search_result_location",)"
                  R"("url":"u"},{"type":"web_search_result_location","url":"v"}]}]})"),
            "1 u 0-4\n1 v 0-4\n");
}

// Also of what comes behind the citation.
TEST(AnthropicCitationsTest, SoInAStream) {
  const std::string cited = R"({"type":"content_block_delta","index":0,"delta":{"type":)"
                            R"("citations_delta","citation":{"type":)"
                            R"("web_search_result_location","url":"u"}}})";
  EXPECT_EQ(Streamed(AnthropicMessagesFormat(),
                     {R"({"type":"message_start","message":{"id":"m"}})",
                      R"({"type":"content_block_start","index":0,"content_block":{"type":"text",)"
                      R"("text":""}})",
                      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
                      R"("text":"Žlu"}})",
                      cited,
                      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
                      R"("text":"ť"}})",
                      R"({"type":"content_block_stop","index":0})"}),
            "0 u 0-4\n");
}

}  // namespace
}  // namespace tollgate::dataplane
