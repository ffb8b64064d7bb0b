#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/resource_kind.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"
#include "tollgate/lease/v1/lease.pb.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::cli {
namespace {

constexpr char kLedger[] = "tollgate.ledger.v1.LedgerService/";
constexpr char kLeases[] = "tollgate.lease.v1.LeaseService/";
constexpr int kPageSizeMax = 1'000;
// How long a node may take to give up a lease, and how often it is looked whether it has.
constexpr absl::Duration kGivingUpMax = absl::Minutes(1);
constexpr absl::Duration kGivingUpLook = absl::Milliseconds(200);

std::string Usd(std::int64_t nano_usd) { return Money::FromNanoUsd(nano_usd).ToUsdString(); }

std::string CellOf(const Value& map, std::string_view name) {
  const Value* value = map.Find(name);
  return value != nullptr ? ToCell(*value) : std::string();
}

// Tokens of one direction, over all classes.
std::int64_t Tokens(const usage::v1::UsageRecord& record, pricing::v1::Direction direction) {
  std::int64_t sum = 0;
  for (const pricing::v1::Quantity& quantity : record.quantities()) {
    if (quantity.unit() == pricing::v1::UNIT_TOKEN && quantity.direction() == direction) {
      sum += quantity.count();
    }
  }
  return sum;
}

struct GenerationFlags {
  std::string id;
  std::string workspace;
  std::string format = kTable;
};

// Which workspace a generation belongs to is not in its id: asks for it in each, one after another.
absl::StatusOr<ledger::v1::Generation> FindGeneration(const GenerationFlags& flags,
                                                      Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  std::vector<std::string> workspaces;
  if (!flags.workspace.empty()) {
    workspaces.push_back(flags.workspace);
  } else {
    TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
    TG_ASSIGN_OR_RETURN(const std::vector<MessagePtr> all,
                        ResourceClient(*admin).List(*FindResourceKind("workspace")));
    for (const MessagePtr& workspace : all) workspaces.push_back(GetString(*workspace, "id"));
  }
  absl::Status status = absl::NotFoundError("there is no workspace");
  for (const std::string& workspace : workspaces) {
    ledger::v1::GetGenerationRequest request;
    request.set_id(flags.id);
    request.set_workspace_id(workspace);
    ledger::v1::Generation generation;
    status = billing->Call(absl::StrCat(kLedger, "GetGeneration"), request, generation);
    if (status.ok()) return generation;
    if (!absl::IsNotFound(status)) break;
  }
  return status;
}

absl::Status ShowGeneration(const GenerationFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const ledger::v1::Generation generation, FindGeneration(flags, session));
  const Value value = RecordToValue(generation);
  if (flags.format != kTable) {
    PrintValue(context.out, flags.format, value);
    return absl::OkStatus();
  }
  context.out << generation.id() << ": charge " << Usd(generation.charge_nano_usd())
              << " USD, cost " << Usd(generation.cost_nano_usd()) << " USD\n";
  Table table({"ATTEMPT", "OFFERING", "OUTCOME", "STATUS", "USAGE", "INPUT", "OUTPUT", "CHARGE USD",
               "PRICE VERSION", "MS"});
  const Value* attempts = value.Find("attempts");
  for (int i = 0; i < generation.attempts_size(); ++i) {
    const usage::v1::UsageRecord& record = generation.attempts(i);
    const Value& fields = attempts->items[static_cast<std::size_t>(i)];
    table.AddRow({absl::StrCat(record.attempt()), record.offering_id(), CellOf(fields, "outcome"),
                  absl::StrCat(record.provider_status()), CellOf(fields, "usage_source"),
                  absl::StrCat(Tokens(record, pricing::v1::DIRECTION_INPUT)),
                  absl::StrCat(Tokens(record, pricing::v1::DIRECTION_OUTPUT)),
                  Usd(record.charge_nano_usd()), record.price_version_id(),
                  absl::StrCat(record.end_us() / 1'000)});
  }
  context.out << table.ToText();
  return absl::OkStatus();
}

struct GenerationsFlags {
  std::string workspace;
  std::string key;
  int limit = 20;
  std::string format = kTable;
};

absl::Status ListGenerations(const GenerationsFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::ListGenerationsRequest request;
  request.set_workspace_id(flags.workspace);
  request.set_key_id(flags.key);
  request.set_page_size(flags.limit);
  ledger::v1::ListGenerationsResponse page;
  TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "ListGenerations"), request, page));
  Table table({"GENERATION", "TIME", "MODEL", "PROVIDER", "OUTCOME", "ATTEMPTS", "INPUT", "OUTPUT",
               "CHARGE USD"});
  std::vector<Value> values;
  for (const ledger::v1::Generation& generation : page.generations()) {
    values.push_back(RecordToValue(generation));
    if (generation.attempts().empty()) continue;
    const usage::v1::UsageRecord& last = *generation.attempts().rbegin();
    const Value fields = RecordToValue(last);
    table.AddRow({generation.id(), CellOf(fields, "request_time"), last.model_id(),
                  last.provider_id(), CellOf(fields, "outcome"),
                  absl::StrCat(generation.attempts_size()),
                  absl::StrCat(Tokens(last, pricing::v1::DIRECTION_INPUT)),
                  absl::StrCat(Tokens(last, pricing::v1::DIRECTION_OUTPUT)),
                  Usd(generation.charge_nano_usd())});
  }
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

struct LeasesFlags {
  std::string account;
  std::string format = kTable;
};

// Calls `one` for every lease of an account, or of all.
template <typename Function>
absl::Status ForEachLease(const RpcClient& billing, const std::string& account, Function one) {
  lease::v1::ListLeasesRequest request;
  request.set_account(account);
  request.set_page_size(kPageSizeMax);
  do {
    lease::v1::ListLeasesResponse page;
    TG_RETURN_IF_ERROR(billing.Call(absl::StrCat(kLeases, "ListLeases"), request, page));
    for (const lease::v1::Lease& lease : page.leases()) one(lease);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status ListLeases(const LeasesFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  Table table({"ACCOUNT", "NODE", "INCARNATION", "STATE", "OUTSTANDING USD", "GRANTED", "RELEASED",
               "SETTLED"});
  std::vector<Value> values;
  const auto show = [&](const lease::v1::Lease& lease) {
    values.push_back(RecordToValue(lease));
    table.AddRow({lease.account(), lease.node_id(), absl::StrCat(lease.incarnation()),
                  CellOf(values.back(), "state"), Usd(lease.outstanding_nano_usd()),
                  Usd(lease.granted_nano_usd()), Usd(lease.released_nano_usd()),
                  Usd(lease.settled_nano_usd())});
  };
  TG_RETURN_IF_ERROR(ForEachLease(*billing, flags.account, show));
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

struct ResolveFlags {
  std::string account;
  std::string node;
  std::uint64_t incarnation = 0;
  std::string request_id;
};

// A living node is asked to give up what its former run left, which takes as long as the requests
// that hold something of it.
absl::Status CallResolve(const RpcClient& billing, const lease::v1::ResolveLeaseRequest& request,
                         lease::v1::Lease& lease) {
  const MonotonicTime deadline = RealClock().Monotonic() + kGivingUpMax;
  for (;;) {
    const absl::Status status = billing.Call(absl::StrCat(kLeases, "ResolveLease"), request, lease);
    if (ReasonOf(status) != "GIVING_UP" || RealClock().Monotonic() >= deadline) return status;
    absl::Notification().WaitForNotificationWithTimeout(kGivingUpLook);
  }
}

absl::Status ResolveLease(const ResolveFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  lease::v1::ResolveLeaseRequest request;
  request.set_account(flags.account);
  request.set_node_id(flags.node);
  request.set_incarnation(flags.incarnation);
  request.set_request_id(flags.request_id.empty() ? NewId("cli-", SystemRandom())
                                                  : flags.request_id);
  lease::v1::Lease lease;
  TG_RETURN_IF_ERROR(CallResolve(*billing, request, lease));
  context.out << "lease of " << lease.node_id() << "/" << lease.incarnation() << " on "
              << lease.account() << " resolved\n";
  return absl::OkStatus();
}

// Resolves all that a lost node held, or the lost runs of a living one; a repetition finds nothing
// more to do.
absl::Status ResolveNode(const std::string& node, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  std::vector<lease::v1::Lease> held;
  TG_RETURN_IF_ERROR(ForEachLease(*billing, "", [&](const lease::v1::Lease& lease) {
    const bool lost = lease.state() == lease::v1::Lease::STATE_SUSPENDED;
    if (lease.node_id() == node && lost && lease.outstanding_nano_usd() > 0) held.push_back(lease);
  }));
  Table table({"ACCOUNT", "INCARNATION", "FREED USD"});
  for (const lease::v1::Lease& lease : held) {
    lease::v1::ResolveLeaseRequest request;
    request.set_account(lease.account());
    request.set_node_id(node);
    request.set_incarnation(lease.incarnation());
    request.set_request_id(NewId("cli-", SystemRandom()));
    lease::v1::Lease resolved;
    TG_RETURN_IF_ERROR(CallResolve(*billing, request, resolved));
    table.AddRow({lease.account(), absl::StrCat(lease.incarnation()),
                  Usd(lease.outstanding_nano_usd())});
  }
  if (!held.empty()) context.out << table.ToText();
  context.out << held.size() << " leases of " << node << " resolved\n";
  return absl::OkStatus();
}

struct ResolvedFlags {
  int limit = 20;
  std::string format = kTable;
};

// What an entry says to have been freed of a lease.
std::int64_t FreedBy(const ledger::v1::Entry& entry) {
  std::int64_t sum = 0;
  for (const ledger::v1::Posting& posting : entry.postings()) {
    if (absl::StartsWith(posting.account(), "resolved/")) sum += posting.amount_nano_usd();
  }
  return sum;
}

absl::Status ListResolved(const ResolvedFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::ListEntriesRequest request;
  request.add_kinds(ledger::v1::ENTRY_KIND_RESOLUTION);
  request.set_page_size(flags.limit);
  ledger::v1::ListEntriesResponse page;
  TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "ListEntries"), request, page));
  Table table({"ENTRY", "TIME", "BY", "FREED USD", "DESCRIPTION"});
  std::vector<Value> values;
  for (const ledger::v1::Entry& entry : page.entries()) {
    values.push_back(RecordToValue(entry));
    table.AddRow({absl::StrCat(entry.sequence()), CellOf(values.back(), "time"), entry.actor(),
                  Usd(FreedBy(entry)), entry.description()});
  }
  if (flags.format != kTable) {
    PrintValues(context.out, flags.format, values);
    return absl::OkStatus();
  }
  context.out << table.ToText();
  if (!page.next_page_token().empty()) {
    context.out << "(older entries are not shown; --limit shows more)\n";
  }
  return absl::OkStatus();
}

void AddResolvedVerb(CLI::App& leases, Context& context) {
  const auto flags = std::make_shared<ResolvedFlags>();
  CLI::App& verb = *leases.add_subcommand(
      "resolved",
      "Show which lost leases were resolved, by whom and what that freed, newest first");
  verb.add_option("--limit", flags->limit, "at most so many")
      ->check(CLI::Range(1, kPageSizeMax))
      ->default_str("20");
  AddOutputFlag(verb, flags->format);
  verb.callback([flags, &context] {
    context.action = [flags, &context](Session& session) {
      return ListResolved(*flags, context, session);
    };
  });
}

void AddResolveVerbs(CLI::App& leases, Context& context) {
  const auto resolve = std::make_shared<ResolveFlags>();
  CLI::App& verb = *leases.add_subcommand(
      "resolve",
      "Free what a node held whose disk or journal is lost; what it spent unseen is a loss");
  verb.add_option("account", resolve->account, "the account")->required();
  verb.add_option("node", resolve->node, "the node's id")->required();
  verb.add_option("incarnation", resolve->incarnation, "its incarnation")->required();
  verb.add_option("--request-id", resolve->request_id,
                  "stands in the journal; a new one without it");
  verb.callback([resolve, &context] {
    context.action = [resolve, &context](Session& session) {
      return ResolveLease(*resolve, context, session);
    };
  });

  const auto node = std::make_shared<std::string>();
  CLI::App& all = *leases.add_subcommand("resolve-node", "The same for all leases of a lost node");
  all.add_option("node", *node, "the node's id")->required();
  all.callback([node, &context] {
    context.action = [node, &context](Session& session) {
      return ResolveNode(*node, context, session);
    };
  });
}

void AddLeaseVerbs(CLI::App& app, Context& context) {
  const auto list = std::make_shared<LeasesFlags>();
  CLI::App& leases = *app.add_subcommand("leases", "Show leases; resolve the lease of a lost node");
  leases.add_option("--account", list->account, "only of this account, such as wallet/demo");
  AddOutputFlag(leases, list->format);
  leases.callback([list, &context] {
    if (context.action) return;  // A verb below it was chosen.
    context.action = [list, &context](Session& session) {
      return ListLeases(*list, context, session);
    };
  });
  AddResolveVerbs(leases, context);
  AddResolvedVerb(leases, context);
}

}  // namespace

