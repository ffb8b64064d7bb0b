// Builds a streamed reply of server-sent events, each a chunk of its own.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_EVENT_STREAM_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_EVENT_STREAM_H_

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate::wire {

class EventStream {
 public:
  // `interval` is waited before each token; `headers` are complete lines.
  EventStream(std::string_view headers, absl::Duration interval,
              std::string_view content_type = "text/event-stream; charset=utf-8");

  // "event: NAME" (unless empty) and "data: …".
  void Event(StepKind kind, std::string_view name, const boost::json::value& data,
             std::int64_t output_tokens = 0);

  // Any bytes.
  void Raw(StepKind kind, std::string_view text, std::int64_t output_tokens = 0);

  Reply Finish();

 private:
  const absl::Duration interval_;
  Reply reply_;
};

// Calls `emit` with each token of `text`.
void ForEachToken(std::string_view text, const std::function<void(std::string_view)>& emit);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_EVENT_STREAM_H_
