// From the price version of the wire to that of the price arithmetic.
#ifndef TOLLGATE_PROTO_VALIDATE_PRICE_VERSION_H_
#define TOLLGATE_PROTO_VALIDATE_PRICE_VERSION_H_

#include "absl/status/statusor.h"
#include "base/pricing.h"
#include "tollgate/pricing/v1/price.pb.h"

namespace tollgate {

// The same prices for base/pricing.h.  InvalidArgument for a value that is not stated, an
// effective time that is not valid, no component at all, or what ValidatePriceVersion() refuses.
absl::StatusOr<PriceVersion> ReadPriceVersion(const pricing::v1::PriceVersion& version);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_PRICE_VERSION_H_
