#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/money.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/post_money.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"
#include "tollgate/ledger/v1/ledger.pb.h"

namespace tollgate::cli {
namespace {

constexpr int kPageSizeMax = 1'000;

struct MoveFlags {
  std::string workspace;
  std::string amount;
  std::string request_id;
  std::string description;
};

// `TopUpRequest` and `AdjustRequest` have the same fields.
template <typename Request>
absl::Status Move(const char* method, const MoveFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const Money amount, Money::ParseUsd(flags.amount));
  const std::string request_id = RequestIdOr(flags.request_id);
  Request request;
  request.set_workspace_id(flags.workspace);
  request.set_amount_nano_usd(amount.nano_usd());
  request.set_request_id(request_id);
  request.set_description(flags.description);
  TG_ASSIGN_OR_RETURN(const ledger::v1::Entry entry,
                      PostMoney(method, request, request_id, session));
  context.out << "entry " << entry.sequence() << ": " << Usd(amount.nano_usd()) << " USD "
              << (amount.is_negative() ? "taken from " : "added to ") << flags.workspace
              << ", balance " << Usd(entry.balance_nano_usd()) << " USD (request id " << request_id
              << ")\n";
  return absl::OkStatus();
}

struct WalletFlags {
  std::string workspace;
  std::string format = kTable;
};

absl::Status ShowWallet(const WalletFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::GetWalletRequest request;
  request.set_workspace_id(flags.workspace);
  ledger::v1::Wallet wallet;
  TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "GetWallet"), request, wallet));
  if (flags.format != kTable) {
    PrintValue(context.out, flags.format, RecordToValue(wallet));
    return absl::OkStatus();
  }
  Table table(
      {"WORKSPACE", "BALANCE USD", "AVAILABLE", "HELD", "SPENT", "CREDITED", "PROMOTIONAL"});
  table.AddRow({wallet.workspace_id(), Usd(wallet.balance_nano_usd()),
                Usd(wallet.available_nano_usd()), Usd(wallet.held_nano_usd()),
                Usd(wallet.spent_nano_usd()), Usd(wallet.credited_nano_usd()),
                Usd(wallet.promotional_nano_usd())});
  context.out << table.ToText();
  return absl::OkStatus();
}

struct StatementFlags {
  std::string workspace;
  int limit = 20;
  bool all_kinds = false;
  std::string format = kTable;
};

// What the entry did to the wallet and its holds together.
std::int64_t WalletChange(const ledger::v1::Entry& entry) {
  std::int64_t sum = 0;
  for (const ledger::v1::Posting& posting : entry.postings()) {
    if (absl::StartsWith(posting.account(), "wallet/") ||
        absl::StartsWith(posting.account(), "holds/")) {
      sum += posting.amount_nano_usd();
    }
  }
  return sum;
}

absl::Status ShowStatement(const StatementFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* billing, session.Billing());
  ledger::v1::ListEntriesRequest request;
  request.set_workspace_id(flags.workspace);
  request.set_page_size(flags.limit);
  if (flags.all_kinds) {
    for (int kind = ledger::v1::EntryKind_MIN + 1; kind <= ledger::v1::EntryKind_MAX; ++kind) {
      request.add_kinds(static_cast<ledger::v1::EntryKind>(kind));
    }
  }
  ledger::v1::ListEntriesResponse page;
  TG_RETURN_IF_ERROR(billing->Call(absl::StrCat(kLedger, "ListEntries"), request, page));
  Table table(
      {"ENTRY", "TIME", "KIND", "AMOUNT USD", "BALANCE USD", "BY", "GENERATION", "DESCRIPTION"});
  std::vector<Value> values;
  for (const ledger::v1::Entry& entry : page.entries()) {
    values.push_back(RecordToValue(entry));
    const Value* time = values.back().Find("time");
    table.AddRow({absl::StrCat(entry.sequence()), time != nullptr ? time->text : "",
                  values.back().Find("kind")->text, Usd(WalletChange(entry)),
                  Usd(entry.balance_nano_usd()), entry.actor(), entry.generation_id(),
                  entry.description()});
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

template <typename Request>
void AddMoveVerb(CLI::App& app, Context& context, const char* name, const char* method,
                 const char* help, bool description_required) {
  const auto flags = std::make_shared<MoveFlags>();
  CLI::App& verb = *app.add_subcommand(name, help);
  verb.add_option("workspace", flags->workspace, "whose wallet")->required();
  verb.add_option("usd", flags->amount, "an exact decimal of US dollars, such as 10 or 0.25")
      ->required();
  verb.add_option("--request-id", flags->request_id,
                  "makes a repetition harmless; a new one without it");
  CLI::Option* description =
      verb.add_option("--description", flags->description, "a sentence for the statement");
  if (description_required) description->required();
  verb.callback([flags, method, &context] {
    context.action = [flags, method, &context](Session& session) {
      return Move<Request>(method, *flags, context, session);
    };
  });
}

}  // namespace

void AddMoneyVerbs(CLI::App& app, Context& context) {
  AddMoveVerb<ledger::v1::TopUpRequest>(app, context, "topup", "TopUp",
                                        "Add money to a workspace's wallet", false);
  AddMoveVerb<ledger::v1::AdjustRequest>(app, context, "adjust", "Adjust",
                                         "Correct a wallet, up or down", true);

  const auto wallet = std::make_shared<WalletFlags>();
  CLI::App& wallet_verb = *app.add_subcommand("wallet", "Show a workspace's wallet");
  wallet_verb.add_option("workspace", wallet->workspace, "whose")->required();
  AddOutputFlag(wallet_verb, wallet->format);
  wallet_verb.callback([wallet, &context] {
    context.action = [wallet, &context](Session& session) {
      return ShowWallet(*wallet, context, session);
    };
  });

  const auto statement = std::make_shared<StatementFlags>();
  CLI::App& statement_verb =
      *app.add_subcommand("statement", "Show a workspace's journal, newest first");
  statement_verb.add_option("workspace", statement->workspace, "whose")->required();
  statement_verb.add_option("--limit", statement->limit, "at most so many entries")
      ->check(CLI::Range(1, kPageSizeMax))
      ->default_str("20");
  statement_verb.add_flag("--all", statement->all_kinds, "with the movements of leases");
  AddOutputFlag(statement_verb, statement->format);
  statement_verb.callback([statement, &context] {
    context.action = [statement, &context](Session& session) {
      return ShowStatement(*statement, context, session);
    };
  });
}

}  // namespace tollgate::cli
