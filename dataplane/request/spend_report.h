// What a workspace spent between two days, in rows: GET /v1/report.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SPEND_REPORT_H_
#define TOLLGATE_DATAPLANE_REQUEST_SPEND_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/money.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/record_tokens.h"

namespace tollgate::usage::v1 {
class UsageRecord;
}  // namespace tollgate::usage::v1
namespace tollgate::ledger::v1 {
class Generation;
}  // namespace tollgate::ledger::v1

namespace tollgate::dataplane {

// What is asked for, as in AI SDK's getSpendReport(): days are those of UTC.
struct ReportQuery {
  enum class Group { kDay, kHour, kUser, kModel, kTag, kProvider, kCredentialType, kKey };

  absl::Time start;  // The first day begins.
  absl::Time end;    // The last day has ended.
  Group group = Group::kDay;
  // Only generations of these; empty = all.
  std::string user;
  std::string model;
  std::string provider;
  std::string credential_type;  // "byok" or "system".
  // Only generations that have one of these tags, or all of them; empty = all generations.
  std::vector<std::string> tags;
  bool all_tags = false;

  // Reads the query of a target.  An error for a missing or malformed date, an end before its
  // start, and what cannot be told apart by records: data retention.
  static std::variant<ReportQuery, GatewayError> Read(std::string_view path_and_query);
};

// Adds generations up.  Not thread-safe.
class SpendReport {
 public:
  explicit SpendReport(ReportQuery query) : query_(std::move(query)) {}

  // Takes a generation in, if it is asked for.  False: it is older than what is asked for.
  bool Add(const ledger::v1::Generation& generation);

  // Appends `{"results":[…]}`, rows by what they are grouped by.  By tags, a generation is in the
  // row of each that it has, in that of the empty one when it has none.
  void Append(std::string& out) const;

 private:
  struct Row {
    Money charge;
    Money market;
    RecordTokens tokens;
    std::int64_t requests = 0;
  };

  bool IsAskedFor(const usage::v1::UsageRecord& record) const;

  const ReportQuery query_;
  std::map<std::string, Row> rows_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SPEND_REPORT_H_
