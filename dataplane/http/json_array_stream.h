// A stream as one JSON array, for clients that want no server-sent events: each event's data is an
// element.
#ifndef TOLLGATE_DATAPLANE_HTTP_JSON_ARRAY_STREAM_H_
#define TOLLGATE_DATAPLANE_HTTP_JSON_ARRAY_STREAM_H_

#include <string>
#include <string_view>

namespace tollgate::dataplane {

// What is written between Reset() and Close() is a JSON array whenever the events' data are JSON
// values.  Used by one stream at a time.
class JsonArrayStream {
 public:
  // Appends the elements that stand for `events`, of which each is whole but may lack its empty
  // line at the end.  An event without data (a comment) becomes a line end, which JSON allows
  // between its tokens: it keeps the connection alive.
  void Frame(std::string_view events, std::string& out);

  // Appends the end of the array.
  void Close(std::string& out);

  void Reset() { any_ = false; }

 private:
  void AddEvent(std::string_view event, std::string& out);

  bool any_ = false;
  std::string scratch_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_JSON_ARRAY_STREAM_H_
