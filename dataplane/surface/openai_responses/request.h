// Reads a responses request into the internal representation.
// Source: https://platform.openai.com/docs/api-reference/responses/create.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_REQUEST_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_REQUEST_H_

#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

// `body` was accepted by ScanResponsesRequest(), which made `scan` of it, and outlives `out`.
// Members that no field stands for are Extras of openai_responses; those that stand for input which
// only a provider of that format keeps are essential.
std::optional<GatewayError> ReadResponsesRequest(std::string_view body, const ScannedRequest& scan,
                                                 ir::Request& out);

// Reads the items of `input`: neighbours of the model's become one message, and so do neighbouring
// results of tools.  Their ids are what `scan` says is sent.
void ReadResponsesInput(JsonValue input, const ScannedRequest& scan, FieldReader& fields,
                        ir::Request& out);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_REQUEST_H_
