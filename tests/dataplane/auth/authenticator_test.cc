#include "dataplane/auth/authenticator.h"

#include <string>
#include <type_traits>

#include "base/random.h"
#include "dataplane/snapshot/config_image.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

static_assert(!std::is_default_constructible_v<Principal>);

const std::string kPepper1(64, '1');
const std::string kPepper2(64, '2');

class AuthenticatorTest : public testing::Test {
 protected:
  AuthenticatorTest() : peppers_(*Peppers::Parse("1:" + kPepper1 + "\n2:" + kPepper2, "test")) {
    SeededRandom random(5);
    for (std::string* key : {&old_key_, &new_key_, &revoked_, &expiring_, &unknown_}) {
      *key = std::string(GenerateApiKey(random).Reveal());
    }
    ConfigImage image(TestSealer());
    CHECK(image.Upsert(WorkspaceResource("ws_1", "org_1")).ok());
    Add(image, "key_old", old_key_, 1, false, false);
    Add(image, "key_new", new_key_, 2, false, false);
    Add(image, "key_revoked", revoked_, 2, true, true);
    Add(image, "key_expiring", expiring_, 2, false, true);
    snapshot_ = *image.Finish({1, 1});
  }

  void Add(ConfigImage& image, const std::string& id, const std::string& text, std::uint32_t pepper,
           bool revoked, bool expires) {
    config::v1::Resource resource = KeyResource(id, "ws_1", {}, revoked);
    const Sha256Digest digest = *peppers_.Digest(pepper, text);
    resource.mutable_api_key()->set_digest(std::string(DigestView(digest)));
    resource.mutable_api_key()->set_pepper_id(pepper);
    if (expires) resource.mutable_api_key()->mutable_expire_time()->set_seconds(1000);
    SetIdentity(resource);
    CHECK(image.Upsert(resource).ok());
  }

  // The key's id, or the name of the error.
  std::string Try(std::string_view credential, std::int64_t now_s = 999) {
    auto result = Authenticate(credential, *snapshot_, peppers_, absl::FromUnixSeconds(now_s));
    if (auto* error = std::get_if<AuthError>(&result)) return std::string(AuthErrorName(*error));
    return std::string(std::get<Principal>(result).key_id());
  }

