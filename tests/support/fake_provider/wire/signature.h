// The opaque signatures of a model's thoughts.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SIGNATURE_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SIGNATURE_H_

#include <string>
#include <string_view>

namespace tollgate::wire {

// Ids of calls to which a thought led begin so behind their format's prefix: "call_R…".
inline constexpr std::string_view kThoughtMark = "_R";

// Base64; a function of `seed`.
std::string Sign(std::string_view seed);

// Whether `signature` was made by Sign(), in either alphabet of base64; for `seed`, unless that is
// empty.
bool IsSigned(std::string_view signature, std::string_view seed);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_SIGNATURE_H_
