// Puts the events of a stream together to the whole answer that they say: for surfaces whose last
// event repeats everything, and for tests.
#ifndef TOLLGATE_DATAPLANE_IR_COLLECTOR_H_
#define TOLLGATE_DATAPLANE_IR_COLLECTOR_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "dataplane/ir/event.h"
#include "dataplane/ir/response.h"

namespace tollgate::dataplane::ir {

// Copies what it keeps: events may be gone afterwards.  Used for one stream.
class Collector {
 public:
  // An event, in the order that ir/event.h promises.
  void Add(const Event& event);

  // What came so far.  A part that is open has no text yet; its end gives it what open_text() says.
  const Response& response() const { return response_; }
  // The text of the open part of a choice.
  std::string_view open_text(std::int32_t choice) const;

 private:
  struct Open {
    std::string text;
    std::string logprobs;  // Entries, joined by commas.
  };

  Choice& ChoiceOf(std::int32_t index);
  void StartPart(const Event& event);
  void EndPart(const Event& event);
  void Finish(const Event& event);
  void AddLogprobs(const Event& event);
  std::string_view Copy(std::string_view text) { return response_.arena.Copy(text); }
  Citation CopyOf(const Citation& citation);
  Media CopyOf(const Media& media);

  Response response_;
  std::map<std::int32_t, Open> open_;  // By choice.
};

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_COLLECTOR_H_
