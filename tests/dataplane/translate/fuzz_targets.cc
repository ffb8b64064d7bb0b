#include "tests/dataplane/translate/fuzz_targets.h"

#include <string>

#include "base/check.h"
#include "dataplane/json/cursor.h"
#include "dataplane/json/document.h"
#include "dataplane/json/writer.h"
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

constexpr FuzzTarget kTargets[] = {
    {"json", FuzzJson},     {"request", FuzzRequest}, {"answer", FuzzAnswer},
    {"stream", FuzzStream}, {"error", FuzzError},
};

}  // namespace

std::span<const FuzzTarget> FuzzTargets() { return kTargets; }

}  // namespace tollgate::dataplane
