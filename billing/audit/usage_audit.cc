#include "billing/audit/usage_audit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "proto/validate/price_version.h"
#include "tollgate/pricing/v1/price.pb.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

// The enumerations of the wire begin with UNSPECIFIED and then name the values of base/pricing.h.
template <typename To, typename From>
absl::StatusOr<To> FromWire(From value, int last, const char* what) {
  if (static_cast<int>(value) < 1 || static_cast<int>(value) > last) {
    return absl::DataLossError(absl::StrCat("a quantity without a ", what));
  }
  return static_cast<To>(static_cast<int>(value) - 1);
}

absl::StatusOr<std::vector<Quantity>> QuantitiesOf(const UsageRecord& record) {
  std::vector<Quantity> quantities;
  for (const pricing::v1::Quantity& from : record.quantities()) {
    Quantity to;
    TG_ASSIGN_OR_RETURN(to.unit, FromWire<Unit>(from.unit(), pricing::v1::Unit_MAX, "unit"));
    TG_ASSIGN_OR_RETURN(to.direction, FromWire<Direction>(from.direction(),
                                                          pricing::v1::Direction_MAX, "direction"));
    TG_ASSIGN_OR_RETURN(to.modality, FromWire<Modality>(from.modality(), pricing::v1::Modality_MAX,
                                                        "modality"));
    TG_ASSIGN_OR_RETURN(to.cache, FromWire<CacheClass>(from.cache(), pricing::v1::CacheClass_MAX,
                                                       "cache class"));
    to.variant = from.variant();
    to.count = from.count();
    quantities.push_back(std::move(to));
  }
  return quantities;
}

std::string Usd(std::int64_t nano_usd) {
  return absl::StrCat(Money::FromNanoUsd(nano_usd).ToFixedUsdString(), " USD");
}

std::string PlaceOf(const Entry& entry, const UsageRecord& record) {
  return absl::StrCat("entry ", entry.sequence, ", generation ", record.generation_id(),
                      " attempt ", record.attempt());
}

Money SumOn(const Entry& entry, const std::string& account) {
  Money sum;
  for (const Posting& posting : entry.transfer.postings) {
    if (posting.account == account) sum = sum.TryAdd(posting.amount).value_or(Money::Max());
  }
  return sum;
}

}  // namespace

void UsageAudit::CompareEntry(const Entry& entry, const UsageRecord& record) {
  const auto place = [&] { return PlaceOf(entry, record); };
  report_.Expect(AuditCheck::kJ8,
                 entry.transfer.workspace_id == record.workspace_id() &&
                     entry.transfer.generation_id == record.generation_id(),
                 place,
                 absl::StrCat("workspace ", record.workspace_id(), ", generation ",
                              record.generation_id()),
                 absl::StrCat("workspace ", entry.transfer.workspace_id, ", generation ",
                              entry.transfer.generation_id));
  const auto on = [&](const std::string& account) {
    return [&entry, &record, account] {
      return absl::StrCat(PlaceOf(entry, record), ", account ", account);
    };
  };
  const Money charge = Money::FromNanoUsd(record.charge_nano_usd());
  const Money cost = Money::FromNanoUsd(record.cost_nano_usd());
  const std::string revenue = RevenueAccount(record.model_id());
  report_.ExpectEqual(AuditCheck::kJ8, charge, SumOn(entry, revenue), on(revenue));
  const std::string payable = PayableAccount(record.provider_id());
  report_.ExpectEqual(AuditCheck::kJ8, cost, SumOn(entry, payable), on(payable));
  // What the customer's money does not cover is the operator's.
  const std::string holds = HoldsAccount(record.workspace_id());
  const Money drawn = SumOn(entry, holds)
                          .TryAdd(SumOn(entry, std::string(kOverrunAccount)))
                          .value_or(Money::Max());
  report_.ExpectEqual(AuditCheck::kJ8, -charge, drawn, on(holds));
}

