#include "base/error_map.h"

#include <grpcpp/support/status.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

TEST(ErrorMapTest, EveryCodeCrossesUnchanged) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_OK(FromGrpc(grpc::Status::OK));
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    EXPECT_EQ(ToGrpc(status).error_code(), code);
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status);
  }
}

TEST(ErrorMapTest, ReasonAndRetryAfterCross) {
  const absl::Status status = WithRetryAfter(
      ErrorWithReason(absl::StatusCode::kResourceExhausted, "TEMPORARILY_RESERVED", "Wait."),
      absl::Milliseconds(150));
  const absl::Status back = FromGrpc(ToGrpc(status));
  EXPECT_EQ(back, status);
  EXPECT_EQ(ReasonOf(back), "TEMPORARILY_RESERVED");
  EXPECT_EQ(RetryAfterOf(back), absl::Milliseconds(150));
}

TEST(ErrorMapTest, TheWireIsAnErrorInfoOfOurDomain) {
  const grpc::Status status =
      ToGrpc(ErrorWithReason(absl::StatusCode::kNotFound, "NO_SUCH_KEY", "No such key."));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), 5);
  EXPECT_EQ(details.message(), "No such key.");
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "NO_SUCH_KEY");
  EXPECT_EQ(info.domain(), "tollgate");
}

TEST(ErrorMapTest, HostileDetailsAreIgnored) {
  const auto reason_of = [](const std::string& details) {
    return ReasonOf(FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "x", details)));
  };
  EXPECT_EQ(reason_of("not a message"), "");
  google::rpc::ErrorInfo info;
  info.set_reason("THEIRS");
  info.set_domain("elsewhere");
  google::rpc::Status details;
  details.add_details()->PackFrom(info);
  EXPECT_EQ(reason_of(details.SerializeAsString()), "");
  info.set_domain("tollgate");
  info.set_reason("not valid");
  details.mutable_details(0)->PackFrom(info);
  EXPECT_EQ(reason_of(details.SerializeAsString()), "");
  EXPECT_EQ(FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(31), "x")).code(),
            absl::StatusCode::kUnknown);
}

TEST(ErrorMapTest, ALongOrMalformedMessageIsCutAndMended) {
  const grpc::Status status = ToGrpc(absl::InternalError(std::string(5'000, 'x')));
  EXPECT_EQ(status.error_message().size(), 1'024u);
  EXPECT_EQ(ToGrpc(absl::InternalError("a\xFF")).error_message(), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace tollgate
