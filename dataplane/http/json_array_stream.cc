#include "dataplane/http/json_array_stream.h"

#include <cstddef>

#include "dataplane/http/sse.h"

namespace tollgate::dataplane {

void JsonArrayStream::AddEvent(std::string_view event, std::string& out) {
  const std::string_view data = SseData(event, scratch_);
  if (data.empty()) {
    // Not the second half of a line end that two writes share.
    if (event.find_first_not_of("\r\n") != std::string_view::npos) out += '\n';
    return;
  }
  out += any_ ? ",\r\n" : "[";
  any_ = true;
  out += data;
}

void JsonArrayStream::Frame(std::string_view events, std::string& out) {
  SseSplitter splitter;
  while (const std::size_t size = splitter.Next(events)) {
    AddEvent(events.substr(0, size), out);
    events.remove_prefix(size);
  }
  if (!events.empty()) AddEvent(events, out);
}

void JsonArrayStream::Close(std::string& out) { out += any_ ? "]" : "[]"; }

}  // namespace tollgate::dataplane
