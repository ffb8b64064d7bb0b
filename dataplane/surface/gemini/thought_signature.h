// What models sign, in the one base64 text that a Gemini client keeps of a part: it comes back on
// the next turn as it went.
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_THOUGHT_SIGNATURE_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_THOUGHT_SIGNATURE_H_

#include <string>
#include <string_view>

#include "dataplane/ir/part.h"
#include "dataplane/json/text_arena.h"

namespace tollgate::dataplane {

// What every text begins with that ShowThoughtSignature() made for another maker than Google:
// "tollgate." in base64.
inline constexpr std::string_view kForeignThoughtPrefix = "dG9sbGdhdGUu";

// What one text stands for.
struct ThoughtSignature {
  ir::Signature signature;
  std::string_view redacted;  // Of a thought: what is opaque of it.
  std::string_view id;        // Of a thought: the provider's.
};

// The text for a client, base64 (RFC 4648 section 4).  Google's own signatures stand as they are;
// of another's thought there is always one, so that it is never taken for Google's.
std::string ShowThoughtSignature(const ThoughtSignature& shown);

// What such a text stands for, in either alphabet of base64; its views point into `arena` or
// `text`.
ThoughtSignature ReadThoughtSignature(std::string_view text, TextArena& arena);

// Base64 in the standard alphabet, padded: `text` itself when it is that already.
std::string_view StandardBase64(std::string_view text, TextArena& arena);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_THOUGHT_SIGNATURE_H_
