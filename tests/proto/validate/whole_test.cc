#include "proto/validate/whole.h"

#include <memory>
#include <string>
#include <vector>

#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "proto/validate/digest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using config::v1::Resource;

// A whole configuration in which everything refers to something.
std::vector<Resource> Whole() {
  std::vector<Resource> all(8);
  all[0].mutable_workspace()->set_id("ws_1");
  all[1].mutable_api_key()->set_id("key_1");
  all[1].mutable_api_key()->set_workspace_id("ws_1");
  all[1].mutable_api_key()->set_digest("d1");
  all[2].mutable_budget()->set_id("bud_1");
  all[2].mutable_budget()->set_scope_kind(config::v1::SCOPE_KIND_KEY);
  all[2].mutable_budget()->set_scope_id("key_1");
  all[3].mutable_provider()->set_id("openai");
  all[4].mutable_credential()->set_id("cred_1");
  all[4].mutable_credential()->set_provider_id("openai");
  all[4].mutable_credential()->set_workspace_id("ws_1");
  all[5].mutable_model()->set_id("openai/gpt");
  all[6].mutable_offering()->set_id("openai:openai/gpt");
  all[6].mutable_offering()->set_provider_id("openai");
  all[6].mutable_offering()->set_model_id("openai/gpt");
  all[7].mutable_alias()->set_name("fast");
  all[7].mutable_alias()->set_workspace_id("ws_1");
  for (Resource& resource : all) SetIdentity(resource);
  return all;
}

absl::Status Validate(const std::vector<Resource>& all, std::size_t left_out = 99) {
  std::vector<const Resource*> pointers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i != left_out) pointers.push_back(&all[i]);
  }
  return ValidateWhole(pointers);
}

TEST(ValidateWholeTest, AcceptsAWholeAndNothing) {
  EXPECT_OK(Validate(Whole()));
  EXPECT_OK(ValidateWhole({}));
}

TEST(ValidateWholeTest, FindsWhateverIsMissing) {
  // Of these each is referred to: workspace, key, provider, model.
  for (std::size_t missing : {0, 1, 3, 5}) {
    const absl::Status status = Validate(Whole(), missing);
    EXPECT_EQ(ReasonOf(status), "DANGLING_REFERENCE") << missing << " " << status;
  }
  // To these nothing refers: budget, credential, offering, alias.
  for (std::size_t missing : {2, 4, 6, 7}) EXPECT_OK(Validate(Whole(), missing));
}

TEST(ValidateWholeTest, FindsWhatComesTwice) {
  std::vector<Resource> all = Whole();
  all.push_back(all[0]);
  EXPECT_EQ(ReasonOf(Validate(all)), "DUPLICATE_RESOURCE");
  all = Whole();
  all.push_back(all[1]);
  all.back().mutable_api_key()->set_id("key_2");
  SetIdentity(all.back());
  EXPECT_EQ(ReasonOf(Validate(all)), "DUPLICATE_RESOURCE");
}

}  // namespace
}  // namespace tollgate
