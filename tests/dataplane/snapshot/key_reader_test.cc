#include "dataplane/snapshot/key_reader.h"

#include <string>
#include <vector>

#include "base/random.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Resource;

Resource FullKey() {
  Resource resource = KeyResource("key_full", "ws_1", {"openai/gpt", "mistral/*", "*"}, true);
  config::v1::Key& key = *resource.mutable_api_key();
  key.set_pepper_id(4'000'000'000);
  key.mutable_expire_time()->set_seconds(2'000'000'000);
  key.mutable_expire_time()->set_nanos(5);
  key.set_project_id("proj.1");
  key.set_member_id("mem-1");
  key.mutable_limits()->set_requests_per_minute(60);
  key.mutable_limits()->set_concurrent_requests(kRateLimitMax);
  key.set_manages_quotas(true);
  SetIdentity(resource);
  return resource;
}

// Expects that the key that was read is what the message says.
void ExpectIs(const WireKey& read, const Resource& resource) {
  const config::v1::Key& key = resource.api_key();
  EXPECT_EQ(read.resource_key, resource.key());
  EXPECT_EQ(read.workspace_id, key.workspace_id());
  EXPECT_EQ(read.facts.id, key.id());
  EXPECT_EQ(DigestView(read.facts.digest), key.digest());
  const absl::Time expire_time = absl::FromUnixSeconds(key.expire_time().seconds()) +
                                 absl::Nanoseconds(key.expire_time().nanos());
  EXPECT_EQ(read.facts.expire_time, key.has_expire_time() ? expire_time : absl::InfiniteFuture());
  EXPECT_EQ(read.facts.revoked, key.revoked());
  EXPECT_EQ(read.facts.project_id, key.project_id());
  EXPECT_EQ(read.facts.member_id, key.member_id());
  EXPECT_EQ(read.facts.limits,
            (RateLimits{key.limits().requests_per_minute(), key.limits().tokens_per_minute(),
                        key.limits().concurrent_requests()}));
  EXPECT_EQ(read.facts.manages_quotas, key.manages_quotas());
  EXPECT_EQ(read.facts.resource_hash, resource.hash());
  const std::vector<std::string> allowed(read.facts.allowed_models.begin(),
                                         read.facts.allowed_models.end());
  EXPECT_EQ(allowed,
            std::vector<std::string>(key.allowed_models().begin(), key.allowed_models().end()));
}

TEST(KeyReaderTest, ReadsEveryField) {
  WireKey key;
  // One after the other into the same memory: nothing of the former stays.
  for (const Resource& resource :
       {FullKey(), KeyResource("key_1", "ws_1"), KeyResource("key_2", "ws_2", {"a/b"})}) {
    const std::string bytes = resource.SerializeAsString();
    ASSERT_TRUE(ReadPlainKey(bytes, key));
    ExpectIs(key, resource);
  }
}

TEST(KeyReaderTest, LeavesAllElseToTheParser) {
  WireKey key;
  EXPECT_FALSE(ReadPlainKey("", key));
  EXPECT_FALSE(ReadPlainKey(WorkspaceResource("ws_1").SerializeAsString(), key));
  const std::string bytes = FullKey().SerializeAsString();
  EXPECT_FALSE(ReadPlainKey(bytes + std::string("\x78\x01", 2), key)) << "an unknown field";
  EXPECT_FALSE(ReadPlainKey(bytes + bytes, key)) << "all fields twice";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadPlainKey(bytes.substr(0, size), key)) << size;
  }
}

TEST(KeyReaderTest, TakesNothingThatTheValidatorRefuses) {
  const std::vector<void (*)(config::v1::Key&)> faults = {
      [](config::v1::Key& key) { key.clear_digest(); },
      [](config::v1::Key& key) { key.set_digest("short"); },
      [](config::v1::Key& key) { key.clear_pepper_id(); },
      [](config::v1::Key& key) { key.clear_workspace_id(); },
      [](config::v1::Key& key) { key.set_workspace_id("Ws"); },
      [](config::v1::Key& key) { key.set_project_id("-"); },
      [](config::v1::Key& key) { key.set_member_id(std::string(64, 'm')); },
      [](config::v1::Key& key) { key.add_allowed_models("a**"); },
      [](config::v1::Key& key) { key.mutable_expire_time()->set_nanos(1'000'000'000); },
      [](config::v1::Key& key) { key.mutable_expire_time()->set_seconds(1LL << 40); },
      [](config::v1::Key& key) { key.mutable_limits()->set_tokens_per_minute(-1); },
      [](config::v1::Key& key) { key.mutable_limits()->set_tokens_per_minute(kRateLimitMax + 1); },
      [](config::v1::Key& key) {
        for (int i = 0; i <= kAllowedModelsMax; ++i) key.add_allowed_models("a/b");
      },
  };
  WireKey key;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Resource resource = FullKey();
    faults[i](*resource.mutable_api_key());
    SetIdentity(resource);
    EXPECT_FALSE(ReadPlainKey(resource.SerializeAsString(), key)) << i;
  }
  Resource misnamed = FullKey();
  misnamed.set_key("key/key_other");
  EXPECT_FALSE(ReadPlainKey(misnamed.SerializeAsString(), key));
}

// Whatever the bytes: what is taken is what protobuf reads, and the validator has nothing against
// it.
TEST(KeyReaderTest, AgreesWithParserAndValidator) {
  SeededRandom random(11);
  const std::string good[] = {FullKey().SerializeAsString(),
                              KeyResource("key_1", "ws_1").SerializeAsString()};
  WireKey key;
  int taken = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string bytes = good[random.Below(2)];
    const std::uint64_t changes = 1 + random.Below(3);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::size_t at = random.Below(bytes.size());
      if (random.Below(2) == 0) {
        bytes[at] = static_cast<char>(random.Below(256));
      } else {
        bytes[at] = static_cast<char>(bytes[at] + (random.Below(2) == 0 ? 1 : -1));
      }
    }
    if (!ReadPlainKey(bytes, key)) continue;
    ++taken;
    Resource resource;
    ASSERT_TRUE(resource.ParseFromString(bytes));
    ASSERT_OK(ValidateResource(resource, config::v1::AUDIENCE_DATAPLANE));
    ExpectIs(key, resource);
    if (HasFailure()) return;
  }
  EXPECT_GT(taken, 500);
}

}  // namespace
}  // namespace tollgate::dataplane
