#include "base/ids.h"

#include <set>

#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace tollgate {
namespace {

TEST(UlidTest, SortsByTimeAndIsValid) {
  FakeClock clock;
  SeededRandom random(1);
  std::string before = NewUlid(clock, random);
  for (int i = 0; i < 100; ++i) {
    clock.Advance(absl::Milliseconds(1));
    const std::string after = NewUlid(clock, random);
    EXPECT_LT(before, after);
    EXPECT_TRUE(IsValidUlid(after)) << after;
    before = after;
  }
}

TEST(UlidTest, EncodesTheTimeAsTheSpecificationSays) {
  // The example of github.com/ulid/spec: 01ARZ3NDEK… is 1469922850259 ms.
  FakeClock clock(absl::FromUnixMillis(1'469'922'850'259));
  SeededRandom random(1);
  EXPECT_EQ(NewUlid(clock, random).substr(0, 10), "01ARZ3NDEK");
}

TEST(UlidTest, RefusesWhatIsNone) {
  EXPECT_TRUE(IsValidUlid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_FALSE(IsValidUlid("01ARZ3NDEKTSV4RRFFQ69G5FA"));
  EXPECT_FALSE(IsValidUlid("01ARZ3NDEKTSV4RRFFQ69G5FAU"));  // No U in the alphabet.
  EXPECT_FALSE(IsValidUlid("01arz3ndektsv4rrffq69g5fav"));
  EXPECT_FALSE(IsValidUlid("81ARZ3NDEKTSV4RRFFQ69G5FAV"));  // More than 48 bits of time.
}

TEST(IdTest, IsPrefixedValidAndUnique) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = NewId("key_", SystemRandom());
    EXPECT_EQ(id.size(), 20u);
    EXPECT_EQ(id.substr(0, 4), "key_");
    EXPECT_TRUE(IsValidResourceId(id));
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1'000u);
}

TEST(ResourceIdTest, AcceptsAndRefuses) {
  for (const char* id : {"a", "key_7f3k", "my-workspace", "v1.2", "0", "a_b-c.d"}) {
    EXPECT_TRUE(IsValidResourceId(id)) << id;
  }
  for (const char* id : {"", "-a", "a-", "_a", "a.", "A", "a b", "a/b", "a\n", "..", "ä"}) {
    EXPECT_FALSE(IsValidResourceId(id)) << id;
  }
  EXPECT_TRUE(IsValidResourceId(std::string(kResourceIdCharsMax, 'a')));
  EXPECT_FALSE(IsValidResourceId(std::string(kResourceIdCharsMax + 1, 'a')));
}

}  // namespace
}  // namespace tollgate
