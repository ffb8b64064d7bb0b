#include "proto/validate/digest.h"

#include <string>

#include "base/digest.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

using config::v1::Resource;

TEST(ResourceDigestTest, TheHashIsWhatTheProtoSays) {
  Resource resource;
  resource.mutable_workspace()->set_id("ws_1");
  resource.mutable_workspace()->set_organization_id("org_1");
  SetIdentity(resource);
  EXPECT_EQ(resource.key(), "workspace/ws_1");
  const Sha256Digest digest =
      Sha256(std::string("workspace/ws_1") + '\0' + "\x0a\x04ws_1\x12\x05org_1");
  std::uint64_t expected = 0;
  for (int i = 0; i < 8; ++i) expected |= std::uint64_t{digest[i]} << (8 * i);
  EXPECT_EQ(resource.hash(), expected);
}

TEST(ResourceDigestTest, EveryKindHasItsKey) {
  const auto key_of = [](auto set) {
    Resource resource;
    set(resource);
    return ResourceKey(resource);
  };
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_api_key()->set_id("a"); }), "key/a");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_budget()->set_id("a"); }), "budget/a");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_provider()->set_id("a"); }), "provider/a");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_credential()->set_id("a"); }), "credential/a");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_model()->set_id("v/m"); }), "model/v/m");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_offering()->set_id("p:m"); }), "offering/p:m");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_alias()->set_name("a"); }), "alias/a");
  EXPECT_EQ(key_of([](Resource& r) { r.mutable_route()->set_id("a"); }), "route/a");
  EXPECT_EQ(key_of([](Resource&) {}), "");
}

TEST(ResourceDigestTest, AnyChangeOfTheBodyChangesTheHash) {
  Resource resource;
  resource.mutable_alias()->set_name("fast");
  SetIdentity(resource);
  const std::uint64_t before = resource.hash();
  resource.mutable_alias()->add_model_ids("openai/gpt-4o");
  EXPECT_NE(ResourceHash(resource), before);
}

}  // namespace
}  // namespace tollgate
