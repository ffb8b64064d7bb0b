#include "billing/service/ledger_service.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error_map.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "billing/lease/account_ref.h"
#include "billing/ledger/binary.h"
#include "billing/service/ledger_messages.h"
#include "billing/service/page.h"

namespace tollgate::billing {
namespace {

constexpr char kEntryPages = 'e';
constexpr char kGenerationPages = 'g';

// What a customer reads; the movements between wallet and leases only on request.
constexpr EntryKind kStatementKinds[] = {
    EntryKind::kTopUp,  EntryKind::kAdjustment, EntryKind::kUsage,       EntryKind::kLoss,
    EntryKind::kRefund, EntryKind::kCredit,     EntryKind::kCreditExpiry};

absl::StatusOr<std::vector<EntryKind>> ReadKinds(const ledger::v1::ListEntriesRequest& request) {
  if (request.kinds().empty()) {
    if (request.workspace_id().empty()) return std::vector<EntryKind>{EntryKind::kResolution};
    return std::vector<EntryKind>(std::begin(kStatementKinds), std::end(kStatementKinds));
  }
  std::vector<EntryKind> kinds;
  for (const int kind : request.kinds()) {
    const std::optional<EntryKind> known = FromProto(static_cast<ledger::v1::EntryKind>(kind));
    if (!known.has_value()) return absl::InvalidArgumentError("an unknown kind of entry");
    if (std::find(kinds.begin(), kinds.end(), *known) == kinds.end()) kinds.push_back(*known);
  }
  return kinds;
}

absl::Status CheckWorkspace(const std::string& workspace_id) {
  if (IsValidResourceId(workspace_id)) return absl::OkStatus();
  return absl::InvalidArgumentError("workspace_id is required and must be a valid id");
}

// `TopUpRequest` and `AdjustRequest` have the same fields.
template <typename Request>
auto ByHand(EntryKind kind, const Request& request, std::string actor) {
  ManualEntry entry{.kind = kind,
                    .workspace_id = request.workspace_id(),
                    .amount = Money::FromNanoUsd(request.amount_nano_usd()),
                    .request_id = request.request_id(),
                    .description = request.description(),
                    .actor = std::move(actor)};
  return [entry = std::move(entry)](Books& books, Now now) { return books.Post(entry, now); };
}

std::string SequencePosition(std::uint64_t sequence) {
  BinaryWriter out;
  out.U64(sequence);
  return out.Take();
}

}  // namespace

grpc::ServerUnaryReactor* LedgerService::TopUp(grpc::CallbackServerContext* context,
                                               const ledger::v1::TopUpRequest* request,
                                               ledger::v1::Entry* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status allowed = authorizer_.Check(*context, AdminRole::kAdmin);
  if (!allowed.ok()) {
    reactor->Finish(ToGrpc(allowed));
  } else {
    Post(ByHand(EntryKind::kTopUp, *request, authorizer_.CallerOf(*context)), response, reactor);
  }
  return reactor;
}

grpc::ServerUnaryReactor* LedgerService::Adjust(grpc::CallbackServerContext* context,
                                                const ledger::v1::AdjustRequest* request,
                                                ledger::v1::Entry* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status allowed = authorizer_.Check(*context, AdminRole::kAdmin);
  if (allowed.ok() && request->description().empty()) {
    allowed = absl::InvalidArgumentError("description is required: say why");
  }
  if (!allowed.ok()) {
    reactor->Finish(ToGrpc(allowed));
  } else {
    Post(ByHand(EntryKind::kAdjustment, *request, authorizer_.CallerOf(*context)), response,
         reactor);
  }
  return reactor;
}

void LedgerService::Post(std::function<absl::StatusOr<std::uint64_t>(Books&, Now)> post,
                         ledger::v1::Entry* response, grpc::ServerUnaryReactor* reactor) {
  auto outcome = std::make_shared<absl::StatusOr<std::uint64_t>>(std::uint64_t{0});
  writer_.Submit({.apply = [outcome, post = std::move(post)](
                               Books& books, Now now) { *outcome = post(books, now); },
                  .done =
                      [this, outcome, response, reactor](const absl::Status& synced) {
                        if (!synced.ok()) return reactor->Finish(ToGrpc(synced));
                        if (!outcome->ok()) return reactor->Finish(ToGrpc(outcome->status()));
                        // A repetition is answered with the first entry, as the store has it.
                        const absl::StatusOr<Entry> written = store_.ReadEntry(**outcome);
                        if (written.ok()) *response = ToProto(*written);
                        reactor->Finish(ToGrpc(written.status()));
                      }});
}

grpc::ServerUnaryReactor* LedgerService::GetWallet(grpc::CallbackServerContext* context,
                                                   const ledger::v1::GetWalletRequest* request,
                                                   ledger::v1::Wallet* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok()) status = ReadWallet(request->workspace_id(), response);
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status LedgerService::ReadWallet(const std::string& workspace_id,
                                       ledger::v1::Wallet* response) const {
  TG_RETURN_IF_ERROR(CheckWorkspace(workspace_id));
  const absl::StatusOr<AccountRow> row = store_.ReadAccount(WalletAccount(workspace_id));
  if (!row.ok() && !absl::IsNotFound(row.status())) return row.status();
  TG_ASSIGN_OR_RETURN(const Money promotional, store_.ReadBalance(CreditAccount(workspace_id)));
  *response = WalletToProto(workspace_id, row.ok() ? *row : AccountRow{}, promotional);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LedgerService::GetAccount(grpc::CallbackServerContext* context,
                                                    const ledger::v1::GetAccountRequest* request,
                                                    ledger::v1::Account* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok() && !ParseAccountRef(request->account()).has_value()) {
    status = absl::InvalidArgumentError(
        "account must be wallet/<workspace>, budget/<budget>/<period>[/<instance>] or "
        "run/<workspace>/<run>");
  }
  if (!status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  // The cap is configuration, which the books know.
  auto view = std::make_shared<std::optional<AccountView>>();
  writer_.Submit(
      {.apply = [view, request](Books& books,
                                Now) { *view = books.leases().FindAccount(request->account()); },
       .done =
           [view, response, reactor](const absl::Status& synced) {
             if (!synced.ok()) return reactor->Finish(ToGrpc(synced));
             if (!view->has_value()) {
               return reactor->Finish(
                   ToGrpc(absl::NotFoundError("nothing is known of this account")));
             }
             *response = ToProto(**view);
             reactor->Finish(grpc::Status::OK);
           }});
  return reactor;
}

grpc::ServerUnaryReactor* LedgerService::GetKeyUsage(grpc::CallbackServerContext* context,
                                                     const ledger::v1::GetKeyUsageRequest* request,
                                                     ledger::v1::KeyUsage* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok()) status = ReadKeyUsage(*request, response);
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status LedgerService::ReadKeyUsage(const ledger::v1::GetKeyUsageRequest& request,
                                         ledger::v1::KeyUsage* response) const {
  TG_RETURN_IF_ERROR(CheckWorkspace(request.workspace_id()));
  if (!IsValidResourceId(request.key_id())) {
    return absl::InvalidArgumentError("key_id is required and must be a valid id");
  }
  const absl::StatusOr<KeyTotalsRow> row =
      store_.ReadKeyTotals(request.workspace_id(), request.key_id());
  if (absl::IsNotFound(row.status())) return absl::OkStatus();
  TG_RETURN_IF_ERROR(row.status());
  *response = ToProto(*row);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LedgerService::ListEntries(grpc::CallbackServerContext* context,
                                                     const ledger::v1::ListEntriesRequest* request,
                                                     ledger::v1::ListEntriesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok()) status = ReadEntries(*request, response);
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status LedgerService::ReadEntries(const ledger::v1::ListEntriesRequest& request,
                                        ledger::v1::ListEntriesResponse* response) const {
  if (!request.workspace_id().empty()) {
    TG_RETURN_IF_ERROR(CheckWorkspace(request.workspace_id()));
  }
  TG_ASSIGN_OR_RETURN(const std::size_t size, PageSize(request.page_size()));
  TG_ASSIGN_OR_RETURN(const std::string position, ReadPageToken(kEntryPages, request.page_token()));
  EntryQuery query;
  query.workspace_id = request.workspace_id();
  TG_ASSIGN_OR_RETURN(query.kinds, ReadKinds(request));
  query.limit = size + 1;
  if (!position.empty()) {
    BinaryReader in(position);
    query.before_sequence = in.U64();
    if (!in.complete()) return absl::InvalidArgumentError("page_token is damaged");
  }
  TG_ASSIGN_OR_RETURN(const std::vector<Entry> entries, store_.ListEntries(query));
  for (std::size_t i = 0; i < entries.size() && i < size; ++i) {
    *response->add_entries() = ToProto(entries[i]);
  }
  if (entries.size() > size) {
    response->set_next_page_token(
        MakePageToken(kEntryPages, SequencePosition(entries[size - 1].sequence)));
  }
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LedgerService::GetGeneration(
    grpc::CallbackServerContext* context, const ledger::v1::GetGenerationRequest* request,
    ledger::v1::Generation* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok()) status = CheckWorkspace(request->workspace_id());
  if (status.ok()) status = ReadGeneration(request->id(), request->workspace_id(), response);
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status LedgerService::ReadGeneration(const std::string& id, const std::string& workspace_id,
                                           ledger::v1::Generation* response) const {
  TG_ASSIGN_OR_RETURN(const std::vector<std::string> records,
                      store_.ReadGeneration(workspace_id, id));
  response->set_id(id);
  Money charge;
  Money cost;
  for (const std::string& bytes : records) {
    usage::v1::UsageRecord record;
    if (!record.ParseFromString(bytes)) {
      return absl::DataLossError("a stored usage record cannot be read");
    }
    charge += Money::FromNanoUsd(record.charge_nano_usd());
    cost += Money::FromNanoUsd(record.cost_nano_usd());
    *response->add_attempts() = std::move(record);
  }
  response->set_charge_nano_usd(charge.nano_usd());
  response->set_cost_nano_usd(cost.nano_usd());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LedgerService::ListGenerations(
    grpc::CallbackServerContext* context, const ledger::v1::ListGenerationsRequest* request,
    ledger::v1::ListGenerationsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok()) status = ReadGenerations(*request, response);
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status LedgerService::ReadGenerations(const ledger::v1::ListGenerationsRequest& request,
                                            ledger::v1::ListGenerationsResponse* response) const {
  TG_RETURN_IF_ERROR(CheckWorkspace(request.workspace_id()));
  TG_ASSIGN_OR_RETURN(const std::size_t size, PageSize(request.page_size()));
  GenerationQuery query;
  query.workspace_id = request.workspace_id();
  query.key_id = request.key_id();
  TG_ASSIGN_OR_RETURN(query.before_id, ReadPageToken(kGenerationPages, request.page_token()));
  query.limit = size + 1;
  TG_ASSIGN_OR_RETURN(const std::vector<std::string> ids, store_.ListGenerationIds(query));
  for (std::size_t i = 0; i < ids.size() && i < size; ++i) {
    TG_RETURN_IF_ERROR(ReadGeneration(ids[i], query.workspace_id, response->add_generations()));
  }
  if (ids.size() > size) {
    response->set_next_page_token(MakePageToken(kGenerationPages, ids[size - 1]));
  }
  return absl::OkStatus();
}

}  // namespace tollgate::billing
