// refund, credit, credits, spend.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/config_file.h"
#include "base/money.h"
#include "base/status_macros.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/post_money.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::cli {
namespace {

constexpr int kPageSizeMax = 1'000;

struct PostFlags {
  std::string workspace;
  std::string generation;
  std::string amount;
  std::string expires;
  std::string request_id;
  std::string description;
};

// Posts money and prints the entry.
absl::Status Post(const char* method, const google::protobuf::Message& request,
                  const std::string& request_id, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const ledger::v1::Entry entry,
                      PostMoney(method, request, request_id, session));
  context.out << "entry " << entry.sequence() << ": "
              << Usd(entry.postings_size() > 0 ? entry.postings(0).amount_nano_usd() : 0)
              << " USD added to " << entry.workspace_id() << ", balance "
              << Usd(entry.balance_nano_usd()) << " USD (request id " << request_id << ")\n";
  return absl::OkStatus();
}

absl::Status Refund(const PostFlags& flags, Context& context, Session& session) {
  ledger::v1::RefundRequest request;
  request.set_workspace_id(flags.workspace);
  request.set_generation_id(flags.generation);
  if (!flags.amount.empty()) {
    TG_ASSIGN_OR_RETURN(const Money amount, Money::ParseUsd(flags.amount));
    if (amount <= Money::Zero()) return absl::InvalidArgumentError("--usd must be above zero");
    request.set_amount_nano_usd(amount.nano_usd());
  }
  request.set_request_id(RequestIdOr(flags.request_id));
  request.set_description(flags.description);
  return Post("Refund", request, request.request_id(), context, session);
}

// "720h" from now, or an RFC 3339 time.
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text) {
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return time;
  const absl::StatusOr<absl::Duration> from_now = ParseConfigDuration(text);
  if (from_now.ok()) return RealClock().Wall() + *from_now;
  return absl::InvalidArgumentError(absl::StrCat(
      "--expires must be a duration such as 720h or a time such as 2026-01-31T12:00:00Z, got '",
      text, "'"));
}

absl::Status GrantCredit(const PostFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const Money amount, Money::ParseUsd(flags.amount));
  TG_ASSIGN_OR_RETURN(const absl::Time expires, ParseExpiry(flags.expires));
  ledger::v1::GrantCreditRequest request;
  request.set_workspace_id(flags.workspace);
  request.set_amount_nano_usd(amount.nano_usd());
  request.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expires));
  request.set_request_id(RequestIdOr(flags.request_id));
  request.set_description(flags.description);
  return Post("GrantCredit", request, request.request_id(), context, session);
}

struct ListFlags {
  std::string of;
  std::string format = kTable;
};

absl::Status ListCredits(const ListFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::ListCreditsRequest request;
  request.set_workspace_id(flags.of);
  ledger::v1::ListCreditsResponse response;
  TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "ListCredits"), request, response));
  Table table({"ENTRY", "AMOUNT USD", "REMAINING", "EXPIRES"});
  std::vector<Value> values;
  for (const ledger::v1::Credit& credit : response.credits()) {
    values.push_back(RecordToValue(credit));
    const Value* time = values.back().Find("expire_time");
    table.AddRow({absl::StrCat(credit.entry_sequence()), Usd(credit.amount_nano_usd()),
                  Usd(credit.remaining_nano_usd()), time != nullptr ? time->text : ""});
  }
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

absl::Status ListSpend(const ListFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::ListAccountsRequest request;
  request.set_budget_id(flags.of);
  request.set_page_size(kPageSizeMax);
  Table table({"ACCOUNT", "LIMIT USD", "SPENT", "HELD"});
  std::vector<Value> values;
  do {
    ledger::v1::ListAccountsResponse page;
    TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "ListAccounts"), request, page));
    for (const ledger::v1::Account& account : page.accounts()) {
      values.push_back(RecordToValue(account));
      table.AddRow({account.account(),
                    account.cap_nano_usd() < 0 ? "none" : Usd(account.cap_nano_usd()),
                    Usd(account.settled_nano_usd()), Usd(account.outstanding_nano_usd())});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

void AddRequestFlags(CLI::App& verb, PostFlags& flags, bool description_required) {
  verb.add_option("--request-id", flags.request_id,
                  "makes a repetition harmless; a new one without it");
  CLI::Option* description =
      verb.add_option("--description", flags.description, "a sentence for the statement");
  if (description_required) description->required();
}

}  // namespace

void AddCreditVerbs(CLI::App& app, Context& context) {
  const auto refund = std::make_shared<PostFlags>();
  CLI::App& refund_verb =
      *app.add_subcommand("refund", "Give back what a generation was charged, or a part of it");
  refund_verb.add_option("workspace", refund->workspace, "whose wallet")->required();
  refund_verb.add_option("generation", refund->generation, "gen_…")->required();
  refund_verb.add_option("--usd", refund->amount, "how much; all that is left without it");
  AddRequestFlags(refund_verb, *refund, /*description_required=*/true);
  refund_verb.callback([refund, &context] {
    context.action = [refund, &context](Session& session) {
      return Refund(*refund, context, session);
    };
  });

  const auto credit = std::make_shared<PostFlags>();
  CLI::App& credit_verb =
      *app.add_subcommand("credit", "Give promotional credit, which is spent first and expires");
  credit_verb.add_option("workspace", credit->workspace, "whose wallet")->required();
  credit_verb.add_option("usd", credit->amount, "an exact decimal of US dollars")->required();
  credit_verb
      .add_option("--expires", credit->expires, "a duration from now (720h) or a time (RFC 3339)")
      ->required();
  AddRequestFlags(credit_verb, *credit, /*description_required=*/false);
  credit_verb.callback([credit, &context] {
    context.action = [credit, &context](Session& session) {
      return GrantCredit(*credit, context, session);
    };
  });

  const auto credits = std::make_shared<ListFlags>();
  CLI::App& credits_verb =
      *app.add_subcommand("credits", "List promotional credits that still hold money");
  credits_verb.add_option("workspace", credits->of, "whose")->required();
  AddOutputFlag(credits_verb, credits->format);
  credits_verb.callback([credits, &context] {
    context.action = [credits, &context](Session& session) {
      return ListCredits(*credits, context, session);
    };
  });

  const auto spend = std::make_shared<ListFlags>();
  CLI::App& spend_verb =
      *app.add_subcommand("spend", "Show what was spent of a budget, by period and instance");
  spend_verb.add_option("budget", spend->of, "bud_…")->required();
  AddOutputFlag(spend_verb, spend->format);
  spend_verb.callback([spend, &context] {
    context.action = [spend, &context](Session& session) {
      return ListSpend(*spend, context, session);
    };
  });
}

}  // namespace tollgate::cli
