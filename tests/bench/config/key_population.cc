#include "tests/bench/config/key_population.h"

#include <cstdio>

#include "base/check.h"
#include "base/digest.h"
#include "base/random.h"
#include "proto/validate/digest.h"

namespace tollgate::bench {
namespace {

// Like NewId(): random, and the same at every run.
std::string IdOf(const char* prefix, std::size_t number) {
  SeededRandom random(number * 2 + (prefix[0] == 'k' ? 1 : 0));
  char text[40];
  std::snprintf(text, sizeof(text), "%s_%016llx", prefix,
                static_cast<unsigned long long>(random.Next64()));
  return text;
}

}  // namespace

const Peppers& BenchPeppers() {
  static const Peppers peppers = [] {
    auto parsed = Peppers::Parse("1:" + std::string(64, 'a'), "bench");
    CHECK(parsed.ok()) << parsed.status();
    return *std::move(parsed);
  }();
  return peppers;
}

std::string KeyText(std::size_t number) {
  SeededRandom random(number + 1'000'000'000);
  const Secret key = GenerateApiKey(random);
  return std::string(key.Reveal());
}

config::v1::Resource WorkspaceOf(std::size_t number) {
  config::v1::Resource resource;
  resource.mutable_workspace()->set_id(IdOf("ws", number));
  resource.mutable_workspace()->set_organization_id("org-bench");
  SetIdentity(resource);
  return resource;
}

config::v1::Resource KeyOf(std::size_t number, bool revoked) {
  config::v1::Resource resource;
  config::v1::Key* key = resource.mutable_api_key();
  key->set_id(IdOf("key", number));
  key->set_workspace_id(IdOf("ws", number / kKeysPerWorkspace));
  const auto digest = BenchPeppers().Digest(1, KeyText(number));
  key->set_digest(std::string(DigestView(*digest)));
  key->set_pepper_id(1);
  key->set_revoked(revoked);
  if (number % 10 == 0) {
    key->add_allowed_models("bench/chat");
    key->add_allowed_models("bench/large-*");
  }
  if (number % 10 == 1) key->mutable_expire_time()->set_seconds(2'000'000'000);
  SetIdentity(resource);
  return resource;
}

}  // namespace tollgate::bench
