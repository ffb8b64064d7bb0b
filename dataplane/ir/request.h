// A request to a language model, whichever surface took it and whichever format sends it.
#ifndef TOLLGATE_DATAPLANE_IR_REQUEST_H_
#define TOLLGATE_DATAPLANE_IR_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/json/document.h"
#include "dataplane/json/text_arena.h"

namespace tollgate::dataplane::ir {

enum class Role : std::uint8_t {
  kSystem,
  kDeveloper,  // As kSystem where a format has no such role.
  kUser,
  kAssistant,
  kTool,  // ToolResult parts only; a format without that role sends them as the user's.
};

struct Message {
  Role role = Role::kUser;
  std::string_view name{};  // Of the author; may be empty.
  std::string_view id{};    // The caller's or provider's, where items have one.
  std::vector<Part> parts{};
  std::optional<CacheMark> cache{};  // Of the message as such: of its last part.
  Extras extras{};
};

struct Tool {
  enum class Kind : std::uint8_t {
    kFunction,
    kCustom,  // Takes any text; `definition` is its grammar, if any.
    kOpaque,  // One that the provider runs; `definition` is the whole object as it stood.
  };
  Kind kind = Kind::kFunction;
  std::string_view name{};  // Of an opaque one: its type.
  std::string_view description{};
  std::string_view parameters{};  // A JSON schema as text; empty = takes none.
  std::optional<bool> strict{};
  std::string_view owner{};  // Of an opaque one: the format that knows it.
  std::string_view definition{};
  std::optional<CacheMark> cache{};
  Extras extras{};
};

struct ToolChoice {
  enum class Mode : std::uint8_t { kUnset, kAuto, kNone, kRequired, kTool };
  Mode mode = Mode::kUnset;
  std::string_view name{};                  // Of kTool.
  std::vector<std::string_view> allowed{};  // Of kAuto and kRequired: only these; empty = all.
};

struct ResponseFormat {
  enum class Kind : std::uint8_t { kUnset, kText, kJson, kJsonSchema };
  Kind kind = Kind::kUnset;
  std::string_view name{};
  std::string_view description{};
  std::string_view schema{};  // A JSON schema as text; set for kJsonSchema.
  std::optional<bool> strict{};
};

enum class Effort : std::uint8_t { kUnset, kNone, kMinimal, kLow, kMedium, kHigh, kXHigh, kMax };

struct ReasoningSettings {
  Effort effort = Effort::kUnset;
  std::optional<std::int64_t> budget_tokens{};
  std::optional<bool> enabled{};  // Said without an effort or a budget.
  bool adaptive = false;          // The model decides how much.
  bool hidden = false;            // Thoughts are not to be in the answer.
  std::string_view summary{};     // "auto", "concise", "detailed"; empty = not said.

  bool present() const {
    return effort != Effort::kUnset || budget_tokens.has_value() || enabled.has_value() || adaptive;
  }
};

// Numbers that are no counts stay as the caller wrote them (JSON numbers); empty = not said.
struct Settings {
  std::optional<std::int64_t> max_output_tokens{};  // ≥ 1.
  std::string_view temperature{};                   // 0 to 2.
  std::string_view top_p{};
  std::string_view top_k{};
  std::string_view min_p{};
  std::string_view top_a{};
  std::string_view presence_penalty{};
  std::string_view frequency_penalty{};
  std::string_view repetition_penalty{};
  std::vector<std::string_view> stop{};
  std::optional<std::int64_t> seed{};
  std::optional<bool> logprobs{};
  std::optional<std::int64_t> top_logprobs{};
  std::string_view logit_bias{};  // A JSON object.
  std::int64_t choices = 1;
  std::string_view user{};               // The end user, opaque.
  std::string_view safety_identifier{};  // Likewise, hashed.
  std::string_view metadata{};           // A JSON object of strings.
  std::string_view service_tier{};
  std::string_view verbosity{};  // "low", "medium", "high".
  std::string_view prompt_cache_key{};
  std::vector<std::string_view> modalities{};  // Of the output; empty = text.
  std::optional<bool> store{};
};

// Used again from request to request: Reset().
struct Request {
  // The body as a tree, and texts that were made of it; all views lead here or into the body.
  JsonDocument document;
  TextArena arena;

  bool stream = false;
  // System and developer messages stand where the caller put them; a format that has one place for
  // them gathers them there.
  std::vector<Message> messages{};
  std::vector<Tool> tools{};
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls{};
  ResponseFormat response_format;
  ReasoningSettings reasoning;
  Settings settings;
  // `caching: auto`: the format puts marks where its provider needs some.
  bool auto_caching = false;
  // Members of the body; and of `providerOptions`, owned by families.
  Extras extras{};

  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  void Reset();
};

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_REQUEST_H_
