// Reads the messages of chat completions into the internal representation.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MESSAGE_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MESSAGE_H_

#include <optional>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

// Appends one message to `out`.
void ReadChatMessage(JsonValue value, FieldReader& fields, ir::Request& out);

// A `cache_control` object; nullopt for null.  What else it says is an Extra of `out`.
std::optional<ir::CacheMark> ReadChatCacheMark(JsonValue value, ir::Request& out);

// Appends the members of each family's block of `providerOptions`; the gateway's own is left out.
void ReadProviderOptions(JsonValue value, ir::Extras& extras);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_CHAT_MESSAGE_H_
