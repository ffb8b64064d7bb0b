// Gemini: its request, for gemini.cc.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_GEMINI_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_GEMINI_H_

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

// InvalidArgument for what the format has not.  Model and stream come from the path.
absl::StatusOr<Ask> ReadGemini(const boost::json::object& body);

// A body of countTokens: the same, or only its contents.
absl::StatusOr<Ask> ReadGeminiToCount(const boost::json::object& body);

// A stream without alt=sse: one JSON array, an item at a time.
Reply GeminiArrayStream(const Ask& ask, const Say& say, absl::Duration interval);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_GEMINI_H_
