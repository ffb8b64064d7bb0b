#include "tollgate/cli/resource_document.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/admin/v1/budget_service.pb.h"
#include "tollgate/admin/v1/provider_service.pb.h"
#include "tollgate/cli/field_form.h"

namespace tollgate::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::HasSubstr;
using testing::SizeIs;

std::string RandomText(Random& random) {
  constexpr std::string_view kPieces[] = {"a", "true", " ", ":", "#", "\"", "\\", "\n", "é",
                                          "-", "1",    "*", "{", "'", "%",  "@",  "~"};
  std::string text;
  for (std::uint64_t size = random.Below(8); size > 0; --size) {
    text += kPieces[random.Below(std::size(kPieces))];
  }
  return text;
}

void Randomize(Random& random, Message& message);

void RandomizeField(Random& random, const FieldDescriptor& field, Message& message) {
  const auto& reflection = *message.GetReflection();
  if (field.is_repeated()) {
    for (std::uint64_t i = random.Below(3); i > 0; --i) {
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
          reflection.AddString(&message, &field, RandomText(random));
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          reflection.AddUInt32(&message, &field, static_cast<std::uint32_t>(random.Next64()));
          break;
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Randomize(random, *reflection.AddMessage(&message, &field));
          break;
        default:
          FAIL() << field.full_name();
      }
    }
    return;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, RandomText(random));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, random.Below(2) == 1);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, static_cast<std::int32_t>(random.Next64()));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field, static_cast<std::uint32_t>(random.Next64()));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, static_cast<std::int64_t>(random.Next64()));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int count = field.enum_type()->value_count();
      return reflection.SetEnum(&message, &field,
                                field.enum_type()->value(static_cast<int>(random.Below(count))));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Randomize(random, *reflection.MutableMessage(&message, &field));
    default:
      FAIL() << field.full_name();
  }
}

