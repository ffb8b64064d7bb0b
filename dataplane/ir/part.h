// What messages and answers consist of, whoever wrote them: the parts of the internal
// representation (architecture.md §6).
//
// Every view in dataplane/ir points into the text that was read, into the arena of the Request or
// Response that holds it, or to a literal; whoever makes a text keeps it in that arena.
#ifndef TOLLGATE_DATAPLANE_IR_PART_H_
#define TOLLGATE_DATAPLANE_IR_PART_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace tollgate::dataplane::ir {

// The owners of what only some understand.  The names of the wire formats own members of their
// JSON; the families own the blocks of `providerOptions` and `providerMetadata`, whose members are
// the AI SDK's, and make signatures.
inline constexpr std::string_view kOpenAiChat = "openai_chat";
inline constexpr std::string_view kOpenAiResponses = "openai_responses";
inline constexpr std::string_view kAnthropicMessages = "anthropic_messages";
inline constexpr std::string_view kGemini = "gemini";
inline constexpr std::string_view kFamilyOpenAi = "openai";
inline constexpr std::string_view kFamilyAnthropic = "anthropic";
inline constexpr std::string_view kFamilyGoogle = "google";

// A member that no field here stands for: `"name": json` within the object that became the struct
// that holds it.  The format of that owner writes it back as it stood; a format may also read the
// members of its family's block.  Others leave it out, with a warning or, when `essential`, refuse:
// formats do so with OmitExtras() of ir/omission.h.
struct Extra {
  std::string_view owner;
  std::string_view name;
  std::string_view json;  // A whole value.
  // Without it the answer would not be what the caller asked for.
  bool essential = false;
};
using Extras = std::vector<Extra>;

// Asks the provider to cache everything up to and including what it is attached to.
struct CacheMark {
  enum class Ttl : std::uint8_t { kDefault, k5Minutes, k1Hour };
  Ttl ttl = Ttl::kDefault;
};

// What a model signed so that it can trust it on the next turn.  Only its maker's formats send it
// on; see ir/signature.h for surfaces whose clients keep one text only.
struct Signature {
  std::string_view maker{};  // A family; empty = none known.
  std::string_view value{};

  bool present() const { return !value.empty(); }
};

// Where a statement comes from.
struct Citation {
  enum class Kind : std::uint8_t { kUrl, kDocument, kOther };
  Kind kind = Kind::kUrl;
  std::string_view url{};
  std::string_view title{};
  std::string_view cited_text{};
  std::int64_t document_index = -1;  // Of the request's documents; -1 = unknown.
  std::int64_t begin = -1;           // Place in its part's text, in characters; -1 = unknown.
  std::int64_t end = -1;
  std::string_view owner{};  // The format whose own form of it is `json`.
  std::string_view json{};
};

struct Text {
  std::string_view text{};
  std::vector<Citation> citations{};
};

// An image, a document, a sound or a video.  Exactly one source is set.
struct Media {
  enum class Kind : std::uint8_t { kImage, kFile, kAudio, kVideo };
  Kind kind = Kind::kImage;
  // "image/png"; empty when nobody said; may end in "/*".
  std::string_view media_type{};

  std::string_view url{};      // http(s), never a data URL.
  std::string_view base64{};   // Standard alphabet, padded.
  std::string_view file_id{};  // A file that the provider of `file_owner` keeps.
  std::string_view file_owner{};
  std::string_view text{};  // A document of plain text.

  std::string_view filename{};
  std::string_view title{};
  std::string_view context{};  // What the model is told of a document.
  std::string_view detail{};   // "auto", "low", "high" of an image.
  std::optional<bool> citations{};
};

struct ToolCall {
  std::string_view id{};
  std::string_view name{};
  // A JSON object as text, of a function; any text, of a custom tool.  Not checked: models err.
  std::string_view arguments{};
  bool custom = false;
  // The provider ran it; its result is in the same answer.
  bool provider_executed = false;
};

struct Part;

struct ToolResult {
  std::string_view tool_call_id{};
  std::string_view name{};    // Of the tool; may be empty.
  std::vector<Part> parts;  // Text, Media and Opaque only.
  // The text is JSON: a format with objects for results may send it as one.
  bool json = false;
  bool is_error = false;
  bool custom = false;
};

// What the model thought.  At least one of text, redacted and the part's signature is set.
struct Reasoning {
  std::string_view text{};
  bool summary = false;         // The text is a summary of it.
  std::string_view redacted{};  // Opaque, of the part's signature.maker.
  std::string_view id{};        // The provider's, of an item; may be empty.
};

struct Refusal {
  std::string_view text{};
};

// A part that only one format knows, whole: a JSON object as it stood.  Other formats refuse it.
struct Opaque {
  std::string_view owner{};
  std::string_view type{};  // For the message of a refusal: "server_tool_use".
  std::string_view json{};
};

enum class PartType : std::uint8_t {
  kText,
  kMedia,
  kToolCall,
  kToolResult,
  kReasoning,
  kRefusal,
  kOpaque,
};

struct Part {
  // In the order of PartType.
  std::variant<Text, Media, ToolCall, ToolResult, Reasoning, Refusal, Opaque> body;
  Signature signature;  // Of Reasoning; of a ToolCall or Text where the maker signs these (Gemini).
  std::optional<CacheMark> cache;
  Extras extras;
  std::string_view place{};  // Where the caller put it: "input[2]"; empty = not said.

  PartType type() const { return static_cast<PartType>(body.index()); }
  template <typename T>
  const T* As() const {
    return std::get_if<T>(&body);
  }
  template <typename T>
  T* As() {
    return std::get_if<T>(&body);
  }
};

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_PART_H_
