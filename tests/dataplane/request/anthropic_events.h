// A provider of Anthropic's messages, as the tests of the pipeline script it.
#ifndef TOLLGATE_TESTS_DATAPLANE_REQUEST_ANTHROPIC_EVENTS_H_
#define TOLLGATE_TESTS_DATAPLANE_REQUEST_ANTHROPIC_EVENTS_H_

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "tests/dataplane/support/gateway.h"

namespace tollgate::dataplane {

// Makes providers speak it; all, or the one that is named.
inline void SpeakAnthropic(TestGateway& gateway, std::string_view only = {}) {
  gateway.SetProviders([&](config::v1::Provider& provider) {
    if (only.empty() || provider.id() == only) provider.set_format(catalog::v1::FORMAT_ANTHROPIC);
  });
}

// A call of the surface of the same name.
inline std::string PostMessages(const TestGateway& gateway, std::string_view body) {
  return absl::StrCat("POST /v1/messages HTTP/1.1\r\nHost: gateway\r\nx-api-key: ", gateway.key(),
                      "\r\nanthropic-version: 2023-06-01\r\nContent-Length: ", body.size(),
                      "\r\n\r\n", AbslView(body));
}

inline constexpr std::string_view kAnthropicAnswer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"small","content":)"
    R"([{"type":"text","text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,)"
    R"("usage":{"input_tokens":10,"output_tokens":5}})";

inline std::string AnthropicEvent(std::string_view name, std::string_view data) {
  return absl::StrCat("event: ", AbslView(name), "\ndata: ", AbslView(data), "\n\n");
}

inline std::string AnthropicText(std::string_view text) {
  return AnthropicEvent("content_block_delta",
                        absl::StrCat(R"({"type":"content_block_delta","index":0,"delta":)",
                                     R"({"type":"text_delta","text":")", AbslView(text), "\"}}"));
}

// The start of a stream, up to "hello".
inline std::string AnthropicStart() {
  return AnthropicEvent("message_start",
                        R"({"type":"message_start","message":{"id":"msg_1","type":"message",)"
                        R"("role":"assistant","model":"small","content":[],"stop_reason":null,)"
                        R"("usage":{"input_tokens":10,"output_tokens":1}}})") +
         AnthropicEvent("content_block_start", R"({"type":"content_block_start","index":0,)"
                                               R"("content_block":{"type":"text","text":""}})") +
         AnthropicEvent("ping", R"({"type":"ping"})") + AnthropicText("hello");
}

// The end of its block, and the reason to end.
inline std::string AnthropicFinish() {
  return AnthropicEvent("content_block_stop", R"({"type":"content_block_stop","index":0})") +
         AnthropicEvent("message_delta",
                        R"({"type":"message_delta","delta":{"stop_reason":"end_turn",)"
                        R"("stop_sequence":null},"usage":{"output_tokens":5}})");
}

inline std::string AnthropicStop() {
  return AnthropicEvent("message_stop", R"({"type":"message_stop"})");
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_REQUEST_ANTHROPIC_EVENTS_H_
