// Between ledger.proto and the ledger.
#ifndef TOLLGATE_BILLING_SERVICE_LEDGER_MESSAGES_H_
#define TOLLGATE_BILLING_SERVICE_LEDGER_MESSAGES_H_

#include <optional>

#include "billing/ingest/key_totals.h"
#include "billing/lease/lease.h"
#include "billing/ledger/credits.h"
#include "billing/ledger/entry.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::billing {

ledger::v1::Entry ToProto(const Entry& entry);
ledger::v1::Account ToProto(const AccountView& view);
ledger::v1::Credit ToProto(const CreditRow& row);
ledger::v1::KeyUsage ToProto(const KeyTotalsRow& row);
ledger::v1::Wallet WalletToProto(const std::string& workspace_id, const AccountRow& row,
                                 Money promotional);

// Nullopt for UNSPECIFIED and unknown values.
std::optional<EntryKind> FromProto(ledger::v1::EntryKind kind);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEDGER_MESSAGES_H_
