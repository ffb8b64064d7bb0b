// The table of kinds: that it fits the admin messages, and what each kind refuses.
#include "controlplane/resource/kind.h"

#include <functional>
#include <string>

#include "base/status_reason.h"
#include "gtest/gtest.h"
#include "tests/controlplane/writer_fixture.h"
#include "tests/support/status_matchers.h"

namespace tollgate::controlplane {
namespace {

TEST(KindTest, TheTableFitsTheMessages) {
  for (const Kind* kind : AllKinds()) {
    SCOPED_TRACE(kind->name);
    Record record;
    const Message& resource = MutableResourceOf(*kind, record);
    EXPECT_EQ(&KindOf(record), kind);
    EXPECT_EQ(FindKind(kind->name), kind);
    for (std::string_view field : {"id", "display_name", "etag", "create_time", "update_time"}) {
      EXPECT_NE(FindField(resource, field), nullptr) << field;
    }
    for (std::string_view field : kind->immutable_fields) {
      EXPECT_NE(FindField(resource, field), nullptr) << field;
    }
  }
  EXPECT_EQ(FindKind("invoice"), nullptr);
}

admin::v1::Budget MakeBudget() {
  admin::v1::Budget budget;
  budget.set_scope_kind(config::v1::SCOPE_KIND_KEY);
  budget.set_scope_id("key_1");
  budget.set_limit_nano_usd(0);
  budget.set_period(config::v1::PERIOD_DAILY);
  return budget;
}

template <typename Resource>
Resource With(Resource resource, const std::function<void(Resource&)>& change) {
  change(resource);
  return resource;
}

struct Case {
  std::string name;
  KindId kind;
  std::shared_ptr<Message> resource;
  std::string reason;  // Empty: it is accepted.
  std::string field;
};

template <typename Resource>
Case Row(std::string name, KindId kind, Resource resource, std::string reason = "",
         std::string field = "") {
  return {std::move(name), kind, std::make_shared<Resource>(std::move(resource)), std::move(reason),
          std::move(field)};
}

std::vector<Case> Cases() {
  using admin::v1::Alias;
  using admin::v1::Budget;
  using admin::v1::Credential;
  using admin::v1::Key;
  using admin::v1::Organization;
  using admin::v1::Provider;
  using admin::v1::Route;
  using admin::v1::Workspace;
  const Credential credential = WriterWorld::MakeCredential("", "openai");
  return {
      Row("generated id", KindId::kOrganization, Organization()),
      Row<Organization>("bad id", KindId::kOrganization,
                        With<Organization>({}, [](auto& o) { o.set_id("Not An Id"); }),
                        "INVALID_FIELD", "id"),
      Row<Organization>("taken id", KindId::kOrganization,
                        With<Organization>({}, [](auto& o) { o.set_id("org_1"); }),
                        "ALREADY_EXISTS"),
      Row<Organization>(
          "long name", KindId::kOrganization,
          With<Organization>({}, [](auto& o) { o.set_display_name(std::string(129, 'a')); }),
          "INVALID_FIELD", "display_name"),
      Row("no parent", KindId::kWorkspace, Workspace(), "INVALID_FIELD", "organization_id"),
      Row<Workspace>("unknown parent", KindId::kWorkspace,
                     With<Workspace>({}, [](auto& w) { w.set_organization_id("org_2"); }),
                     "PARENT_NOT_FOUND", "organization_id"),
      Row("key", KindId::kKey, WriterWorld::MakeKey("")),
      Row<Key>("key's pattern", KindId::kKey,
               With<Key>(WriterWorld::MakeKey(""), [](auto& k) { k.add_allowed_models("**"); }),
               "INVALID_FIELD", "allowed_models"),
      Row("budget of zero", KindId::kBudget, MakeBudget()),
      Row<Budget>("no limit", KindId::kBudget,
                  With<Budget>(MakeBudget(), [](auto& b) { b.clear_limit_nano_usd(); }),
                  "INVALID_FIELD", "limit_nano_usd"),
      Row<Budget>("no period", KindId::kBudget,
                  With<Budget>(MakeBudget(), [](auto& b) { b.clear_period(); }), "INVALID_FIELD",
                  "period"),
      Row<Budget>("unknown key", KindId::kBudget,
                  With<Budget>(MakeBudget(), [](auto& b) { b.set_scope_id("key_9"); }),
                  "PARENT_NOT_FOUND", "scope_id"),
      Row<Budget>("unknown quota entity", KindId::kBudget,
                  With<Budget>(MakeBudget(),
                               [](auto& b) {
                                 b.set_scope_kind(config::v1::SCOPE_KIND_QUOTA_ENTITY);
                                 b.set_scope_id("customer-7");
                               }),
                  "PARENT_NOT_FOUND", "scope_id"),
      Row("provider without id", KindId::kProvider, Provider(), "INVALID_FIELD", "id"),
      Row<Provider>("partial provider", KindId::kProvider,
                    With<Provider>({}, [](auto& p) { p.set_id("mistral"); })),
      Row<Provider>("bad url", KindId::kProvider,
                    With<Provider>({},
                                   [](auto& p) {
                                     p.set_id("mistral");
                                     p.set_base_url("https://u@example.com");
                                   }),
                    "INVALID_FIELD", "base_url"),
      Row("credential", KindId::kCredential, credential),
      Row<Credential>("no secret", KindId::kCredential,
                      With<Credential>(credential, [](auto& c) { c.clear_secret(); }),
                      "INVALID_FIELD", "secret"),
      Row<Credential>("secret with a line end", KindId::kCredential,
                      With<Credential>(credential, [](auto& c) { c.set_secret("a\r\nb"); }),
                      "INVALID_FIELD", "secret"),
      Row<Credential>("priority", KindId::kCredential,
                      With<Credential>(credential, [](auto& c) { c.set_priority(-1); }),
                      "INVALID_FIELD", "priority"),
      Row<Alias>("alias", KindId::kAlias,
                 With<Alias>({},
                             [](auto& a) {
                               a.set_id("team/Fast-1");
                               a.add_model_ids("openai/gpt-4o");
                             })),
      Row<Alias>("empty alias", KindId::kAlias, With<Alias>({}, [](auto& a) { a.set_id("fast"); }),
                 "INVALID_FIELD", "model_ids"),
      Row("route", KindId::kRoute, Route()),
      Row<Route>("route of nobody", KindId::kRoute,
                 With<Route>({}, [](auto& r) { r.set_workspace_id("ws_9"); }), "PARENT_NOT_FOUND",
                 "workspace_id"),
      Row<Route>("attempts", KindId::kRoute,
                 With<Route>({}, [](auto& r) { r.set_attempts_max(21); }), "INVALID_FIELD",
                 "attempts_max"),
  };
}

TEST(KindTest, CreateAcceptsAndRefuses) {
  for (const Case& row : Cases()) {
    SCOPED_TRACE(row.name);
    WriterWorld world;
    world.CreateBasics();
    const config::v1::Revision before = world.writer().publisher().revision();
    const absl::StatusOr<Answer> answer = world.Create(row.kind, *row.resource);
    EXPECT_EQ(answer.ok(), row.reason.empty()) << answer.status();
    EXPECT_EQ(ReasonOf(answer.status()), row.reason) << answer.status();
    EXPECT_EQ(FieldOf(answer.status()), row.field);
    if (!answer.ok()) {
      EXPECT_EQ(world.writer().publisher().revision().number(), before.number());
      continue;
    }
    const Message& created = ResourceOf(KindOf(row.kind), *answer->record);
    EXPECT_TRUE(IdOf(created).starts_with(KindOf(row.kind).id_prefix)) << IdOf(created);
    EXPECT_FALSE(EtagOf(created).empty());
  }
}

}  // namespace
}  // namespace tollgate::controlplane
