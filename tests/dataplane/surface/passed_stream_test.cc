// A stream of responses that passed through and must be stopped: its last event holds what came.
#include "dataplane/surface/openai_responses/passed_stream.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/http/sse.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

std::string Event(std::string_view type, int number, std::string_view members) {
  return absl::StrCat(R"({"type":")", AbslView(type), R"(","sequence_number":)", number, ",",
                      AbslView(members), "}");
}

class PassedStreamTest : public testing::Test {
 protected:
  void Note(std::string_view type, std::string_view members) {
    passed_->Note(Event(type, number_++, members));
  }
  // The events that end the stream: "type sequence_number".
  std::vector<std::string> Stop() {
    error_.code = ErrorCode::kInsufficientBalance;
    StreamStop stop;
    stop.response_id = "resp_1";
    stop.model = "m";
    stop.cost.stopped = &error_;
    out_.clear();
    passed_->AppendStop(stop, "gen_1", out_);
    std::vector<std::string> events;
    SseSplitter splitter;
    std::string_view rest = out_;
    while (const std::size_t size = splitter.Next(rest)) {
      data_ = SseData(rest.substr(0, size), scratch_);
      EXPECT_TRUE(last_.Parse(data_)) << data_;
      events.push_back(absl::StrCat(AbslView(last_.root()["type"].string()), " ",
                                    last_.root()["sequence_number"].integer().value_or(-1)));
      rest.remove_prefix(size);
    }
    EXPECT_TRUE(rest.empty());
    return events;
  }
  std::string Output() { return std::string(last_.root()["response"]["output"].raw()); }

  std::unique_ptr<PassedStream> passed_ = OpenAiResponsesSurface().NewPassedStream();
  int number_ = 0;
  GatewayError error_;
  std::string out_;
  std::string scratch_;
  std::string_view data_;
  JsonDocument last_;
};

using Events = std::vector<std::string>;

TEST_F(PassedStreamTest, NothingCame) {
  Note("response.created", R"("response":{"id":"resp_1"})");
  EXPECT_EQ(Stop(), Events({"response.incomplete 1"}));
  EXPECT_EQ(Output(), "[]");
  const JsonValue response = last_.root()["response"];
  EXPECT_EQ(response["id"].string(), "resp_1");
  EXPECT_EQ(response["status"].string(), "incomplete");
  EXPECT_EQ(response["incomplete_details"]["reason"].string(), "max_output_tokens");
  EXPECT_EQ(response["tollgate"]["stop_reason"].string(), "insufficient_balance");
}

TEST_F(PassedStreamTest, WhatIsDoneStaysAsItWasAndWhatIsOpenIsClosed) {
  Note("response.output_item.added",
       R"("output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})");
  Note("response.output_item.done",
       R"("output_index":0,"item":{"id":"rs_1", "type":"reasoning","summary":[],"newer":1})");
  Note("response.output_item.added",
       R"("output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress",)"
       R"("role":"assistant","content":[],"phase":"commentary"})");
  Note("response.content_part.added",
       R"("output_index":1,"content_index":0,"part":{"type":"output_text","text":""})");
  Note("response.output_text.delta", R"("output_index":1,"content_index":0,"delta":"a\"\ud83d")");
  Note("response.output_text.delta", R"("output_index":1,"content_index":0,"delta":"\ude00")");
  Note("response.output_text.annotation.added",
       R"("output_index":1,"content_index":0,"annotation":{"type":"url_citation"})");
  Note("response.content_part.done",
       R"("output_index":1,"content_index":0,"part":{"type":"output_text","text":"done"})");
  Note("response.content_part.added",
       R"("output_index":1,"content_index":1,"part":{"type":"output_text","text":""})");
  Note("response.output_text.delta", R"("output_index":1,"content_index":1,"delta":"b\"\ud83d")");
  Note("response.output_text.delta", R"("output_index":1,"content_index":1,"delta":"\ude00")");
  Note("response.output_text.annotation.added",
       R"("output_index":1,"content_index":1,"annotation":{"type":"url_citation"})");
  EXPECT_EQ(Stop(), Events({"response.output_text.done 12", "response.content_part.done 13",
                            "response.output_item.done 14", "response.incomplete 15"}));
  EXPECT_EQ(Output(),
            R"([{"id":"rs_1", "type":"reasoning","summary":[],"newer":1},)"
            R"({"id":"msg_1","type":"message","status":"incomplete","role":"assistant",)"
            R"("content":[{"type":"output_text","text":"done"},{"type":"output_text",)"
            R"("text":"b\"\ud83d\ude00","annotations":[{"type":"url_citation"}],"logprobs":[]}],)"
            R"("phase":"commentary"}])");
  EXPECT_NE(out_.find(R"("output_index":1,"item_id":"msg_1","content_index":1,"text":"b)"),
            std::string::npos);
}

