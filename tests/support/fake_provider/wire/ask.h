// What a request asks for, whichever wire format it came in, and what is said to it.
//
// The fake provider's own common form: it shares nothing with the gateway's, so that the two can
// check each other.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ASK_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ASK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fake_provider/fault_plan.h"
#include "tollgate/demo_provider/books.h"
#include "tollgate/demo_provider/demo_models.h"

namespace tollgate::wire {

enum class Role { kSystem, kUser, kAssistant, kTool };

enum class BlockKind { kText, kAttachment, kCall, kResult, kReasoning };

// A file within a message: its bytes, or where they are.
struct Attachment {
  std::string kind;  // "image", "document" or "audio".
  std::string media_type;
  std::string bytes;  // Decoded.
  std::string url;    // When there are no bytes.
};

// One thing that a conversation holds, in its order.
struct Block {
  Role role = Role::kUser;
  BlockKind kind = BlockKind::kText;
  std::string text;  // Text; a call's arguments as JSON; a result's text; the thoughts.
  std::string id;    // Of a call, of the call that a result answers, or of a reasoning item.
  std::string name;  // The tool's.
  std::string signature;
  Attachment attachment;
  int cache_minutes = 0;  // A cache breakpoint behind this block: 5 or 60.
};

struct ToolOffer {
  std::string name;
  std::string schema;  // JSON.
};

struct Ask {
  std::string model;
  bool stream = false;
  bool include_usage = true;
  std::vector<Block> blocks;
  std::vector<ToolOffer> tools;
  bool tools_allowed = true;  // False with a tool choice of none.
  std::string tool_chosen;    // The one tool that must be called.
  bool parallel = true;
  std::optional<std::int64_t> output_tokens_max;
  std::optional<std::string> schema;  // JSON; the answer must fit it.  "{}" for any object.
  bool thinks = false;
  bool thoughts_signed = true;  // The format can send them back.
  bool thoughts_shown = true;
  bool thoughts_encrypted = true;  // The answer has what is needed to send them back.
  // A call in the current turn must come with the signature of the thought that led to it, even
  // when its id does not say that there was one.
  bool calls_need_signature = false;
  bool logprobs = false;
  bool tells_cache_writes = true;  // The format's usage has a place for them.
  bool caches_by_itself = true;    // Without breakpoints, as all formats but Anthropic's do.
  std::vector<std::string> stops;
};

enum class PartKind { kText, kRefusal, kCall, kReasoning };

struct Part {
  PartKind kind = PartKind::kText;
  std::string text;  // Text, refusal, arguments or thoughts.
  std::string id;    // Of a call or a reasoning item.
  std::string name;
  std::string signature;
};

enum class Stop { kEnd, kCalls, kLength, kRefusal, kFilter, kStopSequence };

struct Say {
  std::string id;
  std::string model;
  std::int64_t created = 0;  // Seconds since 1970.
  std::vector<Part> parts;   // Reasoning first.
  Stop stop = Stop::kEnd;
  std::string stop_sequence;
  DemoTokens tokens;
  std::optional<DemoTokens> reported;  // What the answer says it used, if it does.
};

// A model that is sold in every format.
struct WireModel {
  std::string id;
  DemoPrices prices;
  bool cache_writes_priced = false;  // Formats that cache by themselves report what they write.
};

// "ID=input:2500000,output:10000000,cache_read:…,cache_write_5m:…,cache_write_1h:…,reasoning:…,
// input_audio:…,output_audio:…,request:…" in pico-USD; a class that is left out costs what its text
// does, a request nothing.  InvalidArgument for anything else.
absl::StatusOr<WireModel> ParseWireModel(const std::string& text);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ASK_H_
