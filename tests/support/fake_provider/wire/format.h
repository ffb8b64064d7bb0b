// A wire format of the fake provider: reads requests strictly, and writes answers and errors.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FORMAT_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FORMAT_H_

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/support/fake_provider/wire/ask.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate::wire {

// Stateless; thread-safe.
class WireFormat {
 public:
  virtual ~WireFormat() = default;

  // What response ids begin with.
  virtual std::string_view id_prefix() const = 0;

  // Reads a body.  InvalidArgument, with a sentence for the caller, for what the format has not.
  virtual absl::StatusOr<Ask> Read(const boost::json::object& body) const = 0;

  // A whole answer's body.
  virtual boost::json::object Whole(const Ask& ask, const Say& say) const = 0;

  // An answer as a stream with `interval` before each token.
  virtual Reply Stream(const Ask& ask, const Say& say, absl::Duration interval) const = 0;

  // An error in the format's envelope; with `retry_after_s`, as of a rate limit that is used up.
  virtual Reply Error(int status, std::string_view message,
                      std::optional<std::int64_t> retry_after_s) const = 0;

  // Header lines of every answer that is not an error.
  virtual std::string AnswerHeaders() const = 0;
};

// Each lives as long as the program.
const WireFormat& ChatFormat();       // POST /v1/chat/completions
const WireFormat& ResponsesFormat();  // POST /v1/responses
const WireFormat& MessagesFormat();   // POST /v1/messages
const WireFormat& GeminiFormat();     // POST /v1beta/models/M:generateContent

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FORMAT_H_
