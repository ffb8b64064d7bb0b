#include "billing/service/page.h"

#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

TEST(PageTest, Sizes) {
  EXPECT_THAT(PageSize(0), IsOkAndHolds(kPageSizeDefault));
  EXPECT_THAT(PageSize(7), IsOkAndHolds(7u));
  EXPECT_THAT(PageSize(1'000'000), IsOkAndHolds(kPageSizeMax));
  EXPECT_THAT(PageSize(-1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PageTest, TokensBelongToTheirList) {
  const std::string token = MakePageToken('a', std::string("x\0y", 3));
  EXPECT_THAT(ReadPageToken('a', token), IsOkAndHolds(std::string("x\0y", 3)));
  EXPECT_THAT(ReadPageToken('a', ""), IsOkAndHolds(""));
  EXPECT_THAT(ReadPageToken('b', token), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadPageToken('a', "%%%"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate::billing