void Randomize(Random& random, Message& message) {
  if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&message)) {
    time->set_seconds(static_cast<std::int64_t>(random.Below(4'000'000'000)));
    time->set_nanos(static_cast<std::int32_t>(random.Below(1'000'000'000)));
    return;
  }
  if (auto* duration = dynamic_cast<google::protobuf::Duration*>(&message)) {
    duration->set_seconds(static_cast<std::int64_t>(random.Below(1'000'000)));
    duration->set_nanos(static_cast<std::int32_t>(random.Below(1'000)) * 1'000'000);
    return;
  }
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (ResourceKind::IsWriteOnly(field) || random.Below(3) == 0) continue;
    if (message.GetDescriptor()->FindFieldByName("etag") != nullptr &&
        !ResourceKind::IsSpecField(field)) {
      continue;
    }
    RandomizeField(random, field, message);
  }
}

// What `get -o yaml` prints, `apply` reads: for any contents of any kind.
TEST(ResourceDocument, RoundTripsEveryKind) {
  SeededRandom random(7);
  for (const ResourceKind& kind : ResourceKinds()) {
    for (int i = 0; i < 200; ++i) {
      const MessagePtr resource = NewMessage(*kind.type);
      SetString(*resource, "id", absl::StrCat("id-", i));
      Randomize(random, *resource);
      const std::string yaml = ToYaml(ResourceToValue(kind, *resource));
      ASSERT_OK_AND_ASSIGN(const auto documents, ReadResources(yaml, "test"));
      ASSERT_THAT(documents, SizeIs(1)) << yaml;
      EXPECT_EQ(documents[0].kind, &kind);
      std::string difference;
      google::protobuf::util::MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&difference);
      EXPECT_TRUE(differencer.Compare(*resource, *documents[0].resource)) << difference << "\n"
                                                                          << yaml;
    }
  }
}

TEST(ResourceDocument, UsesTheFormsOfPeople) {
  constexpr char kYaml[] = R"(
kind: budget
id: b
spec:
  scope_kind: key
  scope_id: k
  limit_usd: 5.25
  period: daily
  hard: true
---
kind: providers
id: p
spec:
  base_url: http://127.0.0.1:1/v1
  limits: {connect_timeout: 250ms, cooldown: 0}
)";
  ASSERT_OK_AND_ASSIGN(const auto documents, ReadResources(kYaml, "test"));
  ASSERT_THAT(documents, SizeIs(2));
  const auto& budget = static_cast<const admin::v1::Budget&>(*documents[0].resource);
  EXPECT_EQ(budget.limit_nano_usd(), 5'250'000'000);
  EXPECT_EQ(budget.period(), config::v1::PERIOD_DAILY);
  const auto& provider = static_cast<const admin::v1::Provider&>(*documents[1].resource);
  EXPECT_EQ(provider.limits().connect_timeout().nanos(), 250'000'000);
  EXPECT_TRUE(provider.limits().has_cooldown()) << "no rest is not the default rest";
  EXPECT_FALSE(provider.limits().has_total_timeout());
}

TEST(ReadResources, SaysWhereItObjects) {
  const struct {
    const char* yaml;
    const char* objection;
  } kCases[] = {
      {"kind: workspace\n", "test: missing key 'id'"},
      {"id: x\n", "test: missing key 'kind'"},
      {"kind: planet\nid: x\n", "test:1: 'kind' must be one of organization, workspace"},
      {"kind: workspace\nid: x\nspec:\n  organisation_id: o\n",
       "test:4: unknown key 'organisation_id' in 'spec'"},
      {"kind: workspace\nid: x\nspecs: {}\n", "test:3: unknown key 'specs'"},
      {"kind: workspace\nid: x\nspec:\n  etag: abc\n", "test:4: unknown key 'etag'"},
      {"kind: budget\nid: x\nspec:\n  limit_usd: 1e3\n", "test:4: 'spec.limit_usd' must be a dec"},
      {"kind: budget\nid: x\nspec:\n  period: yearly\n",
       "test:4: 'spec.period' must be one of none, daily, weekly, monthly, got 'yearly'"},
      {"kind: budget\nid: x\nspec:\n  hard: maybe\n", "test:4: 'spec.hard' must be"},
      {"kind: key\nid: x\nspec:\n  expire_time: tomorrow\n", "test:4: 'spec.expire_time' must be"},
      {"kind: alias\nid: x\nspec:\n  model_ids: {a: b}\n", "test:4: 'spec.model_ids' must be"},
      {"kind: provider\nid: x\nspec:\n  limits:\n    cooldown: soon\n",
       "test:5: 'spec.limits.cooldown' must be"},
      {"kind: route\nid: x\nspec:\n  attempts_max: -1\n", "test:4: 'spec.attempts_max' must be"},
      {"kind: key\nid: x\n---\nkind: key\nid: x\n", "test:5: 'id' (key/x): is in the file twice"},
      {"kind: credential\nid: x\nspec:\n  secret_from_env: TOLLGATE_NO_SUCH\n",
       "test:4: 'spec.secret_from_env' names TOLLGATE_NO_SUCH, which is not set"},
      {"kind: credential\nid: x\nspec:\n  secret: a\n  secret_from_env: HOME\n",
       "second source of the secret"},
      {"just a text", "test:1"},
  };
  for (const auto& test_case : kCases) {
    EXPECT_THAT(ReadResources(test_case.yaml, "test"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(test_case.objection)))
        << test_case.yaml;
  }
}

TEST(ReadResources, TakesSecretsFromElsewhere) {
  TempDir folder;
  std::ofstream(folder.File("secret")) << "from-file\n";
  ASSERT_EQ(::setenv("TOLLGATE_TEST_SECRET", "from-env", 1), 0);
  ASSERT_OK_AND_ASSIGN(
      const auto documents,
      ReadResources(absl::StrCat("kind: credential\nid: a\nspec: {secret: plain}\n"
                                 "---\nkind: credential\nid: b\n"
                                 "spec: {secret_from_env: TOLLGATE_TEST_SECRET}\n"
                                 "---\nkind: credential\nid: c\nspec: {secret_from_file: ",
                                 folder.File("secret"), "}\n"),
                    "test"));
  ASSERT_THAT(documents, SizeIs(3));
  EXPECT_EQ(GetString(*documents[0].resource, "secret"), "plain");
  EXPECT_EQ(GetString(*documents[1].resource, "secret"), "from-env");
  EXPECT_EQ(GetString(*documents[2].resource, "secret"), "from-file");
}

TEST(ResourceKinds, HaveAllTheirMethodsAndColumns) {
  EXPECT_THAT(ResourceKinds(), SizeIs(13));
  for (const ResourceKind& kind : ResourceKinds()) {
    for (const char* verb : {"Get", "List", "Create", "Update", "Delete"}) {
      EXPECT_EQ(kind.Method(verb).name().rfind(verb, 0), 0U) << kind.name;
    }
    for (std::string_view column : kind.columns) {
      EXPECT_NE(kind.type->FindFieldByName(std::string(column)), nullptr) << kind.name;
    }
    EXPECT_EQ(FindResourceKind(kind.name), &kind);
    EXPECT_EQ(FindResourceKind(kind.plural), &kind);
  }
  EXPECT_EQ(FindResourceKind("aliases")->name, "alias");
  EXPECT_EQ(FindResourceKind("planet"), nullptr);
}

}  // namespace
}  // namespace tollgate::cli
