// Signatures on their way through a client that keeps one opaque text.
//
// A surface whose own family made a signature shows it as it is.  Another's is shown with its maker
// in front, so that it finds its way back when the client returns it on the next turn, and is never
// taken for one of the surface's own.
#ifndef TOLLGATE_DATAPLANE_IR_SIGNATURE_H_
#define TOLLGATE_DATAPLANE_IR_SIGNATURE_H_

#include <string>
#include <string_view>

#include "dataplane/ir/part.h"

namespace tollgate::dataplane::ir {

// The text to show at a surface of family `own`: the value, or "tollgate.<maker>.<value>".
std::string ShowSignature(const Signature& signature, std::string_view own);

// Whether it is a text that was shown so of another maker's, or of nobody's: the API of the
// surface's own family would not know it again.
bool IsForeignSignature(std::string_view shown);

// What such a text stands for; views into it.
Signature ReadSignature(std::string_view shown, std::string_view own);

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_SIGNATURE_H_
