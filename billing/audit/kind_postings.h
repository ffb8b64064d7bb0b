// Which accounts an entry of each kind moves, and how: the table of docs/formats/journal.md.
#ifndef TOLLGATE_BILLING_AUDIT_KIND_POSTINGS_H_
#define TOLLGATE_BILLING_AUDIT_KIND_POSTINGS_H_

#include <map>
#include <optional>
#include <string>

#include "billing/lease/lease.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {

// What an entry does to each account, those that it leaves alone left out.  Saturates.
using Changes = std::map<std::string, Money>;
Changes ChangesOf(const Entry& entry);
Money ChangeOf(const Changes& changes, const std::string& account);  // Zero when it has none.

// What an entry of its kind does that moves as much money of its workspace: who reads the journal
// can tell from the wallet (of usage: from what it takes out of holds and credit) what must be on
// the other side.  Usage needs its record: billing/audit/usage_audit.h.
Changes ExpectedChanges(const Entry& entry, const Changes& found);

// Which lease a resolution's key names; nullopt when it is that of no resolution of this sequence.
std::optional<LeaseKey> ResolvedLease(const Entry& entry);

// Whether the sign of what an entry of this kind moves is as it must be.
bool MovesTheRightWay(const Entry& entry, const Changes& found);

// "wallet/ws +5.000000000, cash -5.000000000", for reports.
std::string ChangesText(const Changes& changes);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_AUDIT_KIND_POSTINGS_H_
