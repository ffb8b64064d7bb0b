// OpenAI's responses: its request, for responses.cc.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_RESPONSES_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_RESPONSES_H_

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

// InvalidArgument for what the format has not.  Earlier items (previous_response_id) must have been
// put in front of the input.
absl::StatusOr<Ask> ReadResponses(const boost::json::object& body);

// The items of a body's input, a text being a user's message.
boost::json::array InputItems(const boost::json::object& body);

// The items that an answer adds to a conversation, as Whole() shows them.
boost::json::array OutputItems(const Ask& ask, const Say& say, bool encrypted);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_RESPONSES_H_
