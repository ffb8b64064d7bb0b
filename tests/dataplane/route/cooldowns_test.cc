#include "dataplane/route/cooldowns.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const MonotonicTime kNow = MonotonicTime::FromNanoseconds(1'000'000'000);

TEST(CooldownsTest, RestsUntilTheLatestTimeAsked) {
  Cooldowns cooldowns;
  const std::uint64_t key = CooldownKey("cred_1");
  EXPECT_FALSE(cooldowns.RestsUntil(key, kNow).has_value());
  cooldowns.Rest(key, kNow + absl::Seconds(5));
  cooldowns.Rest(key, kNow + absl::Seconds(2));
  EXPECT_EQ(cooldowns.RestsUntil(key, kNow), kNow + absl::Seconds(5));
  EXPECT_FALSE(cooldowns.RestsUntil(key, kNow + absl::Seconds(5)).has_value());
  EXPECT_FALSE(cooldowns.RestsUntil(CooldownKey("cred_2"), kNow).has_value());
  cooldowns.Clear(key);
  EXPECT_FALSE(cooldowns.RestsUntil(key, kNow).has_value());
}

TEST(CooldownsTest, AFailureRestsByTheProvidersRule) {
  Provider provider;
  provider.cooldown = absl::Seconds(5);
  Credential credential;
  credential.provider = &provider;
  credential.cooldown_key = CooldownKey("cred_1");
  Cooldowns cooldowns;
  cooldowns.RestAfterFailure(credential, std::nullopt, kNow);
  EXPECT_EQ(cooldowns.RestsUntil(credential.cooldown_key, kNow), kNow + absl::Seconds(5));
  cooldowns.RestAfterFailure(credential, absl::Hours(100), kNow);
  EXPECT_EQ(cooldowns.RestsUntil(credential.cooldown_key, kNow), kNow + absl::Hours(1));
  Cooldowns disabled;
  provider.cooldown_disabled = true;
  disabled.RestAfterFailure(credential, absl::Seconds(9), kNow);
  EXPECT_FALSE(disabled.RestsUntil(credential.cooldown_key, kNow).has_value());
}

TEST(CooldownsTest, HoldsThousandsAndNeverMistakesOneForAnother) {
  Cooldowns cooldowns;
  for (int i = 0; i < 8000; i += 2) {
    cooldowns.Rest(CooldownKey("cred_" + std::to_string(i)), kNow + absl::Seconds(1));
  }
  for (int i = 0; i < 8000; ++i) {
    EXPECT_EQ(cooldowns.RestsUntil(CooldownKey("cred_" + std::to_string(i)), kNow).has_value(),
              i % 2 == 0)
        << i;
  }
}

}  // namespace
}  // namespace tollgate::dataplane
