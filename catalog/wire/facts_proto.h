// Facts ↔ tollgate.catalog.v1 messages.
#ifndef TOLLGATE_CATALOG_WIRE_FACTS_PROTO_H_
#define TOLLGATE_CATALOG_WIRE_FACTS_PROTO_H_

#include "absl/status/statusor.h"
#include "catalog/model/facts.h"
#include "tollgate/catalog/v1/catalog.pb.h"

namespace tollgate::catalog {

v1::Model ToProto(const Model& model);
v1::Provider ToProto(const Provider& provider);
v1::Offering ToProto(const Offering& offering);
v1::Facts ToProto(const Facts& facts);
pricing::v1::PriceVersion ToProto(const SourcedPriceVersion& sourced);

// A version without effective time gets absl::InfinitePast().  InvalidArgument for an enum value
// that is unspecified or unknown, or a time out of range; nothing else is checked
// (model/validate.h).
Model FromProto(const v1::Model& model);
absl::StatusOr<Provider> FromProto(const v1::Provider& provider);
absl::StatusOr<Offering> FromProto(const v1::Offering& offering);
absl::StatusOr<Facts> FromProto(const v1::Facts& facts);
absl::StatusOr<SourcedPriceVersion> FromProto(const pricing::v1::PriceVersion& message);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_WIRE_FACTS_PROTO_H_
