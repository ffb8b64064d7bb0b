// A provider's quirks, from the table that people review to the request that is sent: the seed
// catalog, the control plane's projection, the data plane's snapshot, the provider format.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/seed/seed.h"
#include "catalog/wire/facts_proto.h"
#include "controlplane/publish/facts.h"
#include "controlplane/publish/projection.h"
#include "controlplane/resource/world.h"
#include "dataplane/ir/omission.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/format.h"
#include "dataplane/snapshot/config_image.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/support/resources.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using testing::Contains;
using testing::UnorderedElementsAre;

// What the data plane makes of a provider that an administrator states with `stated`.
class QuirksTest : public testing::Test {
 protected:
  const dataplane::Provider* Publish(const admin::v1::Provider& stated) {
    absl::StatusOr<catalog::Facts> facts = catalog::SeedFacts();
    EXPECT_OK(facts);
    controlplane::World world;
    auto record = std::make_shared<configstore::v1::Record>();
    *record->mutable_provider() = stated;
    world.Put(std::move(record));
    absl::StatusOr<controlplane::ResourceChanges> changes =
        controlplane::ProjectAll(world, controlplane::ReadFacts(catalog::ToProto(*facts)));
    EXPECT_OK(changes);
    dataplane::ConfigImage image(dataplane::TestSealer());
    for (const auto& [key, resource] : *changes) EXPECT_OK(image.Upsert(*resource));
    absl::StatusOr<std::shared_ptr<const dataplane::Snapshot>> snapshot = image.Finish({1, 1});
    EXPECT_OK(snapshot);
    snapshot_ = *std::move(snapshot);
    return snapshot_->catalog().FindProvider(stated.id());
  }

  // The body of a request with an instruction of the developer's, a limit and a seed.
  std::string Write(const dataplane::Provider& provider, dataplane::ir::Omissions& omissions) {
    namespace ir = dataplane::ir;
    ir::Request request;
    for (const ir::Role role : {ir::Role::kDeveloper, ir::Role::kUser}) {
      ir::Message& message = request.messages.emplace_back();
      message.role = role;
      message.parts.emplace_back().body = ir::Text{"hi", {}};
    }
    request.settings.max_output_tokens = 9;
    request.settings.seed = 1;
    request.reasoning.effort = ir::Effort::kLow;
    dataplane::WrittenRequest written;
    dataplane::OpenAiChatFormat().WriteRequest(
        request, provider, {.provider_model_id = "m", .stream = true}, omissions, written);
    return written.body;
  }

  std::shared_ptr<const dataplane::Snapshot> snapshot_;
};

TEST_F(QuirksTest, TheReviewedTableReachesTheRequest) {
  admin::v1::Provider stated;
  stated.set_id("deepseek");
  const dataplane::Provider* provider = Publish(stated);
  ASSERT_NE(provider, nullptr);
  EXPECT_EQ(provider->quirks.reasoning_history, "reasoning_content");
  EXPECT_TRUE(provider->quirks.no_json_schema);
  EXPECT_THAT(provider->quirks.unsupported_parameters, Contains("seed"));
  dataplane::ir::Omissions omissions("openai_chat");
  dataplane::JsonDocument document;
  const std::string body = Write(*provider, omissions);
  ASSERT_TRUE(document.Parse(body)) << body;
  const dataplane::JsonValue root = document.root();
  EXPECT_EQ((*root["messages"].elements().begin())["role"].string(), "system");
  EXPECT_EQ(root["max_tokens"].integer(), 9);
  EXPECT_FALSE(root["seed"].exists());
  EXPECT_EQ(root["thinking"]["type"].string(), "enabled");
  std::vector<std::string> warned;
  for (const auto& warning : omissions.warnings()) warned.push_back(warning.feature);
  EXPECT_THAT(warned, UnorderedElementsAre("seed", "reasoning_effort"));
}

TEST_F(QuirksTest, WhatTheAdministratorStatesGoesBefore) {
  admin::v1::Provider stated;
  stated.set_id("deepseek");
  stated.mutable_quirks()->set_output_limit_field("max_completion_tokens");
  stated.mutable_quirks()->set_no_stream_usage(true);
  const dataplane::Provider* provider = Publish(stated);
  ASSERT_NE(provider, nullptr);
  dataplane::ir::Omissions omissions("openai_chat");
  dataplane::JsonDocument document;
  const std::string body = Write(*provider, omissions);
  ASSERT_TRUE(document.Parse(body)) << body;
  const dataplane::JsonValue root = document.root();
  EXPECT_EQ((*root["messages"].elements().begin())["role"].string(), "developer");
  EXPECT_EQ(root["max_completion_tokens"].integer(), 9);
  EXPECT_FALSE(root["stream_options"].exists());
  EXPECT_EQ(root["seed"].integer(), 1);
  EXPECT_TRUE(omissions.warnings().empty());
}

TEST_F(QuirksTest, OpenAisLimitKeepsItsNameWhateverElseIsStated) {
  admin::v1::Provider stated;
  stated.set_id("openai");
  stated.mutable_quirks()->add_unsupported_parameters("seed");
  const dataplane::Provider* provider = Publish(stated);
  ASSERT_NE(provider, nullptr);
  ASSERT_TRUE(provider->quirks.output_limit_field.empty());
  dataplane::ir::Omissions omissions("openai_chat");
  EXPECT_THAT(Write(*provider, omissions), testing::HasSubstr(R"("max_completion_tokens":9)"));
}

TEST_F(QuirksTest, AProviderWithoutAnyIsAsItsFormatHasIt) {
  admin::v1::Provider stated;
  stated.set_id("own");
  stated.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  stated.set_base_url("https://own.example.com/v1");
  const dataplane::Provider* provider = Publish(stated);
  ASSERT_NE(provider, nullptr);
  dataplane::ir::Omissions omissions("openai_chat");
  EXPECT_THAT(Write(*provider, omissions), testing::HasSubstr(R"("reasoning_effort":"low")"));
  EXPECT_TRUE(omissions.warnings().empty());
}

}  // namespace
}  // namespace tollgate
