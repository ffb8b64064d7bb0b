#include "tests/support/fake_provider/wire/wire_provider.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate::wire {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A provider of "m/chat", and what goes over its wire.
class Wire {
 public:
  Wire() {
    auto model = ParseWireModel(
        "m/chat=input:1000000,output:4000000,cache_read:100000,cache_write_5m:1250000,"
        "cache_write_1h:2000000,reasoning:3000000");
    EXPECT_OK(model);
    provider_ = std::make_unique<WireProvider>(
        WireProviderOptions{.models = {*model}, .api_keys = {"k"}}, books_, faults_);
  }

  std::string Post(const std::string& target, const std::string& body,
                   const std::string& key_header = "authorization",
                   const std::string& key = "Bearer k") {
    std::optional<Reply> reply =
        provider_->Answer({.method = "POST",
                           .target = target,
                           .authorization = "",
                           .body = body,
                           .headers = {{key_header, key}, {"anthropic-version", "2023-06-01"}}});
    if (!reply.has_value()) return "not mine";
    ReplyProgress progress{.begun = true, .complete = !reply->partial};
    std::string bytes;
    for (const ReplyStep& step : reply->steps) {
      progress.output_tokens += step.output_tokens;
      progress.usage_sent |= step.kind == StepKind::kUsage || step.kind == StepKind::kBody;
      bytes += reply->bytes.substr(step.begin, step.end - step.begin);
    }
    if (reply->settle) reply->settle(progress);
    return bytes;
  }

  std::string Chat(const std::string& text, const std::string& more = "") {
    return Post(
        "/v1/chat/completions",
        R"({"model":"m/chat","messages":[{"role":"user","content":")" + text + "\"}]" + more + "}");
  }
  std::string Messages(const std::string& content, const std::string& more = "") {
    return Post("/v1/messages",
                R"({"model":"m/chat","max_tokens":2000,"messages":[{"role":"user","content":)" +
                    content + "}]" + more + "}",
                "x-api-key", "k");
  }

  std::string Books() { return books_.ToJson(1); }

 private:
  tollgate::Books books_{100};
  FaultPlan faults_;
  std::unique_ptr<WireProvider> provider_;
};

TEST(WireProvider, SpeaksFourFormats) {
  Wire wire;
  EXPECT_THAT(wire.Chat("Hi"), HasSubstr(R"("content":"You said: Hi")"));
  EXPECT_THAT(wire.Post("/v1/responses", R"({"model":"m/chat","input":"Hi"})"),
              HasSubstr(R"("text":"You said: Hi")"));
  EXPECT_THAT(wire.Messages("\"Hi\""), HasSubstr(R"("text":"You said: Hi")"));
  EXPECT_THAT(wire.Post("/v1beta/models/m/chat:generateContent",
                        R"({"contents":[{"parts":[{"text":"Hi"}]}]})", "x-goog-api-key", "k"),
              HasSubstr(R"("text":"You said: Hi")"));
  EXPECT_THAT(wire.Books(), HasSubstr("\"requests\":4,\"refused_requests\":0"));
}

TEST(WireProvider, WantsTheCredentialInItsPlace) {
  Wire wire;
  const std::string contents = R"({"contents":[{"parts":[{"text":"Hi"}]}]})";
  const std::string target = "/v1beta/models/m/chat:generateContent";
  EXPECT_THAT(wire.Post(target, contents), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(wire.Post(target + "?key=k", contents, "x"), HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(wire.Post("/v1/responses", "{}", "x-api-key", "k"), HasSubstr("HTTP/1.1 401"));
}

TEST(WireProvider, RefusesWhatTheFormatHasNot) {
  Wire wire;
  EXPECT_THAT(wire.Chat("Hi", R"(,"topk":3)"),
              AllOf(HasSubstr("HTTP/1.1 400"), HasSubstr("'topk'"), HasSubstr("unknown_param")));
  EXPECT_THAT(wire.Chat("Hi", R"(,"temperature":"hot")"), HasSubstr("Invalid type"));
  EXPECT_THAT(wire.Messages(R"([{"type":"text"}])"), HasSubstr("Missing required field"));
  EXPECT_THAT(wire.Messages("\"Hi\"", R"(,"tool_choice":{"type":"auto"})"),
              HasSubstr("invalid_request_error"));
  EXPECT_THAT(wire.Books(), HasSubstr("\"requests\":0,\"refused_requests\":4"));
}

TEST(WireProvider, SeesFilesByTheirDigest) {
  Wire wire;
  EXPECT_THAT(wire.Messages(R"([{"type":"text","text":"What?"},{"type":"image","source":{)"
                            R"("type":"base64","media_type":"image/png","data":"AAECAw=="}}])"),
              HasSubstr("I see image/png 4 bytes sha256:054edec1d0211f62."));
}

TEST(WireProvider, ChargesWhatGoesThroughTheCacheByItsClass) {
  Wire wire;
  std::string text;
  for (int i = 0; i < 1'500; ++i) text += "word ";
  const std::string content =
      R"([{"type":"text","cache_control":{"type":"ephemeral","ttl":"1h"},"text":")" + text +
      R"("},{"type":"text","text":"Hi"}])";
  EXPECT_THAT(wire.Messages(content), HasSubstr("\"ephemeral_1h_input_tokens\":3000"));
  EXPECT_THAT(wire.Books(), HasSubstr("\"cache_write_1h\":3000"));
  EXPECT_THAT(wire.Messages(content), HasSubstr("\"cache_read_input_tokens\":3000"));
  EXPECT_THAT(wire.Books(), HasSubstr("\"input_text\":1,\"cache_read\":3000"));
}

