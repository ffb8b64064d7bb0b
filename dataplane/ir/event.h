// What a stream says, one thing at a time, whichever format it came in.
//
// An EventReader (dataplane/provider) makes these, a StreamWriter (dataplane/surface) consumes
// them.  What a writer may rely on, and a reader must see to:
//
//   * kStart comes first, once.
//   * Per choice, parts are numbered from 0 and at most one is open at a time: kPartStart, then any
//     number of events of that part, then kPartEnd.  A part that has ended is never gone on with: a
//     reader whose provider does so reports the stream broken.
//   * `part_type` is set in every event of a part.
//   * kFinish comes once for each choice, after its parts have ended.
//   * kUsage may come several times, after kStart and before kEnd; each replaces the former.
//   * kEnd comes last and only when the provider's own terminal event came.  Without it the stream
//     was cut, whatever else it said.
//   * kError comes instead of what would follow; nothing comes after it.
#ifndef TOLLGATE_DATAPLANE_IR_EVENT_H_
#define TOLLGATE_DATAPLANE_IR_EVENT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/ir/response.h"

namespace tollgate::dataplane::ir {

enum class EventType : std::uint8_t {
  kStart,      // id, model, created, service_tier; usage, when the input is known already.
  kPartStart,  // id and name of a tool call (custom, provider_executed); summary, id of reasoning.
  kDelta,      // text: more of the open text, reasoning, refusal or arguments.
  kSignature,  // signature, or redacted, of the open part; the whole of it.
  kCitation,   // citation, of the open text.
  kMedia,      // media, of the open part of that type; the whole of it.
  kLogprobs,   // json: OpenAI's entries (an array) for the last delta of the choice's text.
  kPartEnd,
  kFinish,  // finish, native_finish, stop_sequence; owner and json: what only its own format says.
  kUsage,   // usage.
  kOpaque,  // owner, text (its type) and json: what only its own format knows.  A part of its own
            // when part_type is kOpaque, else anything between kStart and kEnd.
  kEnd,
  kError,  // text: the message; id: the provider's code; native_finish: its type; status.
};

// Views are good until the reader is called again.
struct Event {
  EventType type = EventType::kStart;
  PartType part_type = PartType::kText;
  std::int32_t choice = 0;
  std::int32_t part = 0;  // Index within the choice.

  std::string_view text{};
  std::string_view id{};
  std::string_view name{};
  bool custom = false;
  bool provider_executed = false;
  bool summary = false;
  Signature signature{};
  std::string_view redacted{};
  const Citation* citation = nullptr;
  const Media* media = nullptr;
  std::string_view owner{};
  std::string_view json{};
  std::string_view model{};
  std::int64_t created = 0;
  std::string_view service_tier{};
  Usage usage{};
  FinishReason finish = FinishReason::kUnknown;
  std::string_view native_finish{};
  std::string_view stop_sequence{};
  int status = 0;  // Of kError: the HTTP status that it would have had; 0 = not said.
};

using EventList = std::vector<Event>;

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_EVENT_H_
