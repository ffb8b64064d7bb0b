#include "dataplane/snapshot/key_table.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/random.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

KeyFacts Facts(const std::string& id, std::string_view digest_of, std::uint32_t workspace = 0) {
  KeyFacts facts;
  facts.id = id;
  facts.digest = Sha256(digest_of);
  facts.workspace = workspace;
  facts.resource_hash = 7;
  return facts;
}

TEST(KeyTableTest, FindsByDigestAndById) {
  KeyTable table;
  const std::string id = "key_a";
  KeyFacts facts = Facts(id, "secret a", 3);
  facts.expire_time = absl::FromUnixSeconds(100);
  facts.allowed_models = {"openai/*", "x/y"};
  ASSERT_TRUE(table.Upsert(facts));
  const auto key = table.Find(Sha256("secret a"));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->id(), "key_a");
  EXPECT_EQ(key->workspace(), 3u);
  EXPECT_FALSE(key->revoked());
  EXPECT_FALSE(key->ExpiredAt(absl::FromUnixSeconds(99)));
  EXPECT_TRUE(key->ExpiredAt(absl::FromUnixSeconds(100)));
  EXPECT_TRUE(key->Allows("openai/gpt"));
  EXPECT_TRUE(key->Allows("x/y"));
  EXPECT_FALSE(key->Allows("x/yz"));
  EXPECT_FALSE(key->Allows("open"));
  EXPECT_EQ(key->AllowedModels(), (std::vector<std::string>{"openai/*", "x/y"}));
  EXPECT_TRUE(table.FindById("key_a").has_value());
  EXPECT_FALSE(table.FindById("key_b").has_value());
  EXPECT_FALSE(table.Find(Sha256("secret b")).has_value());
}

TEST(KeyTableTest, RefusesTheDigestOfAnotherKey) {
  KeyTable table;
  ASSERT_TRUE(table.Upsert(Facts("key_a", "s")));
  EXPECT_FALSE(table.Upsert(Facts("key_b", "s")));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.Find(Sha256("s"))->id(), "key_a");
}

TEST(KeyTableTest, AKeyMayChangeItsDigest) {
  KeyTable table;
  ASSERT_TRUE(table.Upsert(Facts("key_a", "old")));
  ASSERT_TRUE(table.Upsert(Facts("key_a", "new")));
  EXPECT_FALSE(table.Find(Sha256("old")).has_value());
  EXPECT_EQ(table.Find(Sha256("new"))->id(), "key_a");
  EXPECT_EQ(table.size(), 1u);
}

// Random edits against a plain map; every copy that was taken keeps what it had.
TEST(KeyTableTest, AgreesWithAMapAndNeverChangesACopy) {
  SeededRandom random(1);
  KeyTable table;
  std::map<std::string, std::string> model;  // Id → what its digest is of.
  std::vector<std::pair<KeyTable, std::map<std::string, std::string>>> copies;
  for (int step = 0; step < 6000; ++step) {
    const std::string id = absl::StrCat("key_", random.Below(400));
    if (random.Below(3) == 0) {
      EXPECT_EQ(table.Remove(id), model.erase(id) == 1);
    } else {
      const std::string secret = absl::StrCat(id, "/", random.Below(3));
      ASSERT_TRUE(table.Upsert(Facts(id, secret)));
      model[id] = secret;
    }
    if (step % 500 == 0) {
      copies.emplace_back(table, model);
      table.BeginEdit();
    }
  }
  copies.emplace_back(table, model);
  for (const auto& [copy, expected] : copies) {
    EXPECT_EQ(copy.size(), expected.size());
    for (int i = 0; i < 400; ++i) {
      const std::string id = absl::StrCat("key_", i);
      auto it = expected.find(id);
      for (int version = 0; version < 3; ++version) {
        const std::string secret = absl::StrCat(id, "/", version);
        EXPECT_EQ(copy.Find(Sha256(secret)).has_value(),
                  it != expected.end() && it->second == secret);
      }
      EXPECT_EQ(copy.FindById(id).has_value(), it != expected.end());
    }
  }
}

