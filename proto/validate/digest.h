// The identity and the digest of published resources, equal on both ends of the wire.
#ifndef TOLLGATE_PROTO_VALIDATE_DIGEST_H_
#define TOLLGATE_PROTO_VALIDATE_DIGEST_H_

#include <cstdint>
#include <string>

#include "tollgate/config/v1/config.pb.h"

namespace tollgate {

// "<kind>/<id>" of the resource's body, for example "key/key_7f3…" or "offering/openai:openai/gpt".
// An alias's id is its name.  Empty when there is no body.
std::string ResourceKey(const config::v1::Resource& resource);

// What `resource.hash` is to be (config.proto), computed from `resource.key` and the body.
std::uint64_t ResourceHash(const config::v1::Resource& resource);

// Sets key and hash from the body.
void SetIdentity(config::v1::Resource& resource);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_DIGEST_H_
