#include "billing/audit/audit_report.h"

#include <algorithm>
#include <utility>

namespace tollgate::billing {
namespace {

struct Words {
  std::string_view id;
  std::string_view title;
};

constexpr std::array<Words, kAuditChecks> kWords = {{
    {"J1", "the postings of each entry sum to zero, and are those of its kind"},
    {"J2", "the journal is whole: no entry is missing, changed in place or unlisted"},
    {"J3", "each balance is the fold of the journal"},
    {"J4", "all accounts together sum to zero"},
    {"J5", "nothing is spent or held beyond its cap"},
    {"J6", "no idempotency key was applied twice, or with other contents"},
    {"J7", "what was granted is settled, released or outstanding"},
    {"J8", "each usage record has one entry, each entry its record; no sequence is missing"},
    {"J9", "each entry carries the hash of the one before"},
    {"J10", "times strictly increase"},
    {"PRICES", "each charge is its usage times its price version"},
}};

}  // namespace

std::string_view AuditCheckId(AuditCheck check) {
  return kWords[static_cast<std::size_t>(check)].id;
}

std::string_view AuditCheckTitle(AuditCheck check) {
  return kWords[static_cast<std::size_t>(check)].title;
}

void AuditReport::Differ(AuditCheck check, std::string where, std::string expected,
                         std::string found) {
  Tally& tally = Of(check);
  ++tally.differences;
  if (tally.first.has_value()) return;
  tally.first = AuditDifference{check, std::move(where), std::move(expected), std::move(found)};
  if (!first_.has_value()) first_ = tally.first;
}

bool AuditReport::clean() const { return !first_.has_value(); }

}  // namespace tollgate::billing
