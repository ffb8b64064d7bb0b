// `providerMetadata.gateway`: who was tried, what it cost, and which generation it was, by the
// names that Vercel's gateway gives them.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_

#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"

namespace tollgate::dataplane {

// Writes the member `gateway` of an open object.  Costs are exact decimals of USD, as strings.
void WriteGatewayMetadata(const AnswerContext& context, const AnswerCost& cost, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_
