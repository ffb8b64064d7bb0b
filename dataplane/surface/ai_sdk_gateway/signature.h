// What models sign, in the blocks of `providerMetadata` in which the AI SDK's clients keep it from
// turn to turn: each under the family of its maker, by the names of that family's own package.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SIGNATURE_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SIGNATURE_H_

#include <string>
#include <string_view>

#include "dataplane/ir/part.h"
#include "dataplane/json/document.h"
#include "dataplane/json/writer.h"

namespace tollgate::dataplane {

// What is kept of a part besides what it says.
struct KeptSignature {
  ir::Signature signature;
  std::string_view redacted{};  // Of reasoning.
  std::string_view id{};        // Of reasoning: the provider's, of an item.

  bool present() const { return signature.present() || !redacted.empty() || !id.empty(); }
};

// Writes the member `providerMetadata` of an open object; nothing when nothing is kept.
void WriteKeptSignature(const KeptSignature& kept, JsonWriter& json);

// What the blocks of `providerOptions` hold of such metadata.
KeptSignature ReadKeptSignature(JsonValue provider_options);

// Whether ReadKeptSignature() reads the member of a family's block.
bool IsSignatureMember(std::string_view name);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_SIGNATURE_H_
