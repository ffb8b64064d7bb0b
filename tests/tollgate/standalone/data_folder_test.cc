#include "tollgate/standalone/data_folder.h"

#include <sys/stat.h>

#include "base/api_key.h"
#include "base/seal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

unsigned ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777U;
}

TEST(DataFolder, MakesItsKeysOnce) {
  TempDir temp;
  std::string token;
  {
    ASSERT_OK_AND_ASSIGN(const DataFolder folder,
                         DataFolder::Open(RealFileSystem(), temp.File("data")));
    token = folder.admin_token().Reveal();
    EXPECT_THAT(token, StartsWith("tga_"));
    EXPECT_NE(token, folder.node_token().Reveal());
    EXPECT_OK(Peppers::Load(folder.pepper_file()).status());
    EXPECT_OK(Sealer::Load(folder.seal_key_file()).status());
    for (const std::string& file : {folder.pepper_file(), folder.seal_key_file(),
                                    folder.admin_token_file(), folder.node_token_file()}) {
      EXPECT_EQ(ModeOf(file), 0600U) << file;
    }
    EXPECT_EQ(ModeOf(temp.File("data")), 0700U);
  }
  ASSERT_OK_AND_ASSIGN(const DataFolder again,
                       DataFolder::Open(RealFileSystem(), temp.File("data")));
  EXPECT_EQ(again.admin_token().Reveal(), token);
}

TEST(DataFolder, IsForOneSuiteAtATime) {
  TempDir temp;
  ASSERT_OK_AND_ASSIGN(const DataFolder folder,
                       DataFolder::Open(RealFileSystem(), temp.File("data")));
  EXPECT_THAT(
      DataFolder::Open(RealFileSystem(), temp.File("data")).status(),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another `tollgate standalone`")));
}

TEST(DataFolder, KeepsTheDemoKey) {
  TempDir temp;
  ASSERT_OK_AND_ASSIGN(DataFolder folder, DataFolder::Open(RealFileSystem(), temp.File("data")));
  EXPECT_THAT(folder.ReadDemoKey().status(), StatusIs(absl::StatusCode::kNotFound));
  for (const char* secret : {"tg_live_one", "tg_live_two"}) {
    ASSERT_OK(folder.WriteDemoKey({.id = "demo-1", .secret = Secret(secret)}));
    ASSERT_OK_AND_ASSIGN(const DataFolder::DemoKey key, folder.ReadDemoKey());
    EXPECT_EQ(key.id, "demo-1");
    EXPECT_EQ(key.secret.Reveal(), secret);
  }
  EXPECT_EQ(ModeOf(folder.Path("demo/api-key")), 0600U);
}

}  // namespace
}  // namespace tollgate
