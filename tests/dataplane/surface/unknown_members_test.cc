// A member that nobody knows, in every object that the readers of chat completions and of responses
// translate: refused, told of in a warning, or sent on; never dropped in silence.
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"
#include "dataplane/provider/format.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// `@` stands where the member is put; what has none is as ordinary as can be.
constexpr std::string_view kMark = "@";
constexpr std::string_view kUnknown = R"("surprise":{"of":"tomorrow"})";

// What becomes of a body in a format: "refused", "warned", "sent", or "dropped".
std::string FateOf(const Surface& surface, const ProviderFormat& format, const std::string& body) {
  CallHead call;
  ScannedRequest scan;
  ir::Request request;
  if (surface.Scan(body, call, scan).has_value()) return "refused";
  if (surface.ReadRequest(body, call, scan, request).has_value()) return "refused";
  ir::Omissions omissions(format.name());
  Provider provider;
  provider.id = "p";
  Model model;
  model.capabilities = {"reasoning"};
  const SendDecision decision{
      .provider_model_id = "m", .output_limit = 4096, .stream = scan.stream, .model = &model};
  WrittenRequest written;
  format.WriteRequest(request, provider, decision, omissions, written);
  if (omissions.refused()) return "refused";
  for (const ir::Warning& warning : omissions.warnings()) {
    if (warning.feature.find("surprise") != std::string::npos) return "warned";
    // The list that it stood in was left out as a whole, and said so.
    if (warning.feature == "input.annotations") return "warned";
  }
  return written.body.find("surprise") != std::string::npos ? "sent" : "dropped";
}

void ExpectNothingDropped(const Surface& surface, const std::vector<std::string>& bodies) {
  for (const std::string& body : bodies) {
    SCOPED_TRACE(body);
    const std::string plain = absl::StrReplaceAll(body, {{",@", ""}});
    ASSERT_EQ(plain.find(kMark), std::string::npos) << "the mark is behind a comma";
    const std::string surprising = absl::StrReplaceAll(body, {{"@", AbslView(kUnknown)}});
    for (const ProviderFormat* format : {&OpenAiChatFormat(), &OpenAiResponsesFormat(),
                                         &AnthropicMessagesFormat(), &GeminiFormat()}) {
      EXPECT_NE(FateOf(surface, *format, surprising), "dropped") << format->name();
      EXPECT_EQ(FateOf(surface, *format, plain), "dropped")
          << format->name() << ": it is for the member that something is said";
    }
  }
}

std::string Chat(std::string_view members, std::string_view messages = "") {
  return absl::StrCat(R"({"model":"m","messages":[)",
                      messages.empty() ? R"({"role":"user","content":"hi"})" : AbslView(messages),
                      "]", members.empty() ? "" : ",", AbslView(members), "}");
}
std::string Part(std::string_view part) {
  return Chat("", absl::StrCat(R"({"role":"user","content":[)", AbslView(part), "]}"));
}
// A conversation with a call, whose members these are.
std::string Call(std::string_view call, std::string_view result = "") {
  return Chat(
      R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])",
      absl::StrCat(R"({"role":"user","content":"hi"},{"role":"assistant","tool_calls":[)",
                   AbslView(call), R"(]},{"role":"tool","tool_call_id":"c","content":"r")",
                   AbslView(result), "}"));
}

TEST(UnknownMembersTest, OfChatCompletions) {
  const std::string tool =
      R"({"type":"function","function":{"name":"f","parameters":{"type":"object"}}})";
  const auto choice = [&](std::string_view value) {
    return Chat(absl::StrCat(R"("tools":[)", tool, R"(],"tool_choice":)", AbslView(value)));
  };
  ExpectNothingDropped(
      OpenAiChatSurface(),
      {
          Chat(R"("temperature":1,@)"),
          Chat(R"("stream":true,"stream_options":{"include_usage":true,@})"),
          Chat(R"("usage":{"include":true,@})"),
          Chat("", R"({"role":"user","content":"hi",@})"),
          Chat("", R"({"role":"system","content":"s",@},{"role":"user","content":"hi"})"),
          Part(R"({"type":"text","text":"hi",@})"),
          Part(
              R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=",@}})"),
          Part(
              R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="},@})"),
          Part(R"({"type":"file","file":{"filename":"a.pdf","file_data":)"
               R"("data:application/pdf;base64,JVBERi0=",@}})"),
          Part(R"({"type":"file","file":{"filename":"a.pdf","file_data":)"
               R"("data:application/pdf;base64,JVBERi0="},@})"),
          Part(R"({"type":"text","text":"hi","cache_control":null,@})"),
          Call(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"},@})"),
          Call(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}",@}})"),
          Call(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"}})", ",@"),
          Chat(R"("tools":[{"type":"function","function":{"name":"f",)"
               R"("parameters":{"type":"object"},@}}])"),
          Chat(R"("tools":[{"type":"function","function":{"name":"f",)"
               R"("parameters":{"type":"object"}},@}])"),
          choice(R"({"type":"function","function":{"name":"f",@}})"),
          choice(R"({"type":"function","function":{"name":"f"},@})"),
          choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)"
                 R"({"type":"function","function":{"name":"f"}}]},@})"),
          choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)"
                 R"({"type":"function","function":{"name":"f"}}],@}})"),
          choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[)"
                 R"({"type":"function","function":{"name":"f"},@}]}})"),
          Chat(R"("response_format":{"type":"text",@})"),
          Chat(R"("response_format":{"type":"json_schema","json_schema":{"name":"n",)"
               R"("schema":{"type":"object"},@}})"),
          Chat(R"("response_format":{"type":"json_schema","json_schema":{"name":"n",)"
               R"("schema":{"type":"object"}},@})"),
          Chat(R"("reasoning":{"effort":"low",@})"),
      });
}

