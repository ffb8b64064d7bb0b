// Money that a verb moves: one call of billing's, and what to say when its answer did not come.
#ifndef TOLLGATE_CLI_POST_MONEY_H_
#define TOLLGATE_CLI_POST_MONEY_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tollgate/cli/session.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::cli {

inline constexpr char kLedger[] = "tollgate.ledger.v1.LedgerService/";

// An exact decimal of USD.
std::string Usd(std::int64_t nano_usd);

// `stated`, or a new one: what makes a repetition safe.
std::string RequestIdOr(const std::string& stated);

// Calls `method` of the LedgerService, which answers with the entry that it made.  When it is not
// known whether the money moved, the error says how to try again.
absl::StatusOr<ledger::v1::Entry> PostMoney(const char* method,
                                            const google::protobuf::Message& request,
                                            const std::string& request_id, Session& session);

}  // namespace tollgate::cli

#endif  // TOLLGATE_CLI_POST_MONEY_H_
