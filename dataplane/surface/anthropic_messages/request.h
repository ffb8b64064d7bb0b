// Reads a request for Anthropic's messages into the internal representation.
// Source: https://docs.claude.com/en/api/messages.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"
#include "dataplane/request/errors.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

// As Surface::ReadRequest().
std::optional<GatewayError> ReadMessagesRequest(std::string_view body, ir::Request& out);

// Reads one message of `messages`; appends one or more, since results of tools become messages of
// their own.
void ReadAnthropicMessage(JsonValue value, FieldReader& fields, ir::Request& out);

// Reads the texts of `system`.
void ReadAnthropicSystem(JsonValue value, FieldReader& fields, ir::Request& out);

std::optional<ir::CacheMark> ReadAnthropicCacheMark(JsonValue value);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_REQUEST_H_
