#include "billing/lease/node_roster.h"

#include "base/status_reason.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

TEST(NodeRosterTest, ALaterIncarnationReplacesAFormerOne) {
  NodeRoster roster;
  bool changed = false;
  EXPECT_OK(roster.Admit({"n", 1, "a"}, &changed));
  EXPECT_TRUE(changed);
  EXPECT_OK(roster.Admit({"n", 1, "a"}, &changed));
  EXPECT_FALSE(changed);
  EXPECT_OK(roster.Admit({"n", 3, "b"}, &changed));
  EXPECT_TRUE(changed);
  EXPECT_EQ(roster.LatestIncarnation("n"), 3u);
  EXPECT_EQ(ReasonOf(roster.Admit({"n", 2, "c"}, &changed)), "STALE_INCARNATION");
}

TEST(NodeRosterTest, ASecondProcessOfOneIncarnationIsRefused) {
  NodeRoster roster;
  bool changed = false;
  EXPECT_OK(roster.Admit({"n", 1, ""}, &changed));  // The lease stream may come first, unsigned.
  EXPECT_OK(roster.Admit({"n", 1, "a"}, &changed));
  EXPECT_TRUE(changed);
  EXPECT_EQ(ReasonOf(roster.Admit({"n", 1, "b"}, &changed)), "SOURCE_IN_USE");
  EXPECT_OK(roster.Admit({"n", 1, "a"}, &changed));
}

TEST(NodeRosterTest, RefusesWhatNoNodeSends) {
  NodeRoster roster;
  bool changed = false;
  const std::string long_text(65, 'x');
  for (const NodeRow& hello : {NodeRow{"", 1, ""}, NodeRow{long_text, 1, ""}, NodeRow{"n", 0, ""},
                               NodeRow{"n", 1, long_text}}) {
    EXPECT_THAT(roster.Admit(hello, &changed), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(NodeRosterTest, CountsStreams) {
  NodeRoster roster;
  roster.AddStream("n", 1);
  roster.AddStream("n", 1);
  roster.AddStream("n", -1);
  EXPECT_TRUE(roster.IsConnected("n"));
  roster.AddStream("n", -1);
  EXPECT_FALSE(roster.IsConnected("n"));
  EXPECT_EQ(roster.connected_count(), 0u);
}

}  // namespace
}  // namespace tollgate::billing