  Peppers peppers_;
  std::string old_key_, new_key_, revoked_, expiring_, unknown_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(AuthenticatorTest, AnswersByTable) {
  EXPECT_EQ(Try(old_key_), "key_old");
  EXPECT_EQ(Try(new_key_), "key_new");
  EXPECT_EQ(Try(""), "missing");
  EXPECT_EQ(Try("x"), "malformed");
  EXPECT_EQ(Try(std::string(100'000, 'x')), "malformed");
  EXPECT_EQ(Try(new_key_ + "x"), "malformed");
  EXPECT_EQ(Try(new_key_.substr(0, new_key_.size() - 1)), "malformed");
  EXPECT_EQ(Try(" " + new_key_), "malformed");
  EXPECT_EQ(Try(unknown_), "unknown");
  EXPECT_EQ(Try(revoked_), "revoked");
  EXPECT_EQ(Try(revoked_, 2000), "revoked");
  EXPECT_EQ(Try(expiring_), "key_expiring");
  EXPECT_EQ(Try(expiring_, 1000), "expired");
}

TEST_F(AuthenticatorTest, APrincipalSaysWhoItIs) {
  auto result = Authenticate(new_key_, *snapshot_, peppers_, absl::FromUnixSeconds(1));
  const auto* principal = std::get_if<Principal>(&result);
  ASSERT_NE(principal, nullptr);
  EXPECT_EQ(principal->workspace_id(), "ws_1");
  EXPECT_EQ(principal->organization_id(), "org_1");
}

// What a key led to before says nothing of what it leads to now.
TEST_F(AuthenticatorTest, ARememberedKeyIsLookedUpInTheSnapshotInForce) {
  RecentKeys recent;
  const auto answer = [&](const std::string& key, const Snapshot& snapshot) {
    auto result = Authenticate(key, snapshot, peppers_, absl::FromUnixSeconds(999), &recent);
    if (auto* error = std::get_if<AuthError>(&result)) return std::string(AuthErrorName(*error));
    return std::string(std::get<Principal>(result).key_id());
  };
  EXPECT_EQ(recent.Find(old_key_), nullptr);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(answer(old_key_, *snapshot_), "key_old");
    EXPECT_EQ(answer(new_key_, *snapshot_), "key_new");
    EXPECT_EQ(answer(unknown_, *snapshot_), "unknown");
    EXPECT_EQ(answer(revoked_, *snapshot_), "revoked");
    EXPECT_EQ(answer(new_key_ + "x", *snapshot_), "malformed");
  }
  ASSERT_NE(recent.Find(old_key_), nullptr);
  EXPECT_EQ(*recent.Find(old_key_), *peppers_.Digest(1, old_key_));
  EXPECT_EQ(recent.Find(unknown_), nullptr);
  EXPECT_EQ(recent.Find(revoked_), nullptr);

  ConfigImage image(TestSealer());
  ASSERT_OK(image.Upsert(WorkspaceResource("ws_1", "org_1")));
  Add(image, "key_old", old_key_, 1, true, false);
  ASSERT_OK_AND_ASSIGN(const auto later, image.Finish({1, 2}));
  EXPECT_EQ(answer(old_key_, *later), "revoked");
  EXPECT_EQ(answer(new_key_, *later), "unknown");

  ConfigImage rotated(TestSealer());
  ASSERT_OK(rotated.Upsert(WorkspaceResource("ws_1", "org_1")));
  Add(rotated, "key_old", old_key_, 2, false, false);
  ASSERT_OK_AND_ASSIGN(const auto last, rotated.Finish({1, 3}));
  EXPECT_EQ(answer(old_key_, *last), "key_old");
  EXPECT_EQ(*recent.Find(old_key_), *peppers_.Digest(2, old_key_));
}

TEST_F(AuthenticatorTest, NoNeighbourOfARememberedKeyIsTakenForIt) {
  RecentKeys recent;
  recent.Remember(new_key_, *peppers_.Digest(2, new_key_));
  for (std::size_t i = 0; i < new_key_.size(); ++i) {
    std::string other = new_key_;
    other[i] = other[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(recent.Find(other), nullptr) << i;
  }
  EXPECT_EQ(recent.Find(new_key_ + "x"), nullptr);
  EXPECT_EQ(recent.Find(new_key_.substr(1)), nullptr);
}

// Every single-character change of a good key is refused.
TEST_F(AuthenticatorTest, RefusesEveryNeighbourOfAKey) {
  for (std::size_t i = 0; i < new_key_.size(); ++i) {
    std::string other = new_key_;
    other[i] = other[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(Try(other), "malformed") << i;
  }
}

TEST_F(AuthenticatorTest, TheKeyOfADisabledMemberIsRefusedAsRevoked) {
  for (const bool disabled : {false, true}) {
    ConfigImage image(TestSealer());
    ASSERT_OK(image.Upsert(WorkspaceResource("ws_1", "org_1")));
    config::v1::Resource member = MemberResource("mem_1", "ws_1", disabled);
    member.mutable_member()->mutable_limits()->set_requests_per_minute(5);
    SetIdentity(member);
    ASSERT_OK(image.Upsert(member));
    config::v1::Resource key = KeyResource("key_1", "ws_1");
    key.mutable_api_key()->set_digest(std::string(DigestView(*peppers_.Digest(2, new_key_))));
    key.mutable_api_key()->set_pepper_id(2);
    key.mutable_api_key()->set_member_id("mem_1");
    key.mutable_api_key()->set_project_id("proj_1");
    SetIdentity(key);
    ASSERT_OK(image.Upsert(key));
    ASSERT_OK_AND_ASSIGN(snapshot_, image.Finish({1, 1}));
    EXPECT_EQ(Try(new_key_), disabled ? "revoked" : "key_1");
    if (disabled) continue;
    const auto result = Authenticate(new_key_, *snapshot_, peppers_, absl::FromUnixSeconds(1));
    const Principal& principal = std::get<Principal>(result);
    EXPECT_EQ(principal.member_id(), "mem_1");
    EXPECT_EQ(principal.project_id(), "proj_1");
    EXPECT_EQ(principal.member_limits().requests_per_minute, 5);
    EXPECT_EQ(principal.key_limits(), RateLimits());
  }
}

}  // namespace
}  // namespace tollgate::dataplane
