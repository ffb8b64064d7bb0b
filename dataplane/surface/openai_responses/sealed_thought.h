// What models sign or encrypt of their thoughts, in the one opaque text that a client of responses
// keeps of each reasoning item: it comes back on the next turn as it went.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SEALED_THOUGHT_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SEALED_THOUGHT_H_

#include <string>
#include <string_view>

#include "dataplane/ir/part.h"

namespace tollgate::dataplane {

// The value of `encrypted_content`.
struct SealedThought {
  enum class Kind {
    kSignature,  // Of the thought itself.
    kRedacted,   // What is opaque of the thought; OpenAI's own are of this kind.
    kOfPart,     // The signature of the item before: of a call, for instance.
  };
  Kind kind = Kind::kSignature;
  ir::Signature signature;
  std::string_view redacted;
};

// What there is to seal of a thought.
SealedThought SealOf(const ir::Reasoning& reasoning, const ir::Signature& signature);

// The text for a client, empty when there is nothing to keep.  OpenAI's own texts stand as they
// are.
std::string ShowSealed(const SealedThought& thought);

// What such a text stands for; views into it.
SealedThought ReadSealed(std::string_view shown);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_SEALED_THOUGHT_H_
