// What an audit examined, and where the books are not what they must be.
#ifndef TOLLGATE_BILLING_AUDIT_AUDIT_REPORT_H_
#define TOLLGATE_BILLING_AUDIT_AUDIT_REPORT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/money.h"

namespace tollgate::billing {

// The invariants of the ledger, as docs/audit.md numbers them.
enum class AuditCheck : std::size_t { kJ1, kJ2, kJ3, kJ4, kJ5, kJ6, kJ7, kJ8, kJ9, kJ10, kPrices };
inline constexpr std::size_t kAuditChecks = 11;

std::string_view AuditCheckId(AuditCheck check);     // "J1" … "J10", "PRICES".
std::string_view AuditCheckTitle(AuditCheck check);  // What must be true, in a few words.

// One thing that is not as it must be.
struct AuditDifference {
  AuditCheck check = AuditCheck::kJ1;
  std::string where;  // "entry 17, account wallet/ws_1".
  std::string expected;
  std::string found;
};

// Counts, and the first difference of each check.  Not thread-safe.
class AuditReport {
 public:
  struct Tally {
    std::uint64_t examined = 0;
    std::uint64_t differences = 0;
    std::optional<AuditDifference> first;
  };

  void Differ(AuditCheck check, std::string where, std::string expected, std::string found);

  // Counts one examination; a difference unless `holds`.  The texts are only made when it is not:
  // `where` gives the place.
  template <typename Where>
  void Expect(AuditCheck check, bool holds, Where where, std::string_view expected,
              std::string_view found) {
    ++Of(check).examined;
    if (!holds) Differ(check, where(), std::string(expected), std::string(found));
  }
  template <typename Where>
  void ExpectEqual(AuditCheck check, Money expected, Money found, Where where) {
    ++Of(check).examined;
    if (expected == found) return;
    Differ(check, where(), expected.ToFixedUsdString() + " USD", found.ToFixedUsdString() + " USD");
  }

  const Tally& tally(AuditCheck check) const { return tallies_[static_cast<std::size_t>(check)]; }
  // Something that an operator should look at and that no invariant forbids.
  void Note(std::string text) { notes_.push_back(std::move(text)); }
  const std::vector<std::string>& notes() const { return notes_; }

  bool clean() const;
  // The first that was found at all; nullopt when clean.
  const std::optional<AuditDifference>& first() const { return first_; }

 private:
  Tally& Of(AuditCheck check) { return tallies_[static_cast<std::size_t>(check)]; }

  std::array<Tally, kAuditChecks> tallies_;
  std::optional<AuditDifference> first_;
  std::vector<std::string> notes_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_AUDIT_REPORT_H_
