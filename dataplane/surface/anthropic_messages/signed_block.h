// What other makers' models sign, in the one opaque text that an Anthropic client keeps of a
// thought: it comes back on the next turn as it went.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SIGNED_BLOCK_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SIGNED_BLOCK_H_

#include <string>
#include <string_view>

#include "dataplane/ir/part.h"

namespace tollgate::dataplane {

// A text that a client keeps.
struct SignedBlock {
  enum class Kind {
    kSignature,  // Of the thought itself.
    kRedacted,   // What is opaque of the thought, with its id.
    kOfPart,     // The signature of the part before: of a call, for instance.
  };
  Kind kind = Kind::kSignature;
  ir::Signature signature;
  std::string_view id;
  std::string_view redacted;
};

// The text for a client, empty for what nobody signed.  Anthropic's own texts stand as they are.
std::string ShowSigned(const SignedBlock& block);

// What such a text stands for; views into it.  `redacted_thinking`: it stood in such a block.
SignedBlock ReadSigned(std::string_view shown, bool redacted_thinking);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_SIGNED_BLOCK_H_
