// A whole answer of a language model, whichever format it came in and whichever surface gives it.
#ifndef TOLLGATE_DATAPLANE_IR_RESPONSE_H_
#define TOLLGATE_DATAPLANE_IR_RESPONSE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/compiled_price.h"
#include "dataplane/ir/part.h"
#include "dataplane/json/document.h"
#include "dataplane/json/text_arena.h"

namespace tollgate::dataplane::ir {

// Why a choice is over.
enum class FinishReason : std::uint8_t {
  kUnknown,        // Nobody said.
  kStop,           // The model was done.
  kStopSequence,   // One of the caller's stop texts came.
  kLength,         // The output limit.
  kToolCalls,      // The caller is to run tools.
  kContentFilter,  // The provider withheld the rest.
  kRefusal,        // The model refused.
  kPause,          // The provider wants to be called again to go on.
  kContextWindow,  // The model's context is full.
  kError,          // The provider failed.
  kOther,          // A reason of the provider's that is none of these.
};

// The gateway's word, as in records: "stop", "length", "tool_calls", "content_filter", "error".
std::string_view FinishReasonWord(FinishReason reason);

// The tokens of all classes, disjoint as in TokenUsage: every surface's sums are made of these, and
// so is the charge, so that they cannot differ.
struct Usage {
  bool present = false;  // There is a report that can be believed.
  TokenUsage tokens;

  // All tokens that were read, cached ones included.
  std::int64_t input() const {
    return tokens.input_text + tokens.input_image + tokens.input_audio + tokens.input_video +
           tokens.input_file + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h +
           tokens.input_audio_cache_read;
  }
  std::int64_t cached() const { return tokens.cache_read + tokens.input_audio_cache_read; }
  std::int64_t cache_write() const { return tokens.cache_write_5m + tokens.cache_write_1h; }
  // All tokens that were written, reasoning included.
  std::int64_t output() const {
    return tokens.output_text + tokens.output_reasoning + tokens.output_audio + tokens.output_image;
  }
};

// The limit that counts are believed up to: no request has a trillion tokens.
inline constexpr std::int64_t kTokensMax = std::int64_t{1} << 40;

struct Choice {
  std::int64_t index = 0;
  std::vector<Part> parts;
  FinishReason finish = FinishReason::kUnknown;
  std::string_view native_finish;  // As the provider says it.
  std::string_view stop_sequence;  // Of kStopSequence.
  std::string_view logprobs;       // OpenAI's object as JSON; empty = none.
  Extras extras;
};

// Used again from answer to answer: Reset().
struct Response {
  JsonDocument document;
  TextArena arena;

  std::string_view id;  // The provider's.
  std::string_view model;
  std::int64_t created = 0;  // Unix seconds; 0 = not said.
  std::vector<Choice> choices;
  Usage usage;
  std::string_view service_tier;
  Extras extras;

  Response() = default;
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;
  void Reset();
};

// What could not be expressed, in a sentence for the caller.
struct Warning {
  enum class Kind : std::uint8_t {
    kUnsupported,    // It was left out.
    kCompatibility,  // It was sent as something near.
    kOther,
  };
  Kind kind = Kind::kUnsupported;
  std::string feature;  // The member or the feature, in snake case: "top_k".
  std::string details;
};

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_RESPONSE_H_
