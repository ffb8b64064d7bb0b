#include "base/scope_ids.h"

#include <gtest/gtest.h>

#include <string>

#include "base/ids.h"

namespace tollgate {
namespace {

TEST(ScopeIdsTest, IdsAreResourceIdsWhateverTheName) {
  for (const std::string& name : {std::string("user_42"), std::string("Zoë Müller <z@x.org>"),
                                  std::string("../../etc"), std::string(256, 'x')}) {
    EXPECT_TRUE(IsValidScopeName(name)) << name;
    EXPECT_TRUE(IsValidResourceId(QuotaEntityId("ws_1", name))) << name;
    EXPECT_TRUE(IsValidResourceId(RunId("ws_1", name))) << name;
  }
}

TEST(ScopeIdsTest, IdsAreStable) {
  // Made from SHA-256("abc") by another program.
  EXPECT_EQ(HashedId("x_", "abc"), "x_q9w1dfwf077ymga183f5vbh24e");
}

TEST(ScopeIdsTest, NamesAreOneWorkspaceEach) {
  EXPECT_EQ(QuotaEntityId("ws_1", "a"), QuotaEntityId("ws_1", "a"));
  EXPECT_NE(QuotaEntityId("ws_1", "a"), QuotaEntityId("ws_2", "a"));
  EXPECT_NE(QuotaEntityId("ws_1", "a"), QuotaEntityId("ws_1", "b"));
  EXPECT_NE(QuotaEntityId("ws_1", "a").substr(3), QuotaEntityId("ws_11", "").substr(3));
}

TEST(ScopeIdsTest, RefusesNamesThatCannotBeShown) {
  EXPECT_FALSE(IsValidScopeName(""));
  EXPECT_FALSE(IsValidScopeName("a\nb"));
  EXPECT_FALSE(IsValidScopeName("a\x7f"));
  EXPECT_FALSE(IsValidScopeName("\xff\xfe"));
  EXPECT_FALSE(IsValidScopeName(std::string(257, 'x')));
}

}  // namespace
}  // namespace tollgate
