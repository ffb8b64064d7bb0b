#include "tests/support/fake_provider/wire/signature.h"

#include <algorithm>

#include "base/digest.h"

namespace tollgate::wire {
namespace {

constexpr std::string_view kKey = "a key that only this provider has";
constexpr std::size_t kDigestBytes = 18;

std::string Digest(std::string_view key, std::string_view text) {
  return std::string(DigestView(HmacSha256(key, text)).substr(0, kDigestBytes));
}

}  // namespace

// Two digests: one of the seed, and one of that, which proves that it was made here.
std::string Sign(std::string_view seed) {
  const std::string first = Digest("seed", seed);
  return Base64Encode(first + Digest(kKey, first));
}

bool IsSigned(std::string_view signature, std::string_view seed) {
  std::string standard(signature);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  const auto bytes = Base64Decode(standard);
  if (!bytes.ok() || bytes->size() != 2 * kDigestBytes) return false;
  const std::string first = bytes->substr(0, kDigestBytes);
  if (bytes->substr(kDigestBytes) != Digest(kKey, first)) return false;
  return seed.empty() || first == Digest("seed", seed);
}

}  // namespace tollgate::wire
