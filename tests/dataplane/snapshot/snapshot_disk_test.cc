#include "dataplane/snapshot/snapshot_disk.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

using Delta = config::v1::SubscribeResponse::Delta;
using config::v1::Resource;

class SnapshotDiskTest : public testing::Test {
 protected:
  // Writes `workspaces` of them as revision 1.1 and leaves the disk open.
  void WriteSnapshot(SnapshotDisk& disk, int workspaces) {
    ASSERT_OK(disk.Begin());
    digest_ = 0;
    for (int i = 0; i < workspaces; ++i) {
      const Resource resource = WorkspaceResource(absl::StrCat("ws_", i));
      ASSERT_OK(disk.Add(resource.SerializeAsString()));
      digest_ += resource.hash();
    }
    ASSERT_OK(disk.Commit({1, 1}, digest_));
    number_ = 1;
  }

  Delta NextDelta(const Resource& upsert) {
    Delta delta;
    delta.mutable_from()->set_epoch(1);
    delta.mutable_from()->set_number(number_);
    delta.mutable_to()->set_epoch(1);
    delta.mutable_to()->set_number(++number_);
    *delta.add_upserts() = upsert;
    digest_ += upsert.hash();
    delta.set_digest(digest_);
    return delta;
  }

  // What a start makes of the folder: how many resources, or nothing.
  absl::StatusOr<std::size_t> LoadCount(SnapshotDisk::Loaded* loaded = nullptr) {
    SnapshotDisk disk(RealFileSystem(), dir_.path());
    ConfigImage image(TestSealer());
    TG_ASSIGN_OR_RETURN(const SnapshotDisk::Loaded result, disk.Load(image));
    if (loaded != nullptr) *loaded = result;
    return image.resource_count();
  }

  TempDir dir_;
  std::uint64_t digest_ = 0;
  std::uint64_t number_ = 0;
};

TEST_F(SnapshotDiskTest, NothingIsNotFound) {
  EXPECT_THAT(LoadCount(), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SnapshotDiskTest, ReadsBackTheSnapshotAndItsChanges) {
  SnapshotDisk disk(RealFileSystem(), dir_.path());
  WriteSnapshot(disk, 3);
  ASSERT_OK(disk.Append(NextDelta(WorkspaceResource("ws_a"))));
  ASSERT_OK(disk.Append(NextDelta(WorkspaceResource("ws_b"))));
  SnapshotDisk::Loaded loaded;
  EXPECT_THAT(LoadCount(&loaded), IsOkAndHolds(5u));
  EXPECT_EQ(loaded.revision, (ConfigRevision{1, 3}));
  EXPECT_EQ(loaded.log_records, 2u);
  EXPECT_FALSE(loaded.log_cut);
}

// A crash at any byte of the last change: what was there before holds, and can be added to.
TEST_F(SnapshotDiskTest, ATornLogKeepsWhatIsWhole) {
  {
    SnapshotDisk disk(RealFileSystem(), dir_.path());
    WriteSnapshot(disk, 2);
    ASSERT_OK(disk.Append(NextDelta(WorkspaceResource("ws_a"))));
  }
  ASSERT_OK_AND_ASSIGN(const std::string whole,
                       RealFileSystem().ReadFile(dir_.File("snapshot.log")));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_OK(RealFileSystem().WriteFileAtomically(dir_.File("snapshot.log"), whole.substr(0, size),
                                                   kModePrivate));
    SnapshotDisk::Loaded loaded;
    ASSERT_THAT(LoadCount(&loaded), IsOkAndHolds(2u)) << size;
    EXPECT_EQ(loaded.revision, (ConfigRevision{1, 1}));
    SnapshotDisk disk(RealFileSystem(), dir_.path());
    ConfigImage image(TestSealer());
    ASSERT_OK(disk.Load(image).status());
    number_ = 1;
    digest_ = image.digest();
    ASSERT_OK(disk.Append(NextDelta(WorkspaceResource("ws_b"))));
    EXPECT_THAT(LoadCount(), IsOkAndHolds(3u)) << size;
  }
}

TEST_F(SnapshotDiskTest, ACutOrFlippedSnapshotIsNeverBelieved) {
  {
    SnapshotDisk disk(RealFileSystem(), dir_.path());
    WriteSnapshot(disk, 2);
  }
  ASSERT_OK_AND_ASSIGN(const std::string whole, RealFileSystem().ReadFile(dir_.File("snapshot")));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string cut = whole.substr(0, i);
    ASSERT_OK(RealFileSystem().WriteFileAtomically(dir_.File("snapshot"), cut, kModePrivate));
    EXPECT_FALSE(LoadCount().ok()) << "cut at " << i;
    if (i >= 12 && i < 16) continue;  // Reserved: no meaning.
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    ASSERT_OK(RealFileSystem().WriteFileAtomically(dir_.File("snapshot"), flipped, kModePrivate));
    EXPECT_FALSE(LoadCount().ok()) << "flipped at " << i;
  }
}

TEST_F(SnapshotDiskTest, ALaterFormatIsRefusedAsSuch) {
  {
    SnapshotDisk disk(RealFileSystem(), dir_.path());
    WriteSnapshot(disk, 1);
  }
  ASSERT_OK_AND_ASSIGN(std::string text, RealFileSystem().ReadFile(dir_.File("snapshot")));
  text[8] = 2;
  ASSERT_OK(RealFileSystem().WriteFileAtomically(dir_.File("snapshot"), text, kModePrivate));
  EXPECT_THAT(LoadCount(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SnapshotDiskTest, ALongLogIsMerged) {
  SnapshotDisk disk(RealFileSystem(), dir_.path());
  WriteSnapshot(disk, 10);
  // The same few again and again: the log grows, the whole does not.
  auto alias = [](int i) {
    std::vector<std::string> models;
    for (int m = 0; m < 16; ++m) models.push_back(absl::StrCat(std::string(100, 'm'), i, "/", m));
    return AliasResource(absl::StrCat("alias", i % 7), models);
  };
  constexpr int kChanges = 900;
  for (int i = 0; i < kChanges; ++i) {
    Delta delta = NextDelta(alias(i));
    if (i >= 7) digest_ -= alias(i - 7).hash();
    delta.set_digest(digest_);
    ASSERT_OK(disk.Append(delta));
  }
  SnapshotDisk::Loaded loaded;
  EXPECT_THAT(LoadCount(&loaded), IsOkAndHolds(17u));
  EXPECT_EQ(loaded.revision, (ConfigRevision{1, number_}));
  EXPECT_LT(loaded.log_records, kChanges);
}

}  // namespace
}  // namespace tollgate::dataplane
