// How one usage record is posted.
#ifndef TOLLGATE_BILLING_INGEST_USAGE_POSTINGS_H_
#define TOLLGATE_BILLING_INGEST_USAGE_POSTINGS_H_

#include "base/money.h"
#include "billing/ingest/usage_record.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {

// The entry of a record of whose charge the wallet's lease covers `leased` (≤ charge), `credit` of
// that out of promotional credit (≤ leased):
//
//   holds/<workspace>    - leased            revenue/<model>     + charge
//   overrun              - (charge - leased)
//   cost/<provider>      - cost              payable/<provider>  + cost
//   credit/<workspace>   - credit            credit_unspent      + credit
//
// A record without charge and cost makes an entry of zeros: every attempt that reached a provider
// is in the journal once.
Transfer UsageTransfer(const RecordKey& key, const UsageRecordItem& record, Money leased,
                       Money credit = Money::Zero());

// "usage/<node>/<incarnation>/<lane>/<sequence>".
std::string UsageIdempotencyKey(const RecordKey& key);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_INGEST_USAGE_POSTINGS_H_
