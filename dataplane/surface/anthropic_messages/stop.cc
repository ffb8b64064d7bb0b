// Ends a stream that passed through where the gateway stops it: as the API ends one whose output
// limit was reached.
#include "dataplane/surface/anthropic_messages/answer.h"

namespace tollgate::dataplane {
namespace {

template <typename Fill>
void AppendEvent(std::string_view type, std::string& out, Fill fill) {
  out += "event: ";
  out += type;
  out += "\ndata: ";
  JsonWriter json(out);
  json.BeginObject();
  json.Member("type").String(type);
  fill(json);
  json.EndObject();
  out += "\n\n";
}

}  // namespace

void AppendMessagesStop(const StreamStop& stop, std::string_view generation_id, std::string& out) {
  if (stop.response_id.empty()) {
    AppendEvent("message_start", out, [&](JsonWriter& json) {
      WriteMessagesStart(generation_id, stop.model, stop.cost.usage, {}, json);
    });
  }
  if (stop.open_part >= 0) {
    AppendEvent("content_block_stop", out,
                [&](JsonWriter& json) { json.Member("index").Integer(stop.open_part); });
  }
  AppendEvent("message_delta", out, [&](JsonWriter& json) {
    json.Member("delta").BeginObject();
    WriteMessagesEnd({.reason = ir::FinishReason::kLength}, json);
    json.EndObject();
    json.Member("usage");
    WriteMessagesUsage(stop.cost, {}, json);
    WriteStopped(*stop.cost.stopped, generation_id, json);
  });
  AppendEvent("message_stop", out, [](JsonWriter&) {});
}

}  // namespace tollgate::dataplane