// What is appended is found as if each had been put in, and can be edited.
TEST(KeyTableTest, AppendedKeysAreFoundOnceTheyAreIndexed) {
  constexpr int kKeys = 20'000;
  for (const std::size_t expected : {std::size_t{0}, std::size_t{kKeys}, std::size_t{1} << 60}) {
    KeyTable table;
    table.Expect(expected);
    for (int i = 0; i < kKeys; ++i) {
      const std::string id = absl::StrCat("key_", i);
      table.Append(Facts(id, absl::StrCat("secret/", i), static_cast<std::uint32_t>(i)));
    }
    EXPECT_FALSE(table.Index().has_value());
    EXPECT_EQ(table.size(), static_cast<std::size_t>(kKeys));
    for (int i = 0; i < kKeys; ++i) {
      const std::string id = absl::StrCat("key_", i);
      const std::optional<KeyRef> found = table.Find(Sha256(absl::StrCat("secret/", i)));
      ASSERT_TRUE(found.has_value());
      EXPECT_EQ(found->id(), id);
      EXPECT_EQ(found->workspace(), static_cast<std::uint32_t>(i));
      ASSERT_TRUE(table.FindById(id).has_value());
    }
    EXPECT_FALSE(table.FindById("key_none").has_value());
    KeyTable edited = table;
    edited.BeginEdit();
    EXPECT_TRUE(edited.Remove("key_7"));
    EXPECT_FALSE(edited.Upsert(Facts("key_new", "secret/8")));
    EXPECT_TRUE(edited.Upsert(Facts("key_8", "secret/new")));
    EXPECT_FALSE(edited.FindById("key_7").has_value());
    EXPECT_TRUE(table.FindById("key_7").has_value());
    EXPECT_FALSE(table.Find(Sha256("secret/new")).has_value());
  }
}

TEST(KeyTableTest, WhatIsAppendedTwiceIsNamed) {
  for (const auto& [id, secret] : {std::pair("key_5", "secret/new"), std::pair("key_5", "secret/5"),
                                   std::pair("key_new", "secret/5")}) {
    KeyTable table;
    for (int i = 0; i < 10; ++i) {
      const std::string other = absl::StrCat("key_", i);
      table.Append(Facts(other, absl::StrCat("secret/", i)));
    }
    table.Append(Facts(id, secret));
    const std::optional<KeyRef> twice = table.Index();
    ASSERT_TRUE(twice.has_value()) << id << " " << secret;
    EXPECT_TRUE(twice->id() == "key_5" || twice->id() == "key_new");
  }
}

TEST(KeyTableTest, AHundredThousandKeysAreSmallAndOneIsRevokedQuickly) {
  constexpr int kKeys = 100'000;
  const absl::Time begin = absl::Now();
  KeyTable table;
  for (int i = 0; i < kKeys; ++i) {
    const std::string id = absl::StrCat("key_0123456789", 100'000 + i);
    ASSERT_TRUE(table.Upsert(Facts(id, id, static_cast<std::uint32_t>(i % 1000))));
  }
  const absl::Duration build = absl::Now() - begin;
  // The arrays of shards do not grow with the number of keys.
  const double fixed = static_cast<double>(KeyTable().MemoryBytes());
  const double per_key = (static_cast<double>(table.MemoryBytes()) - fixed) / kKeys;
  const absl::Time edit_begin = absl::Now();
  KeyTable edited = table;
  edited.BeginEdit();
  const std::string id = "key_0123456789150000";
  KeyFacts facts = Facts(id, id);
  facts.revoked = true;
  ASSERT_TRUE(edited.Upsert(facts));
  const absl::Duration edit = absl::Now() - edit_begin;
  std::printf("keys %d: build %s, %.0f bytes/key; revoke one: %s\n", kKeys,
              absl::FormatDuration(build).c_str(), per_key, absl::FormatDuration(edit).c_str());
  RecordProperty("bytes_per_key", static_cast<int>(per_key));
  EXPECT_LT(per_key, 200.0);
  EXPECT_LT(edit, absl::Milliseconds(50));
  EXPECT_TRUE(edited.FindById(id)->revoked());
  EXPECT_FALSE(table.FindById(id)->revoked());
}

}  // namespace
}  // namespace tollgate::dataplane
