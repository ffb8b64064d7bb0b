#include "tests/support/fake_provider/fault_plan.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A provider with one fault for every request, and what one request to it leads to.
class Faulty {
 public:
  explicit Faulty(const std::string& fault) : provider_(Options()) {
    EXPECT_OK(plan_.Control(R"({"faults":[)" + fault + "]}"));
  }

  Reply Ask(bool stream) {
    const std::string body =
        R"({"model":"demo/fast","messages":[{"role":"user","content":"Hello there"}],)"
        R"("max_tokens":4,"stream_options":{"include_usage":true},"stream":)" +
        std::string(stream ? "true}" : "false}");
    return provider_.Answer({.method = "POST",
                             .target = "/v1/chat/completions",
                             .authorization = "Bearer demo-provider-key",
                             .body = body});
  }

  // Plays the reply as the listener would to a patient peer; returns the bytes that arrive.
  std::string Play(Reply reply) {
    std::string bytes;
    ReplyProgress progress;
    bool all = true;
    for (const ReplyStep& step : reply.steps) {
      if (step.wait == absl::InfiniteDuration()) {
        all = false;
        break;
      }
      progress.begun = true;
      progress.output_tokens += step.output_tokens;
      progress.usage_sent |= step.kind == StepKind::kUsage || step.kind == StepKind::kBody;
      bytes += reply.bytes.substr(step.begin, step.end - step.begin);
    }
    progress.complete = all && !reply.partial;
    if (reply.settle) reply.settle(progress);
    return bytes;
  }

  std::string Books() { return provider_.books().ToJson(1); }

 private:
  OpenAiProviderOptions Options() {
    OpenAiProviderOptions options;
    options.editor = [this](const ChatRequest& request) { return plan_.EditorFor(request); };
    return options;
  }

  FaultPlan plan_;
  OpenAiProvider provider_;
};

std::string JsonOf(const std::string& fault) {
  Faulty provider(fault);
  return provider.Play(provider.Ask(false));
}

TEST(FaultPlan, RefusesBeforeAnyWorkAndForFree) {
  for (const char* fault :
       {R"({"kind":"refuse"})", R"({"kind":"refuse","value":1})", R"({"kind":"status"})",
        R"({"kind":"status","value":400})", R"({"kind":"retry_after","value":3})",
        R"({"kind":"garbage","value":0})", R"({"kind":"hang_head"})"}) {
    for (bool stream : {false, true}) {
      Faulty provider(fault);
      provider.Play(provider.Ask(stream));
      EXPECT_THAT(provider.Books(), HasSubstr("\"requests\":0,\"refused_requests\":1")) << fault;
    }
  }
  EXPECT_THAT(JsonOf(R"({"kind":"refuse"})"), IsEmpty());
  EXPECT_THAT(JsonOf(R"({"kind":"status","value":503})"), HasSubstr("HTTP/1.1 503 "));
  EXPECT_THAT(JsonOf(R"({"kind":"retry_after","value":3})"),
              AllOf(HasSubstr("HTTP/1.1 429 "), HasSubstr("Retry-After: 3\r\n")));
  EXPECT_THAT(JsonOf(R"({"kind":"garbage","value":0})"), Not(HasSubstr("HTTP/1.1")));
}

TEST(FaultPlan, ChargesACutStreamForWhatWasSent) {
  Faulty provider(R"({"kind":"cut_mid_stream","value":3})");
  const Reply reply = provider.Ask(true);
  EXPECT_EQ(reply.end, ReplyEnd::kClose);
  EXPECT_THAT(provider.Play(reply), Not(HasSubstr("[DONE]")));
  EXPECT_THAT(provider.Books(),
              AllOf(HasSubstr("\"outcome\":\"cut\""), HasSubstr("\"usage_reported\":false"),
                    HasSubstr("\"output_text\":3")));
  Faulty reset(R"({"kind":"reset_mid_stream","value":1})");
  EXPECT_EQ(reset.Ask(true).end, ReplyEnd::kReset);
}

TEST(FaultPlan, ChargesACutBodyInFull) {
  Faulty provider(R"({"kind":"cut_mid_stream"})");
  const std::string bytes = provider.Play(provider.Ask(false));
  EXPECT_THAT(bytes, Not(HasSubstr("\"usage\"")));
  EXPECT_THAT(provider.Books(),
              AllOf(HasSubstr("\"outcome\":\"cut\""), HasSubstr("\"usage_reported\":false"),
                    HasSubstr("\"output_text\":4")));
}

