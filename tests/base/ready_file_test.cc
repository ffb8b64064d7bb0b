#include "base/ready_file.h"

#include <sys/stat.h>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

TEST(ReadyFileTest, WritesAFlatObject) {
  TempDir dir;
  const std::string path = dir.File("ready.json");
  ASSERT_OK(WriteReadyFile(RealFileSystem(), path,
                           {{"http_url", "http://127.0.0.1:1"}, {"api_key", "a\"b"}}));
  EXPECT_THAT(RealFileSystem().ReadFile(path),
              IsOkAndHolds("{\n  \"api_key\": \"a\\\"b\",\n  \"http_url\": "
                           "\"http://127.0.0.1:1\"\n}\n"));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(ReadyFileTest, EmptyIsAnObjectToo) {
  TempDir dir;
  const std::string path = dir.File("ready.json");
  ASSERT_OK(WriteReadyFile(RealFileSystem(), path, {}));
  EXPECT_THAT(RealFileSystem().ReadFile(path), IsOkAndHolds("{\n}\n"));
}

}  // namespace
}  // namespace tollgate
