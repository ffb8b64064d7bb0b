// Splits a stream of server-sent events (WHATWG HTML section 9.2) into events, wherever its bytes
// were cut.  Lines end in LF, CR or CRLF; an event ends at an empty line.
#ifndef TOLLGATE_DATAPLANE_HTTP_SSE_H_
#define TOLLGATE_DATAPLANE_HTTP_SSE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tollgate::dataplane {

// Finds the ends of events in bytes that arrive in any pieces, each looked at once.
class SseSplitter {
 public:
  // Looks at `bytes`, which begins with the bytes of the former call that belong to no event yet.
  // Returns the size of the first event, its empty line included, or 0 when it is not complete.
  // After a size > 0 the caller drops the event from the front and calls again with the rest.
  // An LF that belongs to a CR at the end of the former event is counted to the next one.
  std::size_t Next(std::string_view bytes);

  void Reset() { *this = SseSplitter(); }

 private:
  std::size_t scanned_ = 0;     // Bytes of the event looked at.
  std::size_t line_start_ = 0;  // Where its current line begins.
  bool after_cr_ = false;       // The byte before scanned_ was a CR: an LF belongs to it.
};

// The data of one event: its `data` lines without their name, joined by LF.  Null when it has none
// (a comment, for instance).  `scratch` keeps the text when there are several lines.
std::string_view SseData(std::string_view event, std::string& scratch);

// The value of an event's last `event` line; empty when it has none.
std::string_view SseName(std::string_view event);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_SSE_H_
