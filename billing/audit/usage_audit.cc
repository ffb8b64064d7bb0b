#include "billing/audit/usage_audit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "proto/validate/price_version.h"
#include "proto/validate/resource.h"
#include "tollgate/pricing/v1/price.pb.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

// At some hundred bytes a component, a few megabytes.
constexpr std::size_t kPricesKeptMax = 1'000;

constexpr __int128 kPpm = 1'000'000;
constexpr __int128 kPicoPerNano = 1'000;
// What can be multiplied by any factor within 128 bits; far beyond what Money can hold.
constexpr __int128 kPicoUsdMax = static_cast<__int128>(1) << 100;

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
    TG_ASSIGN_OR_RETURN(to.modality,
                        FromWire<Modality>(from.modality(), pricing::v1::Modality_MAX, "modality"));
    TG_ASSIGN_OR_RETURN(
        to.cache, FromWire<CacheClass>(from.cache(), pricing::v1::CacheClass_MAX, "cache class"));
    to.variant = from.variant();
    to.count = std::max<std::int64_t>(from.count(), 0);  // As when it was charged.
    quantities.push_back(std::move(to));
  }
  return quantities;
}

// Half up, once, after the factor.
Money Rounded(__int128 pico_usd, std::int64_t adjust_ppm) {
  const __int128 factor = kPpm + adjust_ppm;
  if (factor <= 0) return Money::Zero();
  if (pico_usd > kPicoUsdMax) return Money::Max();
  const __int128 unit = kPicoPerNano * kPpm;
  const __int128 nano_usd = (pico_usd * factor + unit / 2) / unit;
  return Money::FromNanoUsd(
      static_cast<std::int64_t>(std::min<__int128>(nano_usd, Money::Max().nano_usd())));
}

std::string Usd(Money amount) { return absl::StrCat(amount.ToFixedUsdString(), " USD"); }

std::string PlaceOf(const Entry& entry, const UsageRecord& record) {
  return absl::StrCat("entry ", entry.sequence, ", generation ", record.generation_id(),
                      " attempt ", record.attempt());
}

Money Minus(Money a) { return Money::Zero().TrySubtract(a).value_or(Money::Max()); }
Money ChargeOf(const UsageRecord& record) { return Money::FromNanoUsd(record.charge_nano_usd()); }

void Put(Changes& changes, const std::string& account, Money amount) {
  Money& sum = changes[account];
  sum = sum.TryAdd(amount).value_or(Money::Max());
}

}  // namespace

Money DrawnOn(const UsageRecord& record, const usage::v1::Hold& hold) {
  return hold.has_drawn_nano_usd() ? Money::FromNanoUsd(hold.drawn_nano_usd()) : ChargeOf(record);
}

void PriceRules::Add(const config::v1::PriceRule& rule) {
  versions_.emplace(rule.version(), rule);
  groups_[rule.id()].emplace(rule.provider_ids().begin(), rule.provider_ids().end());
}

const config::v1::PriceRule* PriceRules::Find(const std::string& version) const {
  const auto found = versions_.find(version);
  return found == versions_.end() ? nullptr : &found->second;
}

bool PriceRules::IsNamedBy(const UsageRecord& record) const {
  std::set<Providers> groups = {{}, {record.provider_id()}};
  const auto known = groups_.find(record.price_rule_id());
  if (known != groups_.end()) groups.insert(known->second.begin(), known->second.end());
  config::v1::PriceRule rule;
  rule.set_id(record.price_rule_id());
  rule.set_adjust_ppm(record.price_adjust_ppm());
  for (const Providers& group : groups) {
    rule.clear_provider_ids();
    for (const std::string& provider : group) rule.add_provider_ids(provider);
    for (const std::string& workspace : {std::string(), record.workspace_id()}) {
      rule.set_workspace_id(workspace);
      if (PriceRuleVersion(rule) == record.price_rule_version()) return true;
    }
  }
  return false;
}

