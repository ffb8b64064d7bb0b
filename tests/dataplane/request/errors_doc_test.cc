// Holds docs/errors.md to the table.
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/string_views.h"
#include "dataplane/request/errors.h"
#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

TEST(ErrorsDocTest, EveryRowIsDescribedWithItsType) {
  ASSERT_OK_AND_ASSIGN(const std::string page,
                       RealFileSystem().ReadFile(TOLLGATE_SOURCE_DIR "/docs/errors.md"));
  for (const ErrorRow& row : ErrorTable()) {
    const std::size_t at = page.find(absl::StrCat("| `", AbslView(row.name), "`"));
    ASSERT_NE(at, std::string::npos) << row.name;
    const std::string line = page.substr(at, page.find('\n', at) - at);
    EXPECT_THAT(line, testing::HasSubstr(absl::StrCat("`", AbslView(row.type), "`"))) << row.name;
    const bool says_yes = line.find("| yes |") != std::string::npos;
    EXPECT_EQ(says_yes, row.client_may_retry) << row.name;
    if (row.code == ErrorCode::kProviderRejected || row.code == ErrorCode::kStreamInterrupted) {
      continue;  // Their status is the provider's, or none.
    }
    EXPECT_THAT(line, testing::HasSubstr(absl::StrCat("| ", row.status))) << row.name;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
