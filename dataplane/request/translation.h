// What a request that is translated needs besides what every request has.
#ifndef TOLLGATE_DATAPLANE_REQUEST_TRANSLATION_H_
#define TOLLGATE_DATAPLANE_REQUEST_TRANSLATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/ir/event.h"
#include "dataplane/ir/request.h"
#include "dataplane/ir/response.h"
#include "dataplane/provider/format.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// Used again from request to request: Begin().
struct Translation {
  // The request, read once for all attempts.
  ir::Request request;
  bool read = false;

  // The attempt that is running.
  WrittenRequest written;
  std::vector<ir::Warning> warnings;
  AnswerContext context;
  ir::Response response;
  std::unique_ptr<EventReader> reader;
  std::unique_ptr<StreamWriter> writer;
  ir::EventList events;
  ir::Usage usage;
  ir::FinishReason finish = ir::FinishReason::kUnknown;
  // Bytes for the client that are not written yet.
  std::string out;

  // The part that is open in each choice; the writer must see its end.
  std::map<std::int32_t, ir::Event> open_parts;

  void NoteOpen(const ir::Event& start) {
    ir::Event& open = open_parts[start.choice];
    open = ir::Event();
    open.choice = start.choice;
    open.part = start.part;
    open.part_type = start.part_type;
  }
  void NoteClosed(std::int32_t choice) { open_parts.erase(choice); }
  // Appends the ends of the open parts.
  void EndOpenParts(ir::EventList& list) {
    for (auto& [choice, open] : open_parts) {
      open.type = ir::EventType::kPartEnd;
      list.push_back(open);
    }
    open_parts.clear();
  }

  // Prepares for a new request.
  void Begin();
  // Prepares for its next attempt.
  void BeginAttempt();
};

// A header line that names each warning by kind and feature: "x-tollgate-warnings: unsupported
// seed, compatibility reasoning\r\n".  Nothing for none.
void AppendWarningsHeader(std::span<const ir::Warning> warnings, std::string& lines);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_TRANSLATION_H_
