// Reads the body of POST …/language-model, the AI SDK's call options as JSON, into the internal
// representation.  The shapes of the specifications 2, 3 and 4 are all taken, whichever the client
// says that it speaks: they do not contradict each other.
// Source: @ai-sdk/provider, LanguageModelV2CallOptions to V4.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/request/errors.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

std::optional<GatewayError> ReadGatewayRequest(std::string_view body, ir::Request& out);

// Appends one message of `prompt`.
void ReadGatewayMessage(JsonValue value, FieldReader& fields, ir::Request& out);

// A `cacheControl` within one of the families' blocks of `providerOptions`; nullopt for none.
std::optional<ir::CacheMark> ReadGatewayCacheMark(JsonValue provider_options);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_REQUEST_H_
