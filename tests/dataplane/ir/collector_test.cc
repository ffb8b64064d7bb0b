#include "dataplane/ir/collector.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

Event Of(EventType type, PartType part = PartType::kText) {
  Event event;
  event.type = type;
  event.part_type = part;
  return event;
}

TEST(CollectorTest, PutsAStreamTogether) {
  Collector collector;
  // Texts that are gone when the answer is looked at.
  std::string text = "gen";
  Event start = Of(EventType::kStart);
  start.id = text;
  collector.Add(start);
  collector.Add(Of(EventType::kPartStart));
  for (const char* piece : {"Hel", "lo"}) {
    text = piece;
    Event delta = Of(EventType::kDelta);
    delta.text = text;
    collector.Add(delta);
  }
  EXPECT_EQ(collector.open_text(0), "Hello");
  collector.Add(Of(EventType::kPartEnd));
  Event call = Of(EventType::kPartStart, PartType::kToolCall);
  text = "call_1";
  call.id = call.name = text;
  collector.Add(call);
  Event arguments = Of(EventType::kDelta, PartType::kToolCall);
  text = "{}";
  arguments.text = text;
  collector.Add(arguments);
  collector.Add(Of(EventType::kPartEnd, PartType::kToolCall));
  Event finish = Of(EventType::kFinish);
  finish.finish = FinishReason::kToolCalls;
  collector.Add(finish);
  text = "overwritten";

  const Response& response = collector.response();
  EXPECT_EQ(response.id, "gen");
  ASSERT_EQ(response.choices.size(), 1u);
  const Choice& choice = response.choices[0];
  EXPECT_EQ(choice.finish, FinishReason::kToolCalls);
  ASSERT_EQ(choice.parts.size(), 2u);
  EXPECT_EQ(choice.parts[0].As<Text>()->text, "Hello");
  EXPECT_EQ(choice.parts[1].As<ToolCall>()->id, "call_1");
  EXPECT_EQ(choice.parts[1].As<ToolCall>()->arguments, "{}");
}

TEST(CollectorTest, KeepsChoicesApart) {
  Collector collector;
  for (const int choice : {1, 0}) {
    Event start = Of(EventType::kPartStart);
    start.choice = choice;
    collector.Add(start);
  }
  for (const int choice : {1, 0}) {
    Event delta = Of(EventType::kDelta);
    delta.choice = choice;
    delta.text = choice == 0 ? "a" : "b";
    collector.Add(delta);
    Event end = Of(EventType::kPartEnd);
    end.choice = choice;
    collector.Add(end);
  }
  ASSERT_EQ(collector.response().choices.size(), 2u);
  for (const Choice& choice : collector.response().choices) {
    EXPECT_EQ(choice.parts[0].As<Text>()->text, choice.index == 0 ? "a" : "b");
  }
}

TEST(CollectorTest, LogprobsAreJoined) {
  Collector collector;
  for (const char* entries :
       {"[{\"token\":\"a\"}]", "[]", "[{\"token\":\"b\"},{\"token\":\"c\"}]"}) {
    Event event = Of(EventType::kLogprobs);
    event.json = entries;
    collector.Add(event);
  }
  collector.Add(Of(EventType::kFinish));
  EXPECT_EQ(collector.response().choices[0].logprobs,
            R"({"content":[{"token":"a"},{"token":"b"},{"token":"c"}],"refusal":null})");
}

}  // namespace
}  // namespace tollgate::dataplane::ir
