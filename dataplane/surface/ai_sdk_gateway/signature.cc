#include "dataplane/surface/ai_sdk_gateway/signature.h"

#include <algorithm>
#include <array>

namespace tollgate::dataplane {
namespace {

// The names of @ai-sdk/anthropic, -google and -openai; another maker's are as Anthropic's.
struct Names {
  std::string_view family;
  std::string_view signature;
  std::string_view redacted;
  std::string_view id;
};
constexpr Names kNames[] = {
    {ir::kFamilyGoogle, "thoughtSignature", "redactedData", "itemId"},
    {ir::kFamilyOpenAi, "signature", "reasoningEncryptedContent", "itemId"},
    {ir::kFamilyAnthropic, "signature", "redactedData", "itemId"},
};
// Of a maker whom nobody named.
constexpr std::string_view kUnnamed = "gateway";

constexpr std::array<std::string_view, 5> kMembers = {
    "signature", "thoughtSignature", "redactedData", "reasoningEncryptedContent", "itemId"};

Names NamesOf(std::string_view family) {
  for (const Names& names : kNames) {
    if (names.family == family) return names;
  }
  Names names = kNames[2];
  names.family = family;
  return names;
}

}  // namespace

bool IsSignatureMember(std::string_view name) {
  return std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end();
}

void WriteKeptSignature(const KeptSignature& kept, JsonWriter& json) {
  if (!kept.present()) return;
  const Names names = NamesOf(kept.signature.maker);
  json.Member("providerMetadata").BeginObject();
  json.ForeignMember(names.family.empty() ? kUnnamed : names.family).BeginObject();
  if (!kept.id.empty()) json.Member(names.id).String(kept.id);
  if (!kept.redacted.empty()) json.Member(names.redacted).String(kept.redacted);
  if (kept.signature.present()) json.Member(names.signature).String(kept.signature.value);
  json.EndObject();
  json.EndObject();
}

KeptSignature ReadKeptSignature(JsonValue provider_options) {
  for (const JsonMember family : provider_options.members()) {
    const Names names = NamesOf(family.key);
    KeptSignature kept{.signature = {family.key == kUnnamed ? std::string_view() : family.key,
                                     family.value[names.signature].string()},
                       .redacted = family.value[names.redacted].string(),
                       .id = family.value[names.id].string()};
    if (kept.present()) return kept;
  }
  return {};
}

}  // namespace tollgate::dataplane