// These say something even without the member: only that it is not dropped can be asked.
TEST(UnknownMembersTest, OfWhatIsRefusedOrWarnedOfAnyway) {
  const std::vector<std::string> bodies = {
      Chat(R"("response_format":{"type":"json_object",@})"),
      Part(R"({"type":"text","text":"hi","cache_control":{"type":"ephemeral",@}})"),
      Part(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav",@}})"),
      Part(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"},@})"),
      Chat(R"("tools":[{"type":"custom","custom":{"name":"g",@}}])"),
      Chat(R"("tools":[{"type":"custom","custom":{"name":"g"},@}])"),
      Chat(R"("functions":[{"name":"f",@}])"),
      Chat(R"("functions":[{"name":"f"}],"function_call":{"name":"f",@})"),
      Call(R"({"id":"c","type":"function","function":{"name":"f","arguments":"{}"},)"
           R"("extra_content":{"google":{"thought_signature":"s",@}}})"),
  };
  for (const std::string& body : bodies) {
    for (const ProviderFormat* format : {&OpenAiChatFormat(), &OpenAiResponsesFormat(),
                                         &AnthropicMessagesFormat(), &GeminiFormat()}) {
      EXPECT_NE(FateOf(OpenAiChatSurface(), *format,
                       absl::StrReplaceAll(body, {{"@", AbslView(kUnknown)}})),
                "dropped")
          << format->name() << " " << body;
    }
  }
}

std::string Response(std::string_view members) {
  return absl::StrCat(R"({"model":"m","input":"hi",)", AbslView(members), "}");
}
std::string Items(std::string_view items, std::string_view members = "") {
  return absl::StrCat(R"({"model":"m","input":[)", AbslView(items), "]", AbslView(members), "}");
}
std::string Content(std::string_view part) {
  return Items(absl::StrCat(R"({"role":"user","content":[)", AbslView(part), "]}"));
}

TEST(UnknownMembersTest, OfResponses) {
  const std::string tools =
      R"("tools":[{"type":"function","name":"f","parameters":{"type":"object"}}])";
  const auto choice = [&](std::string_view value) {
    return Response(absl::StrCat(tools, R"(,"tool_choice":)", AbslView(value)));
  };
  const auto turn = [&](std::string_view call, std::string_view result) {
    return Items(absl::StrCat(R"({"role":"user","content":"hi"},{"type":"function_call",)"
                              R"("call_id":"c","name":"f","arguments":"{}")",
                              AbslView(call),
                              R"(},{"type":"function_call_output","call_id":"c","output":"r")",
                              AbslView(result), "}"),
                 absl::StrCat(",", tools));
  };
  const auto said = [&](std::string_view item) {
    return Items(absl::StrCat(AbslView(item), R"(,{"role":"user","content":"and?"})"));
  };
  ExpectNothingDropped(
      OpenAiResponsesSurface(),
      {
          Response(R"("temperature":1,@)"),
          Response(R"("stream":true,"stream_options":{"include_obfuscation":false,@})"),
          Response(R"("text":{"verbosity":null,@})"),
          Response(R"("text":{"format":{"type":"text",@}})"),
          Response(R"("text":{"format":{"type":"json_schema","name":"n",)"
                   R"("schema":{"type":"object"},@}})"),
          Response(R"("reasoning":{"effort":"low",@})"),
          Response(R"("tools":[{"type":"function","name":"f","parameters":{"type":"object"},@}])"),
          choice(R"({"type":"function","name":"f",@})"),
          choice(R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function",)"
                 R"("name":"f"}],@})"),
          choice(R"({"type":"allowed_tools","mode":"auto","tools":[{"type":"function",)"
                 R"("name":"f",@}]})"),
          Items(R"({"role":"user","content":"hi",@})"),
          Content(R"({"type":"input_text","text":"hi",@})"),
          Content(R"({"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo=",@})"),
          Content(R"({"type":"input_file","filename":"a.pdf","file_data":)"
                  R"("data:application/pdf;base64,JVBERi0=",@})"),
          said(R"({"role":"assistant","content":[{"type":"output_text","text":"a",)"
               R"("annotations":[],"logprobs":[],@}]})"),
          said(R"({"type":"message","id":"msg_1","status":"completed","role":"assistant",)"
               R"("content":[{"type":"refusal","refusal":"no",@}]})"),
          turn(",@", ""),
          turn("", ",@"),
      });
}