TEST(FaultPlan, EndsBeforeDone) {
  Faulty provider(R"({"kind":"cut_before_done"})");
  EXPECT_THAT(
      provider.Play(provider.Ask(true)),
      AllOf(HasSubstr("\"prompt_tokens\""), Not(HasSubstr("[DONE]")), Not(EndsWith("0\r\n\r\n"))));
  EXPECT_THAT(provider.Books(),
              AllOf(HasSubstr("\"outcome\":\"cut\""), HasSubstr("\"usage_reported\":true")));
}

TEST(FaultPlan, MisreportsUsage) {
  Faulty silent(R"({"kind":"no_usage"})");
  EXPECT_THAT(silent.Play(silent.Ask(true)),
              AllOf(Not(HasSubstr("prompt_tokens")), HasSubstr("[DONE]")));
  EXPECT_THAT(silent.Books(),
              AllOf(HasSubstr("\"outcome\":\"complete\""), HasSubstr("\"usage_reported\":false")));
  Faulty twice(R"({"kind":"usage_twice"})");
  const std::string bytes = twice.Play(twice.Ask(true));
  EXPECT_NE(bytes.find("prompt_tokens\""), bytes.rfind("prompt_tokens\""));
  Faulty negative(R"({"kind":"negative_usage"})");
  EXPECT_THAT(negative.Play(negative.Ask(false)), HasSubstr("\"completion_tokens\":-4"));
  EXPECT_THAT(negative.Books(), HasSubstr("\"usage_reported\":false"));
}

TEST(FaultPlan, HangsHalfWay) {
  Faulty provider(R"({"kind":"hang_body"})");
  const std::string bytes = provider.Play(provider.Ask(true));
  EXPECT_THAT(bytes, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(provider.Books(), HasSubstr("\"output_text\":2"));
}

TEST(FaultPlan, DelaysAndIgnoresLimits) {
  Faulty late(R"({"kind":"delay_ms","value":70},{"kind":"slow","value":5})");
  const Reply reply = late.Ask(true);
  EXPECT_EQ(reply.steps.front().wait, absl::Milliseconds(70));
  EXPECT_EQ(reply.steps[2].wait, absl::Milliseconds(5));
  Faulty long_winded(R"({"kind":"ignore_max_tokens"})");
  EXPECT_THAT(long_winded.Play(long_winded.Ask(false)), HasSubstr("\"finish_reason\":\"stop\""));
}

TEST(FaultPlan, WorksOn) {
  Faulty provider(R"({"kind":"works_on"},{"kind":"delay_ms","value":5})");
  EXPECT_TRUE(provider.Ask(false).works_on);
  Faulty other(R"({"kind":"delay_ms","value":5})");
  EXPECT_FALSE(other.Ask(false).works_on);
}

TEST(FaultPlan, PutsGarbageIntoTheBody) {
  for (bool stream : {false, true}) {
    Faulty provider(R"({"kind":"garbage"})");
    EXPECT_THAT(provider.Play(provider.Ask(stream)),
                AllOf(HasSubstr("HTTP/1.1 200"), HasSubstr("not http, not json")));
    EXPECT_THAT(provider.Books(), HasSubstr("\"requests\":1"));
  }
}

TEST(FaultPlan, RollsTheSameForTheSameSeed) {
  const auto rolls = [](std::uint64_t seed) {
    FaultPlan plan;
    plan.Set("m", {{.kind = FaultKind::kStatus, .value = 500, .probability = 0.3}}, seed);
    ChatRequest request;
    request.model = "m";
    std::string hits;
    for (int i = 0; i < 1'000; ++i) hits += plan.EditorFor(request) != nullptr ? '1' : '0';
    return hits;
  };
  EXPECT_EQ(rolls(1), rolls(1));
  EXPECT_NE(rolls(1), rolls(2));
  const std::string hits = rolls(3);
  const auto count = std::count(hits.begin(), hits.end(), '1');
  EXPECT_GT(count, 240);
  EXPECT_LT(count, 360);
}

TEST(FaultPlan, IsForOneModelOrForAll) {
  FaultPlan plan;
  ASSERT_OK(plan.Control(R"({"faults":[{"kind":"status"}]})"));
  ASSERT_OK(plan.Control(R"({"model":"healthy","faults":[]})"));
  ChatRequest request;
  request.model = "healthy";
  EXPECT_EQ(plan.EditorFor(request), nullptr);
  request.model = "other";
  EXPECT_NE(plan.EditorFor(request), nullptr);
}

TEST(FaultPlan, RefusesWhatItDoesNotKnow) {
  FaultPlan plan;
  for (const char* body : {"", "{", "{}", R"({"faults":7})", R"({"faults":[{}]})",
                           R"({"faults":[{"kind":"fire"}]})"}) {
    EXPECT_THAT(plan.Control(body), StatusIs(absl::StatusCode::kInvalidArgument)) << body;
  }
}

}  // namespace
}  // namespace tollgate
