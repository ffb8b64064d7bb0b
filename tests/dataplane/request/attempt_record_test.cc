#include "dataplane/request/attempt_record.h"

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/meter/lane.h"
#include "dataplane/meter/segment.h"
#include "dataplane/request/scanned_request.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {
namespace {

using usage::v1::UsageRecord;

UsageRecord Parsed(std::string_view bytes) {
  UsageRecord record;
  EXPECT_TRUE(record.ParseFromString(std::string(bytes)));
  return record;
}

class AttemptRecordTest : public testing::Test {
 protected:
  AttemptRecordTest() {
    parts_[0] = {&wallet_, Money::FromNanoUsd(1'234'567), true, 7};
    parts_[1] = {&soft_, Money::FromNanoUsd(1'234'567), false, 0};
    start_ = {.generation_id = "gen_1",
              .attempt = 2,
              .organization_id = "org",
              .workspace_id = "ws",
              .key_id = "key",
              .requested_model = "acme/small",
              .model_id = "acme/small-1",
              .provider_id = "acme",
              .offering_id = "acme-small",
              .credential_id = "cred",
              .byok = true,
              .price_version_id = "pv_1",
              .request_time = absl::FromUnixNanos(1'700'000'000'123'456'789),
              .attempt_start_us = 42,
              .streamed = true,
              .surface = "openai_chat",
              .user = "somebody",
              .tags = tags_,
              .region = "eu",
              .project_id = "project",
              .member_id = "member",
              .quota_entity = "entity",
              .run = "run",
              .price_rule_id = "rule",
              .price_rule_version = "prv_1",
              .price_adjust_ppm = -50'000};
    outcome_ = {.outcome = usage::v1::ATTEMPT_OUTCOME_SUCCESS,
                .attempts = 2,
                .holds = parts_,
                .usage = &usage_,
                .usage_source = usage::v1::USAGE_SOURCE_PROVIDER,
                .charge = Money::FromNanoUsd(99),
                .cost = Money::FromNanoUsd(88),
                .market_cost = Money::FromNanoUsd(110),
                .drawn = Money::Zero(),
                .first_byte_us = 1000,
                .end_us = 2000,
                .provider_status = 200,
                .provider_response_id = "chatcmpl-1",
                .finish_reason = "stop",
                .native_finish_reason = "end_turn",
                .error_code = "some_error"};
  }

  Account wallet_{.name = "wallet/ws", .budget_id = ""};
  Account soft_{.name = "budget/b/2026-11", .budget_id = "b", .hard = false};
  std::array<Hold::Part, 2> parts_;
  const std::array<std::string_view, 2> tags_ = {"beta", "\xff"};
  TokenUsage usage_{.input_text = 10, .cache_read = 5, .output_text = 20, .requests = 1};
  AttemptStart start_;
  AttemptOutcome outcome_;
  AttemptRecord record_;
};

TEST_F(AttemptRecordTest, TheIntentSaysWhatIsKnownAndHoldsTheCharge) {
  record_.Begin(start_);
  const UsageRecord intent = Parsed(record_.Intent(parts_));
  EXPECT_EQ(intent.generation_id(), "gen_1");
  EXPECT_EQ(intent.attempt(), 2u);
  EXPECT_EQ(intent.organization_id(), "org");
  EXPECT_EQ(intent.workspace_id(), "ws");
  EXPECT_EQ(intent.key_id(), "key");
  EXPECT_EQ(intent.requested_model(), "acme/small");
  EXPECT_EQ(intent.model_id(), "acme/small-1");
  EXPECT_EQ(intent.provider_id(), "acme");
  EXPECT_EQ(intent.offering_id(), "acme-small");
  EXPECT_EQ(intent.credential_id(), "cred");
  EXPECT_TRUE(intent.byok());
  EXPECT_EQ(intent.price_version_id(), "pv_1");
  EXPECT_EQ(intent.service_tier(), pricing::v1::SERVICE_TIER_STANDARD);
  ASSERT_EQ(intent.holds_size(), 2);
  EXPECT_EQ(intent.holds(0).account(), "wallet/ws");
  EXPECT_EQ(intent.holds(0).amount_nano_usd(), 1'234'567);
  EXPECT_TRUE(intent.holds(0).leased());
  EXPECT_EQ(intent.holds(0).lease_incarnation(), 7u);
  EXPECT_EQ(intent.holds(1).account(), "budget/b/2026-11");
  EXPECT_FALSE(intent.holds(1).leased());
  EXPECT_EQ(intent.request_time().seconds(), 1'700'000'000);
  EXPECT_EQ(intent.request_time().nanos(), 123'456'789);
  EXPECT_EQ(intent.attempt_start_us(), 42);
  EXPECT_TRUE(intent.streamed());
  EXPECT_EQ(intent.surface(), "openai_chat");
  EXPECT_EQ(intent.user(), "somebody");
  ASSERT_EQ(intent.tags_size(), 2);
  EXPECT_EQ(intent.tags(0), "beta");
  EXPECT_EQ(intent.tags(1), "\xef\xbf\xbd") << "mended";
  EXPECT_EQ(intent.region(), "eu");
  EXPECT_EQ(intent.project_id(), "project");
  EXPECT_EQ(intent.member_id(), "member");
  EXPECT_EQ(intent.quota_entity(), "entity");
  EXPECT_EQ(intent.run(), "run");
  EXPECT_EQ(intent.price_rule_id(), "rule");
  EXPECT_EQ(intent.price_rule_version(), "prv_1");
  EXPECT_EQ(intent.price_adjust_ppm(), -50'000);
  // The customer's own credential: nothing is charged, and yet the accounts are drawn on.
  EXPECT_EQ(intent.holds(0).drawn_nano_usd(), 1'234'567);
  EXPECT_EQ(intent.charge_nano_usd(), 0);
  EXPECT_EQ(intent.outcome(), usage::v1::ATTEMPT_OUTCOME_UNSPECIFIED);
}

TEST_F(AttemptRecordTest, TheFinalRecordAddsTheOutcome) {
  record_.Begin(start_);
  const UsageRecord intent = Parsed(record_.Intent(parts_));
  UsageRecord final_record = Parsed(record_.Final(outcome_));
  EXPECT_EQ(final_record.outcome(), usage::v1::ATTEMPT_OUTCOME_SUCCESS);
  EXPECT_EQ(final_record.attempts(), 2u);
  EXPECT_EQ(final_record.usage_source(), usage::v1::USAGE_SOURCE_PROVIDER);
  EXPECT_EQ(final_record.charge_nano_usd(), 99);
  EXPECT_EQ(final_record.cost_nano_usd(), 88);
  EXPECT_EQ(final_record.first_byte_us(), 1000);
  EXPECT_EQ(final_record.end_us(), 2000);
  EXPECT_EQ(final_record.provider_status(), 200u);
  EXPECT_EQ(final_record.provider_response_id(), "chatcmpl-1");
  EXPECT_EQ(final_record.finish_reason(), "stop");
  EXPECT_EQ(final_record.native_finish_reason(), "end_turn");
  EXPECT_EQ(final_record.error_code(), "some_error");
  ASSERT_EQ(final_record.quantities_size(), 4);
  EXPECT_EQ(final_record.quantities(0).unit(), pricing::v1::UNIT_TOKEN);
  EXPECT_EQ(final_record.quantities(0).direction(), pricing::v1::DIRECTION_INPUT);
  EXPECT_EQ(final_record.quantities(0).modality(), pricing::v1::MODALITY_TEXT);
  EXPECT_EQ(final_record.quantities(0).cache(), pricing::v1::CACHE_CLASS_NONE);
  EXPECT_EQ(final_record.quantities(0).count(), 10);
  EXPECT_EQ(final_record.quantities(1).cache(), pricing::v1::CACHE_CLASS_READ);
  EXPECT_EQ(final_record.quantities(2).direction(), pricing::v1::DIRECTION_OUTPUT);
  EXPECT_EQ(final_record.quantities(3).unit(), pricing::v1::UNIT_REQUEST);
  EXPECT_EQ(final_record.market_cost_nano_usd(), 110);
  ASSERT_EQ(final_record.holds_size(), 2);
  for (auto& hold : *final_record.mutable_holds()) {
    EXPECT_TRUE(hold.has_drawn_nano_usd());
    EXPECT_EQ(hold.drawn_nano_usd(), 0);
    hold.set_drawn_nano_usd(hold.amount_nano_usd());
  }
  // What the intent said is there as it was.
  final_record.set_charge_nano_usd(intent.charge_nano_usd());
  for (const char* field :
       {"attempts", "quantities", "usage_source", "outcome", "cost_nano_usd",
        "market_cost_nano_usd", "first_byte_us", "end_us", "provider_status",
        "provider_response_id", "finish_reason", "native_finish_reason", "error_code"}) {
    final_record.GetReflection()->ClearField(&final_record,
                                             final_record.GetDescriptor()->FindFieldByName(field));
  }
  EXPECT_EQ(final_record.SerializeAsString(), intent.SerializeAsString());
}

TEST_F(AttemptRecordTest, AHoldThatGrewIsRecordedAsItEnded) {
  record_.Begin(start_);
  EXPECT_EQ(Parsed(record_.Intent(parts_)).holds(0).amount_nano_usd(), 1'234'567);
  parts_[0].amount = Money::FromNanoUsd(5'000'000);
  const UsageRecord record = Parsed(record_.Final(outcome_));
  ASSERT_EQ(record.holds_size(), 2);
  EXPECT_EQ(record.holds(0).amount_nano_usd(), 5'000'000);
}

TEST_F(AttemptRecordTest, OnTheOperatorsCredentialTheHoldIsTheCharge) {
  start_.byok = false;
  outcome_.drawn = outcome_.charge;
  record_.Begin(start_);
  const UsageRecord intent = Parsed(record_.Intent(parts_));
  EXPECT_FALSE(intent.byok());
  EXPECT_EQ(intent.charge_nano_usd(), 1'234'567);
  EXPECT_FALSE(intent.holds(0).has_drawn_nano_usd());
  EXPECT_FALSE(Parsed(record_.Final(outcome_)).holds(0).has_drawn_nano_usd());
}

TEST_F(AttemptRecordTest, NoLeaseIsDrawnByMoreThanWasHeld) {
  start_.byok = false;
  parts_[0].leased = true;
  parts_[1].leased = false;
  outcome_.charge = outcome_.drawn = Money::FromNanoUsd(9'000'000);
  record_.Begin(start_);
  record_.Intent(parts_);
  const UsageRecord record = Parsed(record_.Final(outcome_));
  EXPECT_EQ(record.charge_nano_usd(), 9'000'000);
  EXPECT_EQ(record.holds(0).drawn_nano_usd(), 1'234'567) << "the rest is overrun";
  EXPECT_FALSE(record.holds(1).has_drawn_nano_usd()) << "as charged";
}

// A field that is added to the message and forgotten here would be lost in silence.
TEST_F(AttemptRecordTest, EveryFieldOfTheMessageIsWritten) {
  record_.Begin(start_);
  const UsageRecord record = Parsed(record_.Final(outcome_));
  const auto* fields = UsageRecord::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const auto* field = fields->field(i);
    EXPECT_TRUE(field->is_repeated() ? record.GetReflection()->FieldSize(record, field) > 0
                                     : record.GetReflection()->HasField(record, field))
        << field->name();
  }
  EXPECT_EQ(record.GetReflection()->GetUnknownFields(record).field_count(), 0);
}

TEST_F(AttemptRecordTest, TheNextAttemptBeginsAnew) {
  record_.Begin(start_);
  record_.Final(outcome_);
  record_.Begin({.generation_id = "gen_2"});
  const UsageRecord next = Parsed(record_.Intent({}));
  EXPECT_EQ(next.generation_id(), "gen_2");
  EXPECT_EQ(next.workspace_id(), "");
  EXPECT_EQ(next.holds_size(), 0);
  EXPECT_EQ(next.charge_nano_usd(), 0);
}

TEST_F(AttemptRecordTest, LongStringsAreCutBetweenCharacters) {
  std::string umlauts = "x";
  while (umlauts.size() < 1000) umlauts += "\xc3\xa4";
  start_.requested_model = umlauts;
  record_.Begin(start_);
  const UsageRecord record = Parsed(record_.Intent(parts_));
  EXPECT_EQ(record.requested_model(), umlauts.substr(0, 255));
}

TEST_F(AttemptRecordTest, WhatIsNoUtf8IsMended) {
  outcome_.provider_response_id = "a\xff z";
  outcome_.native_finish_reason = "\xe2\x82";
  record_.Begin(start_);
  const UsageRecord record = Parsed(record_.Final(outcome_));
  EXPECT_EQ(record.provider_response_id(), "a\xef\xbf\xbd z");
  EXPECT_THAT(record.native_finish_reason(), testing::StartsWith("\xef\xbf\xbd"));
}

TEST_F(AttemptRecordTest, TheLargestRecordFitsItsReserve) {
  const std::string text(1'000'000, 'x');
  Account account{.name = text, .budget_id = ""};
  const std::array<Hold::Part, kAccountsMax> parts = [&] {
    std::array<Hold::Part, kAccountsMax> all;
    all.fill({&account, Money::Max(), true, ~std::uint64_t{0}});
    return all;
  }();
  TokenUsage usage;
  for (const TokenClass& token_class : kTokenClasses) {
    usage.*token_class.field = std::numeric_limits<std::int64_t>::max();
  }
  const std::vector<std::string_view> tags(kTagsMax, text);
  record_.Begin({.generation_id = text,
                 .attempt = ~0u,
                 .organization_id = text,
                 .workspace_id = text,
                 .key_id = text,
                 .requested_model = text,
                 .model_id = text,
                 .provider_id = text,
                 .offering_id = text,
                 .credential_id = text,
                 .byok = true,
                 .price_version_id = text,
                 .request_time = absl::FromUnixNanos(std::numeric_limits<std::int64_t>::max()),
                 .attempt_start_us = -1,
                 .streamed = true,
                 .surface = text,
                 .user = text,
                 .tags = tags,
                 .region = text,
                 .project_id = text,
                 .member_id = text,
                 .quota_entity = text,
                 .run = text,
                 .price_rule_id = text,
                 .price_rule_version = text,
                 .price_adjust_ppm = std::numeric_limits<std::int64_t>::min()});
  const std::size_t bytes_max = record_.FinalBytesMax(parts);
  const std::string_view bytes = record_.Final({.outcome = usage::v1::ATTEMPT_OUTCOME_CUT,
                                                .attempts = ~0u,
                                                .holds = parts,
                                                .usage = &usage,
                                                .usage_source = usage::v1::USAGE_SOURCE_NONE,
                                                .charge = Money::Max(),
                                                .cost = Money::Max(),
                                                .market_cost = Money::Max(),
                                                .drawn = Money::Max(),
                                                .first_byte_us = -1,
                                                .end_us = -1,
                                                .provider_status = ~0u,
                                                .provider_response_id = text,
                                                .finish_reason = text,
                                                .native_finish_reason = text,
                                                .error_code = text});
  EXPECT_LE(RecordBytes(bytes.size()), bytes_max);
  EXPECT_LE(bytes_max, kFinalReserveBytes);
  EXPECT_EQ(Parsed(bytes).holds(11).account().size(), kRecordStringBytesMax);
}

}  // namespace
}  // namespace tollgate::dataplane