TEST(UnknownMembersTest, OfWhatResponsesAreRefusedOrWarnedOfAnyway) {
  const std::vector<std::string> bodies = {
      Response(R"("text":{"format":{"type":"json_object",@}})"),
      Response(R"("tools":[{"type":"custom","name":"g",@}])"),
      Response(R"("tools":[{"type":"custom","name":"g","format":{"type":"grammar",)"
               R"("syntax":"lark","definition":"x",@}}])"),
      Content(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav",@}})"),
      Content(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"},@})"),
      Items(R"({"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[)"
            R"({"type":"url_citation","url":"https://e.x","title":"t","start_index":0,)"
            R"("end_index":1,@}]}]},{"role":"user","content":"and?"})"),
      Items(R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],)"
            R"("encrypted_content":"e",@},{"role":"user","content":"hi"})"),
      Items(R"({"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm",@}],)"
            R"("encrypted_content":"e"},{"role":"user","content":"hi"})"),
      Items(R"({"type":"custom_tool_call","call_id":"c","name":"g","input":"x",@},)"
            R"({"type":"custom_tool_call_output","call_id":"c","output":"r"})"),
  };
  for (const std::string& body : bodies) {
    for (const ProviderFormat* format : {&OpenAiChatFormat(), &OpenAiResponsesFormat(),
                                         &AnthropicMessagesFormat(), &GeminiFormat()}) {
      EXPECT_NE(FateOf(OpenAiResponsesSurface(), *format,
                       absl::StrReplaceAll(body, {{"@", AbslView(kUnknown)}})),
                "dropped")
          << format->name() << " " << body;
    }
  }
}

// What a format knows of its own travels on where it stood.
TEST(UnknownMembersTest, TheSameFormatIsToldWhereItStood) {
  const std::string body =
      Response(R"("text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},)"
               R"("newer":1}},"reasoning":{"effort":"low","of_tomorrow":2})");
  CallHead call;
  ScannedRequest scan;
  ir::Request request;
  ASSERT_FALSE(OpenAiResponsesSurface().Scan(body, call, scan).has_value());
  ASSERT_FALSE(OpenAiResponsesSurface().ReadRequest(body, call, scan, request).has_value());
  ir::Omissions omissions(OpenAiResponsesFormat().name());
  WrittenRequest written;
  OpenAiResponsesFormat().WriteRequest(request, Provider(), {.provider_model_id = "m"}, omissions,
                                       written);
  EXPECT_NE(written.body.find(R"("schema":{"type":"object"},"newer":1})"), std::string::npos)
      << written.body;
  EXPECT_NE(written.body.find(R"("of_tomorrow":2})"), std::string::npos) << written.body;
  EXPECT_EQ(written.body.find("text.format"), std::string::npos);
  EXPECT_TRUE(omissions.warnings().empty());
}

// Refusals name the caller's own place.
TEST(UnknownMembersTest, RefusalsNameTheItem) {
  const std::string body =
      Items(R"({"role":"user","content":"a"},{"type":"item_reference","id":"msg_1"})");
  CallHead call;
  ScannedRequest scan;
  ir::Request request;
  ASSERT_FALSE(OpenAiResponsesSurface().Scan(body, call, scan).has_value());
  ASSERT_FALSE(OpenAiResponsesSurface().ReadRequest(body, call, scan, request).has_value());
  for (const ProviderFormat* format :
       {&OpenAiChatFormat(), &AnthropicMessagesFormat(), &GeminiFormat()}) {
    ir::Omissions omissions(format->name());
    WrittenRequest written;
    format->WriteRequest(request, Provider(), {.provider_model_id = "m"}, omissions, written);
    EXPECT_TRUE(omissions.refused());
    EXPECT_EQ(omissions.refused_param(), "input[1]") << format->name();
  }
}

}  // namespace
}  // namespace tollgate::dataplane
