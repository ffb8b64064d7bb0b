#include "tollgate/demo_provider/openai_provider.h"

#include <simdjson.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kAuthorization[] = "Bearer demo-provider-key";

std::string ChatBody(const std::string& more) {
  return R"({"model":"demo/chat","messages":[{"role":"user","content":"Hello"}])" + more + "}";
}

Reply Chat(OpenAiProvider& provider, const std::string& body) {
  return provider.Answer({.method = "POST",
                          .target = "/v1/chat/completions",
                          .authorization = kAuthorization,
                          .body = body});
}

// The payloads of a stream's events, with its chunks checked and taken off.
std::vector<std::string> Events(const Reply& reply) {
  std::vector<std::string> events;
  for (const ReplyStep& step : reply.steps) {
    const std::string text = reply.bytes.substr(step.begin, step.end - step.begin);
    if (step.kind == StepKind::kHead || step.kind == StepKind::kEnd) continue;
    const std::size_t line = text.find("\r\n");
    std::size_t size = 0;
    EXPECT_TRUE(absl::SimpleHexAtoi(text.substr(0, line), &size));
    EXPECT_EQ(text.size(), line + 2 + size + 2);
    const std::string event = text.substr(line + 2, size);
    EXPECT_TRUE(absl::StartsWith(event, "data: ") && absl::EndsWith(event, "\n\n"));
    events.push_back(event.substr(6, event.size() - 8));
  }
  return events;
}

void PlayWhole(const Reply& reply) {
  ReplyProgress progress{.begun = true, .complete = true};
  for (const ReplyStep& step : reply.steps) {
    progress.output_tokens += step.output_tokens;
    progress.usage_sent |= step.kind == StepKind::kUsage || step.kind == StepKind::kBody;
  }
  reply.settle(progress);
}

TEST(OpenAiProvider, AnswersJsonAndChargesForIt) {
  OpenAiProvider provider({});
  const Reply reply = Chat(provider, ChatBody(""));
  EXPECT_EQ(provider.books().charge_nano_usd(), 0) << "nothing is charged before it is sent";
  const std::size_t body = reply.bytes.find("\r\n\r\n") + 4;
  EXPECT_THAT(reply.bytes, HasSubstr(absl::StrCat("Content-Length: ", reply.bytes.size() - body)));
  simdjson::dom::parser parser;
  const auto root = parser.parse(reply.bytes.substr(body));
  EXPECT_EQ(std::string_view(root["object"]), "chat.completion");
  EXPECT_EQ(std::string_view(root["choices"].at(0)["message"]["role"]), "assistant");
  const std::int64_t prompt = root["usage"]["prompt_tokens"];
  const std::int64_t completion = root["usage"]["completion_tokens"];
  PlayWhole(reply);
  const DemoModel chat = DemoModels().front();
  EXPECT_EQ(provider.books().charge_nano_usd(),
            ChargeNanoUsd(chat.prices, {.input_text = prompt, .output_text = completion}));
}

TEST(OpenAiProvider, StreamsOneTokenAnEvent) {
  OpenAiProvider provider({});
  const Reply reply =
      Chat(provider, ChatBody(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const std::vector<std::string> events = Events(reply);
  ASSERT_GT(events.size(), 4U);
  EXPECT_EQ(events.back(), "[DONE]");
  std::string text;
  simdjson::dom::parser parser;
  for (const std::string& event : events) {
    if (event == "[DONE]") continue;
    const simdjson::dom::element root = parser.parse(event);
    std::string_view piece;
    simdjson::dom::array choices = root["choices"];
    if (choices.size() > 0 && choices.at(0)["delta"]["content"].get(piece) == simdjson::SUCCESS) {
      text += piece;
    }
  }
  EXPECT_THAT(text, HasSubstr("You said: \"Hello\""));
  EXPECT_THAT(events[events.size() - 2], HasSubstr(R"("choices":[],"usage":{"prompt_tokens":2)"));
  EXPECT_THAT(events[events.size() - 3], HasSubstr(R"("finish_reason":"stop")"));
}

TEST(OpenAiProvider, SaysUsageInAStreamOnlyWhenAsked) {
  OpenAiProvider provider({});
  const Reply reply = Chat(provider, ChatBody(R"(,"stream":true)"));
  EXPECT_THAT(reply.bytes, Not(HasSubstr("prompt_tokens")));
  PlayWhole(reply);
  EXPECT_THAT(provider.books().ToJson(1), HasSubstr("\"usage_reported\":false"));
}

TEST(OpenAiProvider, ChargesACutStreamForWhatItGenerated) {
  OpenAiProvider provider({});
  const Reply reply = Chat(provider, ChatBody(R"(,"stream":true)"));
  reply.settle({.begun = true, .output_tokens = 3});
  EXPECT_THAT(provider.books().ToJson(1), HasSubstr("\"outcome\":\"cut\""));
  EXPECT_EQ(provider.books().charge_nano_usd(),
            ChargeNanoUsd(DemoModels().front().prices, {.input_text = 2, .output_text = 3}));
}

TEST(OpenAiProvider, RefusesAndChargesNothing) {
  OpenAiProvider provider({});
  const auto status = [&provider](const ProviderRequest& request) {
    return provider.Answer(request).bytes.substr(9, 3);
  };
  const std::string body = ChatBody("");
  EXPECT_EQ(
      status(
          {.method = "POST", .target = "/v1/chat/completions", .authorization = "", .body = body}),
      "401");
  EXPECT_EQ(status({.method = "POST",
                    .target = "/v1/chat/completions",
                    .authorization = "Bearer other",
                    .body = body}),
            "401");
  EXPECT_EQ(status({.method = "GET",
                    .target = "/v1/chat/completions",
                    .authorization = kAuthorization,
                    .body = ""}),
            "405");
  EXPECT_EQ(status({.method = "GET", .target = "/", .authorization = kAuthorization, .body = ""}),
            "404");
  EXPECT_EQ(Chat(provider, "{").bytes.substr(9, 3), "400");
  EXPECT_EQ(Chat(provider, R"({"model":"no/such","messages":[]})").bytes.substr(9, 3), "404");
  EXPECT_EQ(provider.books().charge_nano_usd(), 0);
  EXPECT_THAT(provider.books().ToJson(0), HasSubstr("\"requests\":0,\"refused_requests\":4"));
}

TEST(OpenAiProvider, ListsModelsAndBooks) {
  OpenAiProvider provider({});
  const Reply models = provider.Answer(
      {.method = "GET", .target = "/v1/models", .authorization = kAuthorization, .body = ""});
  for (const DemoModel& model : DemoModels()) EXPECT_THAT(models.bytes, HasSubstr(model.id));
  PlayWhole(Chat(provider, ChatBody("")));
  const Reply books = provider.Answer(
      {.method = "GET", .target = "/books?requests=1", .authorization = "", .body = ""});
  EXPECT_THAT(books.bytes, HasSubstr("\"entries\":[{\"response_id\":\"chatcmpl-"));
}

}  // namespace
}  // namespace tollgate
