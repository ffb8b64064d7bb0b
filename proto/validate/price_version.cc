#include "proto/validate/price_version.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "proto/validate/field_error.h"

namespace tollgate {
namespace {

// The enumerations of the wire begin with UNSPECIFIED and then name the same values in the same
// order as base/pricing.h.
template <typename To, typename From>
absl::Status ReadEnum(From from, int count, std::string_view field, To& to) {
  const int value = static_cast<int>(from);
  if (value < 1 || value > count) return InvalidField(field, "must be stated");
  to = static_cast<To>(value - 1);
  return absl::OkStatus();
}

static_assert(static_cast<int>(Unit::kSearch) + 1 == pricing::v1::UNIT_SEARCH);
static_assert(static_cast<int>(Direction::kOutput) + 1 == pricing::v1::DIRECTION_OUTPUT);
static_assert(static_cast<int>(Modality::kReasoning) + 1 == pricing::v1::MODALITY_REASONING);
static_assert(static_cast<int>(CacheClass::kWrite1h) + 1 == pricing::v1::CACHE_CLASS_WRITE_1H);
static_assert(static_cast<int>(ServiceTier::kPriority) + 1 == pricing::v1::SERVICE_TIER_PRIORITY);

absl::StatusOr<PriceComponent> ReadComponent(const pricing::v1::PriceComponent& from) {
  PriceComponent to;
  TG_RETURN_IF_ERROR(ReadEnum(from.unit(), pricing::v1::Unit_MAX, "unit", to.unit));
  TG_RETURN_IF_ERROR(
      ReadEnum(from.direction(), pricing::v1::Direction_MAX, "direction", to.direction));
  TG_RETURN_IF_ERROR(ReadEnum(from.modality(), pricing::v1::Modality_MAX, "modality", to.modality));
  TG_RETURN_IF_ERROR(ReadEnum(from.cache(), pricing::v1::CacheClass_MAX, "cache", to.cache));
  TG_RETURN_IF_ERROR(ReadEnum(from.tier(), pricing::v1::ServiceTier_MAX, "tier", to.tier));
  to.context_threshold_tokens = from.context_threshold_tokens();
  to.variant = from.variant();
  to.region = from.region();
  to.utc_start_minute = from.utc_start_minute();
  to.utc_end_minute = from.utc_end_minute();
  to.price_pico_usd_per_unit = from.price_pico_usd_per_unit();
  return to;
}

}  // namespace

absl::StatusOr<PriceVersion> ReadPriceVersion(const pricing::v1::PriceVersion& version) {
  PriceVersion out;
  out.id = version.id();
  const auto& time = version.effective_time();
  if (time.nanos() < 0 || time.nanos() > 999'999'999) {
    return InvalidField("effective_time", "must be a valid time");
  }
  out.effective_time = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  if (version.components().empty()) return InvalidField("components", "must not be empty");
  out.components.reserve(static_cast<std::size_t>(version.components_size()));
  for (const pricing::v1::PriceComponent& component : version.components()) {
    TG_ASSIGN_OR_RETURN(PriceComponent read, ReadComponent(component));
    out.components.push_back(std::move(read));
  }
  TG_RETURN_IF_ERROR(ValidatePriceVersion(out));
  return out;
}

}  // namespace tollgate
