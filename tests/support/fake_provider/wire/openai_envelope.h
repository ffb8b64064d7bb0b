// What OpenAI's two formats share: the envelope of errors, and headers.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_OPENAI_ENVELOPE_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_OPENAI_ENVELOPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tollgate/demo_provider/reply.h"

namespace tollgate::wire {

// {"error": {"message", "type", "param", "code"}}.
Reply OpenAiError(int status, std::string_view message, std::optional<std::int64_t> retry_after_s);

// The rate limit's headers, with requests left or, once used up, when they come back.
std::string OpenAiHeaders(std::optional<std::int64_t> retry_after_s = std::nullopt);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_OPENAI_ENVELOPE_H_