TEST_F(PassedStreamTest, CallsThoughtsAndRefusals) {
  Note("response.output_item.added",
       R"("output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]})");
  Note("response.reasoning_summary_part.added",
       R"("output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""})");
  Note("response.reasoning_summary_text.delta",
       R"("output_index":0,"summary_index":0,"delta":"hm")");
  EXPECT_EQ(Stop(), Events({"response.reasoning_summary_text.done 3",
                            "response.reasoning_summary_part.done 4", "response.output_item.done 5",
                            "response.incomplete 6"}));
  EXPECT_EQ(Output(), R"([{"id":"rs_1","type":"reasoning","summary":[)"
                      R"({"type":"summary_text","text":"hm"}]}])");

  passed_ = NewPassedResponses();
  number_ = 0;
  Note("response.output_item.added",
       R"("output_index":0,"item":{"id":"fc_1","type":"function_call","status":"in_progress",)"
       R"("call_id":"c","name":"f","arguments":""})");
  Note("response.function_call_arguments.delta", R"("output_index":0,"delta":"{\"a\"")");
  EXPECT_EQ(Stop(), Events({"response.output_item.done 2", "response.incomplete 3"}));
  EXPECT_EQ(Output(), R"([{"id":"fc_1","type":"function_call","status":"incomplete",)"
                      R"("call_id":"c","name":"f","arguments":"{\"a\""}])");

  passed_ = NewPassedResponses();
  number_ = 0;
  Note("response.output_item.added",
       R"("output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress",)"
       R"("role":"assistant","content":[]})");
  Note("response.refusal.delta", R"("output_index":0,"content_index":0,"delta":"no")");
  EXPECT_EQ(Stop(), Events({"response.refusal.done 2", "response.content_part.done 3",
                            "response.output_item.done 4", "response.incomplete 5"}));
  EXPECT_NE(Output().find(R"("content":[{"type":"refusal","refusal":"no"}])"), std::string::npos);
}

TEST_F(PassedStreamTest, WhatIsTooMuchIsNotKept) {
  Note("response.output_item.added",
       R"("output_index":0,"item":{"id":"msg_1","type":"message","content":[]})");
  const std::string much(kPassedItemsBytesMax, 'x');
  Note("response.output_text.delta",
       absl::StrCat(R"("output_index":0,"content_index":0,"delta":")", much, "\""));
  EXPECT_EQ(Stop(), Events({"response.incomplete 2"}));
  EXPECT_EQ(Output(), "[]");
}

// Whatever a provider sends, the stream ends in valid events.
TEST_F(PassedStreamTest, NonsenseIsNoHarm) {
  for (
      const std::string_view data :
      {"", "{", "[]", "[DONE]", R"({"type":5,"sequence_number":"x","output_index":-1})",
       R"({"type":"response.output_item.added","sequence_number":7,"output_index":3})",
       R"({"type":"response.output_item.added","output_index":4,"item":5})",
       R"({"type":"response.output_item.done","output_index":5})",
       R"({"type":"response.output_text.delta","output_index":3,"delta":{"a":1}})",
       R"({"type":"response.output_text.annotation.added","output_index":3})",
       R"({"type":"response.refusal.delta","output_index":99999999999999999999,"delta":"x"})"}) {
    passed_->Note(data);
  }
  const Events events = Stop();
  EXPECT_EQ(events.back().substr(0, 19), "response.incomplete");
  EXPECT_TRUE(last_.root()["response"]["output"].is_array());
}

}  // namespace
}  // namespace tollgate::dataplane