void UsageAudit::CompareEntry(const Entry& entry, const UsageRecord& record) {
  const auto place = [&] { return PlaceOf(entry, record); };
  report_.Expect(
      AuditCheck::kJ8,
      entry.transfer.workspace_id == record.workspace_id() &&
          entry.transfer.generation_id == record.generation_id() &&
          entry.usage->key_id == record.key_id() && entry.usage->attempt == record.attempt(),
      place,
      absl::StrCat("workspace ", record.workspace_id(), ", generation ", record.generation_id(),
                   ", attempt ", record.attempt(), ", key ", record.key_id()),
      absl::StrCat("workspace ", entry.transfer.workspace_id, ", generation ",
                   entry.transfer.generation_id, ", attempt ", entry.usage->attempt, ", key ",
                   entry.usage->key_id));
  const std::string holds = HoldsAccount(record.workspace_id());
  const std::string wallet = WalletAccount(record.workspace_id());
  const std::string credit = CreditAccount(record.workspace_id());
  const Changes found = ChangesOf(entry);
  // How much the lease covered, and of that how much was promotional credit, is the ledger's own:
  // all else follows from the record.
  const Money covered = Minus(ChangeOf(found, holds));
  const Money promotional = Minus(ChangeOf(found, credit));
  Money most;
  for (const usage::v1::Hold& hold : record.holds()) {
    if (hold.account() == wallet && hold.leased()) most = DrawnOn(record, hold);
  }
  most = std::min(most, ChargeOf(record));
  report_.Expect(
      AuditCheck::kJ8, covered >= Money::Zero() && covered <= most,
      [&] { return absl::StrCat(place(), ", account ", holds); },
      absl::StrCat("at most the ", Usd(most), " drawn on a lease"), Usd(covered));
  report_.Expect(
      AuditCheck::kJ8, promotional >= Money::Zero() && promotional <= covered,
      [&] { return absl::StrCat(place(), ", account ", credit); },
      absl::StrCat("at most the ", Usd(covered), " that was covered"), Usd(promotional));
  Changes expected;
  const Money cost = Money::FromNanoUsd(record.cost_nano_usd());
  Put(expected, RevenueAccount(record.model_id()), ChargeOf(record));
  Put(expected, holds, Minus(covered));
  Put(expected, std::string(kOverrunAccount),
      covered.TrySubtract(ChargeOf(record)).value_or(Money::Max()));
  Put(expected, CostAccount(record.provider_id()), Minus(cost));
  Put(expected, PayableAccount(record.provider_id()), cost);
  Put(expected, credit, Minus(promotional));
  Put(expected, std::string(kCreditUnspentAccount), promotional);
  std::erase_if(expected, [](const auto& one) { return one.second.is_zero(); });
  // The first account that differs, by name.
  Changes all = expected;
  all.insert(found.begin(), found.end());
  for (const auto& [account, amount] : all) {
    report_.ExpectEqual(
        AuditCheck::kJ8, ChangeOf(expected, account), ChangeOf(found, account),
        [&place, &account = account] { return absl::StrCat(place(), ", account ", account); });
  }
}

void UsageAudit::Recompute(const Entry& entry, const UsageRecord& record) {
  CheckRule(entry, record);
  switch (record.usage_source()) {
    case usage::v1::USAGE_SOURCE_INTERRUPTED:
      return CheckInterrupted(entry, record);
    case usage::v1::USAGE_SOURCE_NONE:
      report_.Expect(
          AuditCheck::kPrices,
          record.charge_nano_usd() == 0 && record.cost_nano_usd() == 0 &&
              record.market_cost_nano_usd() == 0,
          [&] { return absl::StrCat(PlaceOf(entry, record), ", charge of no usage"); }, "nothing",
          Usd(ChargeOf(record)));
      return CheckDraws(entry, record, Money::Zero());
    default:
      return CheckPriced(entry, record);
  }
}

// Nobody knows what was used: the customer pays what was held, or nothing, by policy.
void UsageAudit::CheckInterrupted(const Entry& entry, const UsageRecord& record) {
  const auto place = [&] {
    return absl::StrCat(PlaceOf(entry, record), ", charge of what was interrupted");
  };
  const Money held = record.holds().empty() || record.byok()
                         ? Money::Zero()
                         : Money::FromNanoUsd(record.holds(0).amount_nano_usd());
  const Money charge = ChargeOf(record);
  report_.Expect(AuditCheck::kPrices, charge.is_zero() || charge == held, place,
                 absl::StrCat("the hold, ", Usd(held), ", or nothing"), Usd(charge));
  for (const usage::v1::Hold& hold : record.holds()) {
    const Money drawn = DrawnOn(record, hold);
    const Money amount = Money::FromNanoUsd(hold.amount_nano_usd());
    report_.Expect(
        AuditCheck::kPrices, drawn.is_zero() || drawn == amount || drawn == charge,
        [&] { return absl::StrCat(place(), ", account ", hold.account()); },
        absl::StrCat("the hold, ", Usd(amount), ", or nothing"), Usd(drawn));
  }
}

void UsageAudit::CheckPriced(const Entry& entry, const UsageRecord& record) {
  const auto place = [&](const char* what) {
    return [&entry, &record, what] {
      return absl::StrCat(PlaceOf(entry, record), ", ", what, " by price version ",
                          record.price_version_id());
    };
  };
  const absl::StatusOr<__int128> pico_usd = PicoUsdOf(record);
  if (!pico_usd.ok()) {
    report_.Expect(AuditCheck::kPrices, false, place("cost"), "a cost that can be computed",
                   std::string(pico_usd.status().message()));
    return;
  }
  const Money market = Rounded(*pico_usd, 0);
  const Money price = Rounded(*pico_usd, record.price_adjust_ppm());
  report_.ExpectEqual(AuditCheck::kPrices, market,
                      Money::FromNanoUsd(record.market_cost_nano_usd()), place("market cost"));
  report_.ExpectEqual(AuditCheck::kPrices, record.byok() ? Money::Zero() : market,
                      Money::FromNanoUsd(record.cost_nano_usd()), place("cost"));
  // The operator bears what failed at the provider; who brings a credential pays its provider.
  // An attempt that was ended from outside is the operator's when it had failed before.
  const bool failed = record.outcome() == usage::v1::ATTEMPT_OUTCOME_PROVIDER_ERROR;
  const bool ended = record.outcome() == usage::v1::ATTEMPT_OUTCOME_STOPPED ||
                     record.outcome() == usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED;
  const Money charge = ChargeOf(record);
  Money drawn = failed ? Money::Zero() : price;
  if (ended && record.byok()) {
    const bool nothing =
        std::all_of(record.holds().begin(), record.holds().end(),
                    [&](const usage::v1::Hold& hold) { return DrawnOn(record, hold).is_zero(); });
    if (nothing) drawn = Money::Zero();
  } else if (ended && charge.is_zero()) {
    drawn = Money::Zero();
  }
  report_.ExpectEqual(AuditCheck::kPrices, record.byok() ? Money::Zero() : drawn, charge,
                      place("charge"));
  CheckDraws(entry, record, drawn);
}

