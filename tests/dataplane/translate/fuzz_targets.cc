#include "tests/dataplane/translate/fuzz_targets.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "dataplane/http/sse.h"
#include "dataplane/json/cursor.h"
#include "dataplane/json/document.h"
#include "dataplane/json/writer.h"
#include "dataplane/request/splice.h"
#include "tests/dataplane/translate/transcripts.h"

namespace tollgate::dataplane {
namespace {

bool IsJson(std::string_view text) {
  JsonCursor json(text);
  return json.Skip() && json.AtEnd();
}

void Copy(JsonValue value, JsonWriter& json) {
  if (value.is_object()) {
    json.BeginObject();
    for (const JsonMember m : value.members()) {
      json.ForeignMember(m.key);
      Copy(m.value, json);
    }
    json.EndObject();
  } else if (value.is_array()) {
    json.BeginArray();
    for (const JsonValue element : value.elements()) Copy(element, json);
    json.EndArray();
  } else if (value.is_string()) {
    json.String(value.string());
  } else {
    json.Raw(value.raw());
  }
}

// The tree accepts what the walk accepts, and what is written of it reads as the same again.
void FuzzJson(std::string_view bytes) {
  JsonDocument document;
  const bool good = document.Parse(bytes);
  CHECK_EQ(good, IsJson(bytes));
  if (!good) return;
  std::string once;
  JsonWriter first(once);
  Copy(document.root(), first);
  JsonDocument copy;
  CHECK(copy.Parse(once)) << once;
  std::string twice;
  JsonWriter second(twice);
  Copy(copy.root(), second);
  CHECK_EQ(once, twice);
}

// What any surface accepts, any format writes as valid JSON or refuses.
void FuzzRequest(std::string_view bytes) {
  for (const Surface* surface : Surfaces()) {
    CaseSetup setup;
    setup.call.model = "acme/small";
    ScannedRequest scan;
    if (surface->Scan(bytes, setup.call, scan).has_value()) continue;
    ir::Request request;
    if (surface->ReadRequest(bytes, setup.call, scan, request).has_value()) continue;
    for (const ProviderFormat* format : SpokenFormatList()) {
      ir::Omissions omissions(format->name());
      WrittenRequest written;
      format->WriteRequest(request, setup.provider,
                           {.provider_model_id = "small-1", .stream = scan.stream}, omissions,
                           written);
      if (!omissions.refused()) CHECK(IsJson(written.body)) << written.body;
    }
  }
}

void FuzzAnswer(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return;  // The relay has looked.
  CaseSetup setup;
  for (const ProviderFormat* format : SpokenFormatList()) {
    for (const Surface* surface : Surfaces()) AnsweredBy(*surface, *format, setup, bytes);
  }
}

void FuzzStream(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return;  // The relay mends.
  CaseSetup setup;
  for (const ProviderFormat* format : SpokenFormatList()) {
    for (const Surface* surface : Surfaces()) StreamedBy(*surface, *format, setup, bytes, 0);
  }
}

void FuzzError(std::string_view bytes) {
  for (const ProviderFormat* format : SpokenFormatList()) format->ReadError(400, bytes);
}

// What a surface accepts and its own format's providers are sent as it is, edits and all, is JSON
// still.
void FuzzPassed(std::string_view bytes) {
  for (const Surface* surface : Surfaces()) {
    const ProviderFormat* format = NativeFormat(*surface);
    CaseSetup setup;
    setup.call.model = "acme/small";
    ScannedRequest scan;
    if (format == nullptr || surface->Scan(bytes, setup.call, scan).has_value()) continue;
    Splice splice;
    format->Rewrite(scan, setup.provider,
                    {.provider_model_id = "small-1", .output_limit = 7, .stream = scan.stream},
                    splice);
    std::vector<std::string_view> pieces;
    splice.Apply(bytes, pieces);
    std::string sent;
    for (const std::string_view piece : pieces) sent += piece;
    CHECK(IsJson(sent)) << sent;
  }
}

// Where an answer that passes through says its usage, a cost can be put.
void CheckFacts(const AnswerFacts& facts, std::string_view text) {
  if (!facts.valid || !facts.usage.present) return;
  // The cost is not put here, but in a later event.
  if (facts.usage.close == 0 && facts.usage.cost_end == 0) return;
  std::string told(text);
  if (facts.usage.cost_end > 0) {
    told.replace(facts.usage.cost_begin, facts.usage.cost_end - facts.usage.cost_begin, "0.5");
  } else {
    told.insert(facts.usage.close, facts.usage.empty ? "\"cost\":0.5" : ",\"cost\":0.5");
  }
  CHECK(IsJson(told)) << told;
}

// The data of the events that the bytes are, if they are a stream.
std::vector<std::string> EventsOf(std::string_view bytes) {
  std::vector<std::string> events;
  SseSplitter splitter;
  std::string scratch;
  while (const std::size_t size = splitter.Next(bytes)) {
    events.emplace_back(SseData(bytes.substr(0, size), scratch));
    bytes.remove_prefix(size);
  }
  return events;
}

void FuzzFacts(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return;  // The relay has looked.
  const std::vector<std::string> events = EventsOf(bytes);
  for (const ProviderFormat* format : SpokenFormatList()) {
    CheckFacts(format->ReadAnswer(bytes), bytes);
    for (const std::string& event : events) CheckFacts(format->ReadEvent(event), event);
    format->ReadTokenCount(bytes);
  }
  for (const Surface* surface : Surfaces()) {
    const std::unique_ptr<PassedStream> passed = surface->NewPassedStream();
    if (passed == nullptr) continue;
    for (const std::string& event : events) passed->Note(event);
    const GatewayError why{};
    StreamStop stop;
    stop.cost.stopped = &why;
    std::string end;
    passed->AppendStop(stop, "gen_1", end);
    CHECK(!end.empty());
  }
}

constexpr FuzzTarget kTargets[] = {
    {"json", FuzzJson},   {"request", FuzzRequest}, {"passed", FuzzPassed}, {"answer", FuzzAnswer},
    {"facts", FuzzFacts}, {"stream", FuzzStream},   {"error", FuzzError},
};

}  // namespace

std::span<const FuzzTarget> FuzzTargets() { return kTargets; }

}  // namespace tollgate::dataplane
