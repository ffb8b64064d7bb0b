// Anthropic's messages: its request, for messages.cc.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_MESSAGES_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_MESSAGES_H_

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

// InvalidArgument for what the format has not.
absl::StatusOr<Ask> ReadMessages(const boost::json::object& body);

// The same for count_tokens, which takes fewer fields.
absl::StatusOr<Ask> ReadMessagesToCount(const boost::json::object& body);

// InvalidArgument for what the version 2026-10-21 takes no more.
absl::Status CheckMessagesOf2026(const boost::json::object& body);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_MESSAGES_H_