TEST(WireProvider, WantsItsThoughtsBackAsTheyWere) {
  Wire wire;
  const std::string tools =
      R"(,"thinking":{"type":"adaptive"},"tools":[{"name":"t","input_schema":{"type":"object"}}])";
  const std::string first = wire.Messages("\"Think\"", tools);
  const std::size_t begin = first.find("[{\"type\":\"thinking\"");
  ASSERT_NE(begin, std::string::npos) << first;
  std::string content = first.substr(begin, first.find("}],", begin) + 2 - begin);
  const std::size_t id = content.find("toolu_R");
  ASSERT_NE(id, std::string::npos) << content;
  const std::string call = content.substr(id, content.find('"', id) - id);
  const auto second = [&](const std::string& said) {
    return wire.Messages(
        "\"Think\"},{\"role\":\"assistant\",\"content\":" + said +
            R"(},{"role":"user","content":[{"type":"tool_result","tool_use_id":")" + call +
            R"(","content":"7"}])",
        tools);
  };
  EXPECT_THAT(second(content), HasSubstr("The tool says: 7"));
  EXPECT_THAT(second("[" + content.substr(content.find("{\"type\":\"tool_use\""))),
              HasSubstr("lacks the thought"));
  content.replace(content.find("First I think"), 5, "Later");
  EXPECT_THAT(second(content), HasSubstr("Invalid signature"));
}

// The id of the first item of this kind in an answer of responses.
std::string IdIn(const std::string& answer, const std::string& prefix) {
  const std::size_t begin = answer.find("\"id\":\"" + prefix) + 6;
  return answer.substr(begin, answer.find('"', begin) - begin);
}

TEST(WireProvider, KeepsItemsForTheAccountThatMadeThem) {
  Wire wire;
  const auto ask = [&](const std::string& items, const std::string& more = "") {
    return wire.Post("/v1/responses", R"({"model":"m/chat","input":[)" + items +
                                          R"({"role":"user","content":"Then"}])" + more + "}");
  };
  const std::string thinks = R"(,"reasoning":{"effort":"low","summary":"auto"})";
  const std::string answer = ask("", thinks);
  const std::string message = IdIn(answer, "msg_");
  const std::string thought = IdIn(answer, "rs_");
  const std::string by_id = R"({"type":"item_reference","id":")" + thought +
                            R"("},{"id":")" + message + "\"},";
  EXPECT_THAT(ask(by_id), HasSubstr("HTTP/1.1 200"));
  const std::string told = R"({"type":"reasoning","summary":[],"id":")" + thought + "\"},";
  EXPECT_THAT(ask(told), HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(ask(R"({"type":"item_reference","id":"msg_other"},)"),
              AllOf(HasSubstr("HTTP/1.1 404"), HasSubstr("Item with id 'msg_other' not found")));
  EXPECT_THAT(ask(R"({"type":"reasoning","summary":[],"id":"rs_other"},)"),
              HasSubstr("HTTP/1.1 404"));
  const std::string forgotten = ask("", thinks + R"(,"store":false)");
  EXPECT_THAT(ask(R"({"type":"item_reference","id":")" + IdIn(forgotten, "msg_") + "\"},"),
              HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(ask(R"({"role":"assistant","content":"x","id":"fc_1"},)"),
              HasSubstr("begins with msg"));
  EXPECT_THAT(ask(R"({"role":"assistant","content":"x","id":"msg_)" + std::string(61, 'x') +
                  "\"},"),
              HasSubstr("maximum length 64"));
}

TEST(WireProvider, FailsInTheFormsOfItsFormats) {
  Wire wire;
  EXPECT_THAT(wire.Messages("\"[[retry_after 7]]\""),
              AllOf(HasSubstr("Retry-After: 7"), HasSubstr("rate_limit_error")));
  EXPECT_THAT(wire.Post("/v1/models/m/chat:generateContent",
                        R"({"contents":[{"parts":[{"text":"[[retry_after 7]]"}]}]})",
                        "x-goog-api-key", "k"),
              AllOf(HasSubstr("RESOURCE_EXHAUSTED"), HasSubstr("\"retryDelay\":\"7s\"")));
  EXPECT_THAT(wire.Chat("[[cut_before_done]]", R"(,"stream":true)"), Not(HasSubstr("[DONE]")));
  EXPECT_THAT(wire.Post("/v1/responses",
                        R"({"model":"m/chat","stream":true,"input":"[[cut_before_done]]"})"),
              AllOf(HasSubstr("response.output_item.done"), Not(HasSubstr("response.completed"))));
}

TEST(WireProvider, CountsWithoutAnswering) {
  Wire wire;
  EXPECT_THAT(wire.Post("/v1/messages/count_tokens",
                        R"({"model":"m/chat","messages":[{"role":"user","content":"one two"}]})"),
              HasSubstr("{\"input_tokens\":2}"));
  EXPECT_THAT(wire.Books(), HasSubstr("\"requests\":0"));
}

}  // namespace
}  // namespace tollgate::wire