// Whatever the rule says now, the charge was made with the version that the record names.
void UsageAudit::CheckRule(const Entry& entry, const UsageRecord& record) {
  const std::string& id = record.price_rule_id();
  const std::string& version = record.price_rule_version();
  const auto place = [&] {
    return absl::StrCat(PlaceOf(entry, record), ", price rule ", id.empty() ? "(none)" : id,
                        version.empty() ? "" : ", version ", version);
  };
  const std::string found = absl::StrCat(record.price_adjust_ppm(), " ppm");
  if (id.empty()) {
    report_.Expect(AuditCheck::kPrices, record.price_adjust_ppm() == 0 && version.empty(), place,
                   "nothing added", found);
    return;
  }
  const config::v1::PriceRule* rule = rules_.Find(version);
  if (rule == nullptr) {
    report_.Expect(AuditCheck::kPrices, rules_.IsNamedBy(record), place,
                   "a version that the store has, or that is the name of what the record says",
                   found);
    return;
  }
  report_.Expect(AuditCheck::kPrices,
                 rule->id() == id && rule->adjust_ppm() == record.price_adjust_ppm(), place,
                 absl::StrCat(rule->adjust_ppm(), " ppm by rule ", rule->id()), found);
  report_.Expect(AuditCheck::kPrices, version == PriceRuleVersion(*rule), place,
                 "contents of that name", PriceRuleVersion(*rule));
  const bool its_providers = rule->provider_ids().empty() ||
                             std::find(rule->provider_ids().begin(), rule->provider_ids().end(),
                                       record.provider_id()) != rule->provider_ids().end();
  const bool its_workspace =
      rule->workspace_id().empty() || rule->workspace_id() == record.workspace_id();
  report_.Expect(AuditCheck::kPrices, its_workspace && its_providers, place,
                 "a rule for its workspace and provider",
                 absl::StrCat("one that is not for workspace ", record.workspace_id(),
                              ", provider ", record.provider_id()));
}

// No account pays more than was held on it; what is only counted is counted whole.
void UsageAudit::CheckDraws(const Entry& entry, const UsageRecord& record, Money drawn) {
  for (const usage::v1::Hold& hold : record.holds()) {
    const Money expected =
        hold.leased() ? std::min(drawn, Money::FromNanoUsd(hold.amount_nano_usd())) : drawn;
    report_.ExpectEqual(AuditCheck::kPrices, expected, DrawnOn(record, hold), [&] {
      return absl::StrCat(PlaceOf(entry, record), ", drawn on account ", hold.account());
    });
  }
}

absl::StatusOr<__int128> UsageAudit::PicoUsdOf(const UsageRecord& record) {
  TG_ASSIGN_OR_RETURN(const PriceVersion* version, FindPrice(record.price_version_id()));
  TG_ASSIGN_OR_RETURN(const std::vector<Quantity> quantities, QuantitiesOf(record));
  TG_ASSIGN_OR_RETURN(
      const ServiceTier tier,
      FromWire<ServiceTier>(record.service_tier(), pricing::v1::ServiceTier_MAX, "tier"));
  const absl::Time at = absl::FromUnixSeconds(record.request_time().seconds()) +
                        absl::Nanoseconds(record.request_time().nanos());
  const std::optional<std::int64_t> input = TotalInputTokens(quantities);
  if (!input.has_value()) return absl::DataLossError("quantities that cannot be counted");
  __int128 sum = 0;
  for (const Quantity& quantity : quantities) {
    const PriceComponent* component =
        FindComponent(*version, quantity, tier, record.region(), UtcMinuteOfDay(at), *input);
    // As when it was charged: a class without a price adds nothing (base/compiled_price.h).
    if (component == nullptr) continue;
    const __int128 product =
        static_cast<__int128>(quantity.count) * component->price_pico_usd_per_unit;
    if (__builtin_add_overflow(sum, product, &sum)) {
      return absl::DataLossError("quantities that cost more than can be counted");
    }
  }
  return sum;
}

absl::StatusOr<const PriceVersion*> UsageAudit::FindPrice(const std::string& id) {
  auto found = prices_.find(id);
  if (found == prices_.end()) {
    if (prices_.size() == kPricesKeptMax) prices_.clear();
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
