#include "tests/support/fake_provider/wire/event_stream.h"

#include <boost/json/serialize.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "tollgate/demo_provider/tokens.h"

namespace tollgate::wire {

EventStream::EventStream(std::string_view headers, absl::Duration interval,
                         std::string_view content_type)
    : interval_(interval) {
  reply_.Append(StepKind::kHead,
                absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: ", AbslView(content_type),
                             "\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n",
                             AbslView(headers), "\r\n"));
}

void EventStream::Event(StepKind kind, std::string_view name, const boost::json::value& data,
                        std::int64_t output_tokens) {
  std::string event;
  if (!name.empty()) absl::StrAppend(&event, "event: ", AbslView(name), "\n");
  absl::StrAppend(&event, "data: ", boost::json::serialize(data), "\n\n");
  Raw(kind, event, output_tokens);
}

void EventStream::Raw(StepKind kind, std::string_view text, std::int64_t output_tokens) {
  reply_.Append(kind, absl::StrCat(absl::Hex(text.size()), "\r\n", AbslView(text), "\r\n"),
                output_tokens);
  if (output_tokens > 0) reply_.steps.back().wait = interval_;
}

Reply EventStream::Finish() {
  reply_.Append(StepKind::kEnd, "0\r\n\r\n");
  return std::move(reply_);
}

void ForEachToken(std::string_view text, const std::function<void(std::string_view)>& emit) {
  while (!text.empty()) {
    const std::size_t size = FirstTokenBytes(text);
    emit(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace tollgate::wire
