#include "tollgate/standalone/demo_world.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/budget_period.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tollgate/admin/v1/budget_service.pb.h"
#include "tollgate/admin/v1/credential_service.pb.h"
#include "tollgate/admin/v1/key_service.pb.h"
#include "tollgate/admin/v1/organization_service.pb.h"
#include "tollgate/admin/v1/provider_service.pb.h"
#include "tollgate/admin/v1/workspace_service.pb.h"
#include "tollgate/cli/facts_upload.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/resource_kind.h"
#include "tollgate/demo_provider/openai_provider.h"
#include "tollgate/ledger/v1/ledger.pb.h"
#include "tollgate/standalone/demo_catalog.h"
#include "tollgate/standalone/http_get.h"

namespace tollgate {
namespace {

using cli::ResourceClient;
using google::protobuf::Message;

constexpr char kDemo[] = "demo";
constexpr std::int64_t kTopUpUsd = 10;
constexpr std::int64_t kDailyLimitUsd = 5;

constexpr char kProbeModel[] = "demo/chat";
constexpr absl::Duration kServedTimeout = absl::Seconds(10);
constexpr std::chrono::milliseconds kPollInterval(3);

const cli::ResourceKind& KindOf(const Message& resource) {
  for (const cli::ResourceKind& kind : cli::ResourceKinds()) {
    if (kind.type == resource.GetDescriptor()) return kind;
  }
  CHECK(false) << resource.GetDescriptor()->full_name() << " is no kind of resource";
}

// Creates the resource unless its id is taken.
absl::Status EnsureExists(const ResourceClient& client, const Message& resource) {
  const cli::ResourceKind& kind = KindOf(resource);
  const absl::Status found = client.Get(kind, cli::GetString(resource, "id")).status();
  if (!absl::IsNotFound(found)) return found;
  return client.Create(kind, resource).status();
}

absl::Status EnsureWorkspace(const ResourceClient& client) {
  admin::v1::Organization organization;
  organization.set_id(kDemo);
  organization.set_display_name("Demo");
  TG_RETURN_IF_ERROR(EnsureExists(client, organization));
  admin::v1::Workspace workspace;
  workspace.set_id(kDemoWorkspace);
  workspace.set_display_name("Demo");
  workspace.set_organization_id(kDemo);
  return EnsureExists(client, workspace);
}

absl::Status EnsureProvider(const ResourceClient& client, const std::string& provider_url) {
  admin::v1::Provider provider;
  provider.set_id(kDemo);
  provider.set_display_name("Demo Provider");
  provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  provider.set_base_url(provider_url + "/v1");
  const absl::StatusOr<cli::MessagePtr> current = client.Get(KindOf(provider), kDemo);
  if (absl::IsNotFound(current.status())) {
    TG_RETURN_IF_ERROR(client.Create(KindOf(provider), provider).status());
  } else {
    TG_RETURN_IF_ERROR(current.status());
    if (cli::GetString(**current, "base_url") != provider.base_url()) {
      TG_RETURN_IF_ERROR(client.Update(KindOf(provider), provider, {"base_url"}).status());
    }
  }
  admin::v1::Credential credential;
  credential.set_id(kDemo);
  credential.set_display_name("Demo Provider");
  credential.set_provider_id(kDemo);
  credential.set_secret(std::string(kDemoProviderApiKey));
  return EnsureExists(client, credential);
}

// Whether the saved key still serves.
absl::StatusOr<bool> IsUsable(const ResourceClient& client, const std::string& id) {
  const cli::ResourceKind& kind = *cli::FindResourceKind("key");
  const absl::StatusOr<cli::MessagePtr> found = client.Get(kind, id);
  if (absl::IsNotFound(found.status())) return false;
  TG_RETURN_IF_ERROR(found.status());
  return !static_cast<const admin::v1::Key&>(**found).revoked();
}

absl::StatusOr<DataFolder::DemoKey> MakeKey(const ResourceClient& client, DataFolder& folder) {
  admin::v1::Key key;
  key.set_id(NewId("demo-", SystemRandom()));
  key.set_display_name("Demo");
  key.set_workspace_id(kDemoWorkspace);
  TG_ASSIGN_OR_RETURN(cli::CreatedResource created, client.Create(KindOf(key), key));
  DataFolder::DemoKey saved{.id = key.id(), .secret = std::move(created.secret)};
  TG_RETURN_IF_ERROR(folder.WriteDemoKey(saved));
  return saved;
}

absl::StatusOr<DemoWorld> EnsureKey(const ResourceClient& client, DataFolder& folder) {
  absl::StatusOr<DataFolder::DemoKey> key = folder.ReadDemoKey();
  if (key.ok()) {
    TG_ASSIGN_OR_RETURN(const bool usable, IsUsable(client, key->id));
    if (!usable) key = absl::NotFoundError("the saved key is revoked or deleted");
  }
  if (absl::IsNotFound(key.status())) key = MakeKey(client, folder);
  TG_RETURN_IF_ERROR(key.status());
  admin::v1::Budget budget;
  budget.set_id(key->id + "-daily");
  budget.set_display_name("Demo, per day");
  budget.set_scope_kind(config::v1::SCOPE_KIND_KEY);
  budget.set_scope_id(key->id);
  budget.set_limit_nano_usd(kDailyLimitUsd * kNanoUsdPerUsd);
  budget.set_period(config::v1::PERIOD_DAILY);
  budget.set_hard(true);
  TG_RETURN_IF_ERROR(EnsureExists(client, budget));
  return DemoWorld{.api_key = std::move(key->secret), .budget = budget.id()};
}

BudgetPeriod PeriodOf(config::v1::Period period) {
  switch (period) {
    case config::v1::PERIOD_DAILY:
      return BudgetPeriod::kDaily;
    case config::v1::PERIOD_WEEKLY:
      return BudgetPeriod::kWeekly;
    case config::v1::PERIOD_MONTHLY:
      return BudgetPeriod::kMonthly;
    default:
      return BudgetPeriod::kNone;
  }
}

// Whether billing has heard of the budget.
bool KnowsBudget(const DemoServices& services, const std::string& id) {
  admin::v1::GetBudgetRequest get;
  get.set_id(id);
  admin::v1::Budget budget;
  if (!services.admin.Call("tollgate.admin.v1.BudgetService/GetBudget", get, budget).ok()) {
    return false;
  }
  ledger::v1::GetAccountRequest request;
  request.set_account(absl::StrCat("budget/", id, "/",
                                   BudgetPeriodOf(PeriodOf(budget.period()), RealClock().Wall())));
  ledger::v1::Account account;
  return services.billing.Call("tollgate.ledger.v1.LedgerService/GetAccount", request, account)
      .ok();
}

absl::Status EnsureMoney(const cli::RpcClient& billing) {
  ledger::v1::TopUpRequest request;
  request.set_workspace_id(kDemoWorkspace);
  request.set_amount_nano_usd(kTopUpUsd * kNanoUsdPerUsd);
  request.set_request_id("demo-first-top-up");  // Idempotent: the second start adds nothing.
  request.set_description("Pretend money for the demo");
  ledger::v1::Entry entry;
  return billing.Call("tollgate.ledger.v1.LedgerService/TopUp", request, entry);
}

}  // namespace

absl::StatusOr<DemoWorld> EnsureDemoWorld(const DemoServices& services,
                                          const std::string& provider_url, DataFolder& folder) {
  const ResourceClient client(services.admin);
  TG_RETURN_IF_ERROR(cli::UploadFacts(DemoFacts(), false, services.catalog).status());
  TG_RETURN_IF_ERROR(EnsureWorkspace(client));
  TG_RETURN_IF_ERROR(EnsureProvider(client, provider_url));
  TG_RETURN_IF_ERROR(EnsureMoney(services.billing));
  return EnsureKey(client, folder);
}

absl::Status WaitUntilServed(const DemoServices& services, const DemoWorld& world,
                             const std::string& http_url) {
  const MonotonicTime deadline = RealClock().Monotonic() + kServedTimeout;
  const std::string authorization = absl::StrCat("Bearer ", AbslView(world.api_key.Reveal()));
  bool billing_knows = false;
  boost::asio::io_context loop;
  while (RealClock().Monotonic() < deadline) {
    billing_knows = billing_knows || KnowsBudget(services, world.budget);
    // Behind TLS, with a certificate that may name another host, there is no looking.
    if (billing_knows && absl::StartsWith(http_url, "https:")) return absl::OkStatus();
    if (billing_knows) {
      const absl::StatusOr<std::string> models =
          HttpGet(http_url + "/v1/models", {{"Authorization", authorization}});
      if (models.ok() && absl::StrContains(*models, kProbeModel)) return absl::OkStatus();
    }
    boost::asio::steady_timer(loop, kPollInterval).wait();
  }
  return absl::DeadlineExceededError(absl::StrCat("the demo did not come into service: ",
                                                  billing_knows
                                                      ? "the data plane does not list its models"
                                                      : "billing does not know its budget"));
}

}  // namespace tollgate
