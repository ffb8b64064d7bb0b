#include "billing/ingest/usage_postings.h"

#include "absl/strings/str_cat.h"

namespace tollgate::billing {

std::string UsageIdempotencyKey(const RecordKey& key) {
  return absl::StrCat("usage/", key.lane.node_id, "/", key.lane.incarnation, "/", key.lane.lane,
                      "/", key.sequence);
}

Transfer UsageTransfer(const RecordKey& key, const UsageRecordItem& record, Money leased,
                       Money credit) {
  Transfer transfer;
  transfer.kind = EntryKind::kUsage;
  transfer.workspace_id = record.workspace_id;
  transfer.idempotency_key = UsageIdempotencyKey(key);
  transfer.generation_id = record.generation_id;
  transfer.description = record.model_id;
  transfer.postings = {{HoldsAccount(record.workspace_id), -leased},
                       {RevenueAccount(record.model_id), record.charge}};
  const Money overrun = record.charge - leased;
  if (!overrun.is_zero()) transfer.postings.push_back({std::string(kOverrunAccount), -overrun});
  if (!record.cost.is_zero()) {
    transfer.postings.push_back({CostAccount(record.provider_id), -record.cost});
    transfer.postings.push_back({PayableAccount(record.provider_id), record.cost});
  }
  if (!credit.is_zero()) {
    transfer.postings.push_back({CreditAccount(record.workspace_id), -credit});
    transfer.postings.push_back({std::string(kCreditUnspentAccount), credit});
  }
  return transfer;
}

}  // namespace tollgate::billing
