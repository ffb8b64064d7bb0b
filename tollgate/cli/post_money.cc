#include "tollgate/cli/post_money.h"

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/random.h"
#include "base/status_macros.h"

namespace tollgate::cli {

std::string Usd(std::int64_t nano_usd) { return Money::FromNanoUsd(nano_usd).ToUsdString(); }

std::string RequestIdOr(const std::string& stated) {
  return stated.empty() ? NewId("cli-", SystemRandom()) : stated;
}

absl::StatusOr<ledger::v1::Entry> PostMoney(const char* method,
                                            const google::protobuf::Message& request,
                                            const std::string& request_id, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::Entry entry;
  const absl::Status status = billing->Call(absl::StrCat(kLedger, method), request, entry);
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
    // The money may have moved: only the same id makes trying again safe.
    return absl::Status(
        status.code(),
        absl::StrCat(status.message(), "\nTo try again safely, add --request-id ", request_id));
  }
  TG_RETURN_IF_ERROR(status);
  return entry;
}

}  // namespace tollgate::cli
