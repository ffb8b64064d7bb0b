#include "dataplane/meter/node_identity.h"

#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

absl::StatusOr<NodeIdentity> Begin(const std::string& folder, std::string_view boot = "boot",
                                   Durability durability = Durability::kProcess) {
  return NodeIdentity::Begin(RealFileSystem(), folder, boot, durability, 2, SystemRandom());
}

TEST(NodeIdentityTest, KeepsItsIdAndRaisesItsIncarnation) {
  TempDir dir;
  std::string id;
  for (std::uint64_t run = 1; run <= 3; ++run) {
    ASSERT_OK_AND_ASSIGN(NodeIdentity identity, Begin(dir.path()));
    if (run == 1) id = identity.node_id();
    EXPECT_EQ(identity.node_id(), id);
    EXPECT_EQ(identity.incarnation(), run);
    EXPECT_EQ(identity.former().size(), run - 1);
  }
  ASSERT_OK_AND_ASSIGN(NodeIdentity identity, Begin(dir.path()));
  EXPECT_EQ(identity.former()[1], (FormerIncarnation{2, "boot", Durability::kProcess, 2}));
  ASSERT_OK(identity.Closed(2));
  EXPECT_EQ(identity.former().size(), 2u);
}

TEST(NodeIdentityTest, KnowsWhichSegmentsItsFormerRunsBegan) {
  TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(NodeIdentity first, Begin(dir.path()));
    ASSERT_OK(first.NoteBegun({1, 1}));
    ASSERT_OK(first.NoteBegun({4, 1}));
    ASSERT_OK(first.NoteBegun({3, 2}));  // Late: the greatest counts.
  }
  ASSERT_OK(Begin(dir.path()).status());  // One that noted nothing.
  ASSERT_OK_AND_ASSIGN(NodeIdentity third, Begin(dir.path()));
  ASSERT_OK(third.NoteBegun({1, 1}));
  EXPECT_EQ(third.former(),
            (std::vector<FormerIncarnation>{{1, "boot", Durability::kProcess, 2, {4, 2}},
                                            {2, "boot", Durability::kProcess, 2}}));
  ASSERT_OK_AND_ASSIGN(const std::string text, RealFileSystem().ReadFile(dir.File("node")));
  EXPECT_THAT(text, testing::HasSubstr("former 1 boot boot durability process lanes 2 begun 4,2\n"
                                       "former 2 boot boot durability process lanes 2\n"));
}

TEST(NodeIdentityTest, OneProcessAtATime) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(NodeIdentity first, Begin(dir.path()));
  EXPECT_THAT(Begin(dir.path()).status(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(NodeIdentityTest, AfterARebootOnlyWhatWasSyncedMayBeClosed) {
  TempDir dir;
  ASSERT_OK(Begin(dir.path(), "boot-1").status());
  ASSERT_OK(Begin(dir.path(), "boot-1", Durability::kDisk).status());
  {
    ASSERT_OK_AND_ASSIGN(NodeIdentity same, Begin(dir.path(), "boot-1"));
    EXPECT_TRUE(same.MayClose(same.former()[0]));
  }
  ASSERT_OK_AND_ASSIGN(NodeIdentity other, Begin(dir.path(), "boot-2"));
  EXPECT_FALSE(other.MayClose(other.former()[0]));
  EXPECT_TRUE(other.MayClose(other.former()[1]));
}

TEST(NodeIdentityTest, ADamagedFileIsNeverStartedOver) {
  TempDir dir;
  ASSERT_OK(Begin(dir.path())->NoteBegun({1, 2}));
  const std::string path = dir.File("node");
  const std::string whole = *RealFileSystem().ReadFile(path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    ASSERT_OK(RealFileSystem().WriteFileAtomically(path, bad, kModePrivate));
    EXPECT_THAT(Begin(dir.path()).status(), StatusIs(absl::StatusCode::kDataLoss)) << i;
  }
}

TEST(NodeIdentityTest, AMissingFileBesideRecordsIsNeverStartedOver) {
  TempDir dir;
  ASSERT_OK(Begin(dir.path()).status());
  ASSERT_OK(RealFileSystem().CreateDirectories(SpoolFolder(dir.path())));
  const std::string segment = SpoolFolder(dir.path()) + "/000000000001-000-0000000001.spool";
  ASSERT_OK(RealFileSystem().WriteFileAtomically(segment, "x", kModePrivate));
  ASSERT_OK(RealFileSystem().Remove(dir.File("node")));
  EXPECT_THAT(Begin(dir.path()).status(), StatusIs(absl::StatusCode::kDataLoss));
  ASSERT_OK(RealFileSystem().Remove(segment));
  EXPECT_OK(Begin(dir.path()).status()) << "nothing is left of the node it named";
}

}  // namespace
}  // namespace tollgate::dataplane
