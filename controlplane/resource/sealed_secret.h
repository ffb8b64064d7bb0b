// Secrets that are stored sealed beside their resource and never read back: those of credentials
// and of webhooks.
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_SEALED_SECRET_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_SEALED_SECRET_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "controlplane/resource/kind.h"

namespace tollgate::controlplane {

// Clears `secret`, as stated for the resource "<kind>/<id>", when it is the one that the record
// has: stating it again is no change.  Compares in constant time.
void DropKnownSealedSecret(const SecretTools& tools, std::string_view kind, const std::string& id,
                           const Record& record, std::string* secret);

// Moves `secret` into the record, sealed; an empty one leaves the record's own.  InvalidArgument,
// field "secret", when there is none at all: an empty secret would open or sign for everybody.
absl::Status SealSecret(const SecretTools& tools, std::string_view kind, const std::string& id,
                        Record& record, std::string* secret);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_SEALED_SECRET_H_
