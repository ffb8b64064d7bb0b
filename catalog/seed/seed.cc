#include "catalog/seed/seed.h"

#include "absl/status/status.h"
#include "base/digest.h"
#include "catalog/seed/seed_data.h"
#include "catalog/wire/facts_proto.h"

namespace tollgate::catalog {
namespace {

constexpr std::string_view kName = "seed.binpb";

}  // namespace

std::string SeedDigest() {
  const Sha256Digest digest = Sha256(SeedData(kName));
  return HexEncode(DigestView(digest));
}

absl::StatusOr<Facts> SeedFacts() {
  const std::string_view bytes = SeedData(kName);
  v1::Facts message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InternalError("the seed catalog that is compiled in cannot be read");
  }
  return FromProto(message);
}

}  // namespace tollgate::catalog
