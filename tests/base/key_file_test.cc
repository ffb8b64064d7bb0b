#include "base/key_file.h"

#include <sys/stat.h>

#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using absl::StatusCode;

class KeyFileTest : public testing::Test {
 protected:
  void WriteFile(std::string_view contents, unsigned mode) {
    ASSERT_OK(RealFileSystem().WriteFileAtomically(path_, contents, mode));
  }

  TempDir dir_;
  const std::string path_ = dir_.File("key");
};

TEST_F(KeyFileTest, ReadsWhatWasWritten) {
  ASSERT_OK(WriteNewKeyFile(path_, "secret\n"));
  ASSERT_OK_AND_ASSIGN(const Secret secret, ReadKeyFile(path_));
  EXPECT_EQ(secret.Reveal(), "secret\n");
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(KeyFileTest, NeverOverwrites) {
  ASSERT_OK(WriteNewKeyFile(path_, "first"));
  EXPECT_THAT(WriteNewKeyFile(path_, "second"), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const Secret secret, ReadKeyFile(path_));
  EXPECT_EQ(secret.Reveal(), "first");
}

TEST_F(KeyFileTest, RefusesWhatOthersMayReadOrWrite) {
  for (unsigned mode : {0644u, 0604u, 0602u, 0620u, 0666u}) {
    WriteFile("secret", mode);
    EXPECT_THAT(ReadKeyFile(path_), StatusIs(StatusCode::kPermissionDenied)) << mode;
  }
  // A group may read: that is how a service user gets a key that root owns.
  for (unsigned mode : {0600u, 0400u, 0640u}) {
    WriteFile("secret", mode);
    EXPECT_OK(ReadKeyFile(path_)) << mode;
  }
}

TEST_F(KeyFileTest, RefusesWhatIsNoKeyFile) {
  EXPECT_THAT(ReadKeyFile(path_), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(ReadKeyFile(dir_.path()), StatusIs(StatusCode::kInvalidArgument));
  WriteFile("", kModePrivate);
  EXPECT_THAT(ReadKeyFile(path_), StatusIs(StatusCode::kInvalidArgument));
  WriteFile(std::string(kKeyFileBytesMax + 1, 'x'), kModePrivate);
  EXPECT_THAT(ReadKeyFile(path_), StatusIs(StatusCode::kInvalidArgument));
  WriteFile(std::string(kKeyFileBytesMax, 'x'), kModePrivate);
  EXPECT_OK(ReadKeyFile(path_));
}

}  // namespace
}  // namespace tollgate
