// OpenAI's chat completions: its request, for chat.cc.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CHAT_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CHAT_H_

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

// InvalidArgument for what the format has not.
absl::StatusOr<Ask> ReadChat(const boost::json::object& body);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_CHAT_H_
