// What was sent of a stream of responses that passes through, so that the event which ends it, if
// it must be stopped, holds the items and texts that came.
// Source: https://platform.openai.com/docs/api-reference/responses-streaming.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_PASSED_STREAM_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_PASSED_STREAM_H_

#include <cstddef>
#include <memory>

#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// What is remembered of one stream, in bytes: more than any text that a model writes.  Of a stream
// with more (images, for instance) the last event has no items.
inline constexpr std::size_t kPassedItemsBytesMax = 4 * 1024 * 1024;

// Walks over each event once and copies what the model wrote; makes no tree before the stop.  The
// stop closes what is open, with the events of the API, and numbers go on where the provider's
// ended.
std::unique_ptr<PassedStream> NewPassedResponses();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_RESPONSES_PASSED_STREAM_H_
