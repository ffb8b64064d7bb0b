// What is answered to what: by what a request asks for, and by a script within its last user text.
//
//   [[long N]]      N words
//   [[refuse]]      a refusal, in the format's own form
//   [[filter]]      stopped by the content filter
//   [[no tools]]    calls no tool
//   [[KIND N]]      the fault KIND of fault_plan.h with the value N, for this one answer
//
// Without a script, the first that fits:
//   tools offered, no result yet   calls every tool (one without parallel calls), at most three,
//                                  with arguments that fit its schema; a string is the last word
//                                  of the user's text
//   results of tools               "The tool says: …"
//   a schema                       JSON that fits it
//   files in the last message      "I see image/png 95 bytes sha256:0123456789abcdef."
//   else                           "You said: …"
//
// A model that is asked to think thinks first, and signs it.  A signature that comes back changed,
// or not at all with the calls to which the thought led, is an error.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SCRIPT_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SCRIPT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"
#include "tests/support/fake_provider/wire/cache_book.h"

namespace tollgate::wire {

// Tokens of each file, whatever its size.
inline constexpr std::int64_t kImageTokens = 258;
inline constexpr std::int64_t kDocumentTokens = 774;
inline constexpr std::int64_t kAudioTokens = 100;

// What the last user text's script says.
struct Script {
  std::int64_t words = 0;
  bool refuses = false;
  bool filtered = false;
  bool calls_nothing = false;
  std::vector<Fault> faults;
};

// InvalidArgument for a script that cannot be read.
absl::StatusOr<Script> ReadScript(const Ask& ask);

// Tokens of the whole request, by class, as if nothing were cached.  At least one.
DemoTokens CountInput(const Ask& ask);

// The answer, its tokens and what they are charged as.  InvalidArgument for a conversation that is
// not as the model left it.
absl::StatusOr<Say> Compose(const Ask& ask, const Script& script, const WireModel& model,
                            CacheBook& cache, std::string id, std::int64_t created);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SCRIPT_H_
