#include "base/file_system.h"

#include <sys/stat.h>

#include <cstring>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class FileSystemTest : public testing::Test {
 protected:
  TempDir dir_;
  FileSystem& files_ = RealFileSystem();
};

TEST_F(FileSystemTest, CreatesFoldersWithParentsAndAgain) {
  const std::string path = dir_.File("a/b/c");
  EXPECT_OK(files_.CreateDirectories(path));
  EXPECT_OK(files_.CreateDirectories(path));
  EXPECT_TRUE(files_.Exists(path));
  ASSERT_OK(files_.WriteFileAtomically(dir_.File("file"), "x", kModePrivate));
  EXPECT_FALSE(files_.CreateDirectories(dir_.File("file/below")).ok());
}

TEST_F(FileSystemTest, ListsNamesSorted) {
  for (const char* name : {"b", "a", "c"}) {
    ASSERT_OK(files_.WriteFileAtomically(dir_.File(name), name, kModePrivate));
  }
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, files_.ListDirectory(dir_.path()));
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(files_.ListDirectory(dir_.File("none")), StatusIs(StatusCode::kNotFound));
}

TEST_F(FileSystemTest, WritesAtomicallyWithTheModeAndLeavesNoTemporary) {
  const std::string path = dir_.File("snapshot");
  ASSERT_OK(files_.WriteFileAtomically(path, "old", kModePrivate));
  ASSERT_OK(files_.WriteFileAtomically(path, std::string("n\0ew", 4), kModePublic));
  EXPECT_THAT(files_.ReadFile(path), IsOkAndHolds(std::string("n\0ew", 4)));
  EXPECT_THAT(files_.FileSize(path), IsOkAndHolds(4u));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, kModePublic);
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, files_.ListDirectory(dir_.path()));
  EXPECT_THAT(names, ElementsAre("snapshot"));
}

TEST_F(FileSystemTest, AFailedAtomicWriteLeavesTheOldFileAndNoTemporary) {
  // A folder cannot be replaced by a file.
  ASSERT_OK(files_.CreateDirectories(dir_.File("taken/inner")));
  EXPECT_FALSE(files_.WriteFileAtomically(dir_.File("taken"), "x", kModePrivate).ok());
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, files_.ListDirectory(dir_.path()));
  EXPECT_THAT(names, ElementsAre("taken"));
  EXPECT_THAT(files_.WriteFileAtomically(dir_.File("none/file"), "x", kModePrivate),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(FileSystemTest, MissingFilesAreNotFound) {
  const std::string path = dir_.File("none");
  EXPECT_THAT(files_.ReadFile(path), StatusIs(StatusCode::kNotFound, HasSubstr(path)));
  EXPECT_THAT(files_.FileSize(path), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files_.Remove(path), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files_.Rename(path, path), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files_.Truncate(path, 0), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files_.OpenMapped(path), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(files_.SyncDirectory(path), StatusIs(StatusCode::kNotFound));
  EXPECT_FALSE(files_.Exists(path));
}

TEST_F(FileSystemTest, AppendsAndGoesOnWhereItWas) {
  const std::string path = dir_.File("log");
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<AppendFile> file, files_.OpenAppend(path));
    EXPECT_OK(file->Append("one"));
    EXPECT_OK(file->Sync());
    EXPECT_EQ(file->size(), 3u);
    EXPECT_OK(file->Close());
  }
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<AppendFile> file, files_.OpenAppend(path));
  EXPECT_EQ(file->size(), 3u);
  EXPECT_OK(file->Append("two"));
  EXPECT_THAT(files_.ReadFile(path), IsOkAndHolds("onetwo"));
  EXPECT_OK(files_.Truncate(path, 4));
  EXPECT_THAT(files_.ReadFile(path), IsOkAndHolds("onet"));
}

TEST_F(FileSystemTest, AFullDiskIsResourceExhausted) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<AppendFile> full, files_.OpenAppend("/dev/full"));
  EXPECT_THAT(full->Append("x"), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(full->size(), 0u);
  // More than any disk has.
  const std::string path = dir_.File("huge");
  EXPECT_THAT(files_.CreateMapped(path, std::size_t{1} << 60),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_FALSE(files_.Exists(path));
}

TEST_F(FileSystemTest, MappedBytesAreTheFile) {
  const std::string path = dir_.File("segment");
  {
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<MappedFile> file, files_.CreateMapped(path, 10'000));
    ASSERT_EQ(file->bytes().size(), 10'000u);
    EXPECT_EQ(file->bytes()[9'999], std::byte{0});
    std::memcpy(file->bytes().data() + 9'000, "hello", 5);
    EXPECT_OK(file->Sync(9'000, 5));
    EXPECT_OK(file->Sync(0, 0));
    EXPECT_OK(file->Sync(0, 10'000));
    EXPECT_THAT(file->Sync(9'999, 2), StatusIs(StatusCode::kOutOfRange));
    EXPECT_THAT(file->Sync(10'001, 0), StatusIs(StatusCode::kOutOfRange));
  }
  EXPECT_THAT(files_.CreateMapped(path, 1), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<MappedFile> file, files_.OpenMapped(path));
  ASSERT_EQ(file->bytes().size(), 10'000u);
  EXPECT_EQ(std::memcmp(file->bytes().data() + 9'000, "hello", 5), 0);
}

TEST_F(FileSystemTest, FindsWhatWasWritten) {
  constexpr std::size_t kBytes = 8 << 20;
  constexpr std::size_t kAt = 5'000'000;
  const std::string path = dir_.File("mapped");
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<MappedFile> made, files_.CreateMapped(path, kBytes));
  made->bytes()[kAt] = std::byte{1};
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_LE(made->NextData(0), kAt);
    EXPECT_EQ(made->NextData(kAt), kAt);
    const std::size_t behind = made->NextData(kAt + 1);
    EXPECT_GT(behind, kAt);
    EXPECT_LE(behind, kBytes);
    EXPECT_EQ(made->NextData(kBytes), kBytes);
    ASSERT_OK_AND_ASSIGN(made, files_.OpenMapped(path));
  }
}

TEST_F(FileSystemTest, AnEmptyFileIsNotMapped) {
  ASSERT_OK(files_.WriteFileAtomically(dir_.File("empty"), "", kModePrivate));
  EXPECT_THAT(files_.OpenMapped(dir_.File("empty")), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(FileSystemTest, ALockIsHeldUntilDestruction) {
  const std::string path = dir_.File("LOCK");
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, files_.LockFile(path));
  EXPECT_THAT(files_.LockFile(path), StatusIs(StatusCode::kFailedPrecondition));
  lock.reset();
  EXPECT_OK(files_.LockFile(path));
}

}  // namespace
}  // namespace tollgate