void AddUsageVerbs(CLI::App& app, Context& context) {
  const auto one = std::make_shared<GenerationFlags>();
  CLI::App& generation_verb =
      *app.add_subcommand("generation", "Show one generation and its attempts");
  generation_verb.add_option("id", one->id, "gen_…")->required();
  generation_verb.add_option("-w,--workspace", one->workspace, "whose; found without it");
  AddOutputFlag(generation_verb, one->format);
  generation_verb.callback([one, &context] {
    context.action = [one, &context](Session& session) {
      return ShowGeneration(*one, context, session);
    };
  });

  const auto many = std::make_shared<GenerationsFlags>();
  CLI::App& generations_verb =
      *app.add_subcommand("generations", "List a workspace's generations, newest first");
  generations_verb.add_option("workspace", many->workspace, "whose")->required();
  generations_verb.add_option("--key", many->key, "only of this key");
  generations_verb.add_option("--limit", many->limit, "at most so many")
      ->check(CLI::Range(1, kPageSizeMax))
      ->default_str("20");
  AddOutputFlag(generations_verb, many->format);
  generations_verb.callback([many, &context] {
    context.action = [many, &context](Session& session) {
      return ListGenerations(*many, context, session);
    };
  });

  AddLeaseVerbs(app, context);
}

}  // namespace tollgate::cli
