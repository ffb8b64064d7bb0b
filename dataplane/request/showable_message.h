// What a provider says, on its way to a client.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SHOWABLE_MESSAGE_H_
#define TOLLGATE_DATAPLANE_REQUEST_SHOWABLE_MESSAGE_H_

#include <string>

#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// A provider's message, made fit to be shown: one line of valid UTF-8, bounded, without our key or
// what looks like one.  Empty when it cannot be.
std::string ShowableMessage(std::string text, const Credential& credential);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SHOWABLE_MESSAGE_H_