void UsageAudit::Recompute(const Entry& entry, const UsageRecord& record) {
  const auto place = [&](const char* what) {
    return [&entry, &record, what] {
      return absl::StrCat(PlaceOf(entry, record), ", ", what, " by price version ",
                          record.price_version_id());
    };
  };
  switch (record.usage_source()) {
    case usage::v1::USAGE_SOURCE_INTERRUPTED: {
      // Nobody knows what was used: the customer pays what was held, or nothing, by policy.
      const std::int64_t held = record.holds().empty() ? 0 : record.holds(0).amount_nano_usd();
      report_.Expect(AuditCheck::kPrices,
                     record.charge_nano_usd() == 0 || record.charge_nano_usd() == held,
                     place("charge of what was interrupted"),
                     absl::StrCat("the hold, ", Usd(held), ", or nothing"),
                     Usd(record.charge_nano_usd()));
      return;
    }
    case usage::v1::USAGE_SOURCE_NONE:
      report_.Expect(AuditCheck::kPrices,
                     record.charge_nano_usd() == 0 && record.cost_nano_usd() == 0,
                     place("charge of no usage"), "nothing", Usd(record.charge_nano_usd()));
      return;
    default:
      break;
  }
  const absl::StatusOr<Money> cost = CostOf(record);
  if (!cost.ok()) {
    report_.Expect(AuditCheck::kPrices, false, place("cost"), "a cost that can be computed",
                   std::string(cost.status().message()));
    return;
  }
  report_.ExpectEqual(AuditCheck::kPrices, *cost, Money::FromNanoUsd(record.cost_nano_usd()),
                      place("cost"));
  // The operator bears what failed at the provider; who brings a credential pays its provider.
  const bool free_of_charge =
      record.byok() || record.outcome() == usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR;
  report_.ExpectEqual(AuditCheck::kPrices, free_of_charge ? Money::Zero() : *cost,
                      Money::FromNanoUsd(record.charge_nano_usd()), place("charge"));
}

absl::StatusOr<Money> UsageAudit::CostOf(const UsageRecord& record) {
  TG_ASSIGN_OR_RETURN(const PriceVersion* version, FindPrice(record.price_version_id()));
  TG_ASSIGN_OR_RETURN(std::vector<Quantity> quantities, QuantitiesOf(record));
  TG_ASSIGN_OR_RETURN(
      const ServiceTier tier,
      FromWire<ServiceTier>(record.service_tier(), pricing::v1::ServiceTier_MAX, "tier"));
  const absl::Time at = absl::FromUnixSeconds(record.request_time().seconds()) +
                        absl::Nanoseconds(record.request_time().nanos());
  const std::optional<std::int64_t> input = TotalInputTokens(quantities);
  if (!input.has_value()) return absl::DataLossError("quantities that cannot be counted");
  // As when it was charged: a class without a price adds nothing (base/compiled_price.h).
  std::erase_if(quantities, [&](const Quantity& quantity) {
    return FindComponent(*version, quantity, tier, record.region(), UtcMinuteOfDay(at), *input) ==
           nullptr;
  });
  return Charge(*version, quantities, {.tier = tier, .region = record.region(), .at = at});
}

absl::StatusOr<const PriceVersion*> UsageAudit::FindPrice(const std::string& id) {
  auto found = prices_.find(id);
  if (found == prices_.end()) {
    const auto read = [&]() -> absl::StatusOr<PriceVersion> {
      const absl::StatusOr<std::string> bytes = read_price_(id);
      if (!bytes.ok()) return absl::NotFoundError("the store does not have this price version");
      pricing::v1::PriceVersion version;
      if (!version.ParseFromString(*bytes) || version.id() != id) {
        return absl::DataLossError("the store has this price version, unreadable");
      }
      return ReadPriceVersion(version);
    };
    found = prices_.emplace(id, read()).first;
  }
  TG_RETURN_IF_ERROR(found->second.status());
  return &*found->second;
}

}  // namespace tollgate::billing
