#include "base/error_map.h"

#include <grpcpp/support/status.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tollgate {
namespace {

constexpr char kRetryAfterKey[] = "retry_after_ms";
constexpr char kFieldKey[] = "field";
// A status travels in trailers, twice (as text and within the details), and a client refuses more
// than 8 KiB of them by default.
constexpr std::size_t kMessageBytesMax = 1024;

// The ErrorInfo of ours within the details, if any.
bool FindErrorInfo(const std::string& details, google::rpc::ErrorInfo& info) {
  google::rpc::Status status;
  if (details.empty() || !status.ParseFromString(details)) return false;
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.UnpackTo(&info) && info.domain() == kErrorDomain) return true;
  }
  return false;
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message = RepairUtf8(
      std::string_view(status.message().data(), status.message().size()), kMessageBytesMax);
  const std::string reason = ReasonOf(status);
  const std::optional<absl::Duration> retry_after = RetryAfterOf(status);
  if (reason.empty() && !retry_after.has_value()) return grpc::Status(code, message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kErrorDomain);
  if (retry_after.has_value()) {
    (*info.mutable_metadata())[kRetryAfterKey] =
        absl::StrCat(absl::ToInt64Milliseconds(*retry_after));
  }
  const std::string field = FieldOf(status);
  if (!field.empty()) (*info.mutable_metadata())[kFieldKey] = field;
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(info);
  return grpc::Status(code, message, details.SerializeAsString());
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // A peer may send a number that is no code.
  const int number = static_cast<int>(status.error_code());
  const bool is_code = number > 0 && number <= static_cast<int>(grpc::StatusCode::UNAUTHENTICATED);
  const absl::StatusCode code =
      is_code ? static_cast<absl::StatusCode>(number) : absl::StatusCode::kUnknown;
  google::rpc::ErrorInfo info;
  const bool has_info = FindErrorInfo(status.error_details(), info);
  absl::Status result = has_info && IsValidReason(info.reason())
                            ? ErrorWithReason(code, info.reason(), status.error_message())
                            : absl::Status(code, status.error_message());
  if (!has_info) return result;
  const auto retry_after = info.metadata().find(kRetryAfterKey);
  std::int64_t milliseconds = 0;
  if (retry_after != info.metadata().end() &&
      absl::SimpleAtoi(retry_after->second, &milliseconds) && milliseconds >= 0) {
    result = WithRetryAfter(std::move(result), absl::Milliseconds(milliseconds));
  }
  const auto field = info.metadata().find(kFieldKey);
  if (field != info.metadata().end()) result = WithField(std::move(result), field->second);
  return result;
}

}  // namespace tollgate
