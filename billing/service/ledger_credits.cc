// LedgerService: refunds, promotional credit, and the accounts of a budget.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error_map.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "billing/service/ledger_messages.h"
#include "billing/service/ledger_service.h"
#include "billing/service/page.h"

namespace tollgate::billing {
namespace {

constexpr char kAccountPages = 'a';

}  // namespace

// The charge is what is durable now: more may come, which a later refund can give back.
absl::StatusOr<RefundOrder> LedgerService::ReadRefund(const ledger::v1::RefundRequest& request,
                                                      std::string actor) const {
  if (request.description().empty()) {
    return absl::InvalidArgumentError("description is required: say why");
  }
  if (!IsValidResourceId(request.workspace_id())) {
    return absl::InvalidArgumentError("workspace_id is required and must be a valid id");
  }
  ledger::v1::Generation generation;
  TG_RETURN_IF_ERROR(ReadGeneration(request.generation_id(), request.workspace_id(), &generation));
  return RefundOrder{.workspace_id = request.workspace_id(),
                     .generation_id = request.generation_id(),
                     .amount = Money::FromNanoUsd(request.amount_nano_usd()),
                     .charge = Money::FromNanoUsd(generation.charge_nano_usd()),
                     .request_id = request.request_id(),
                     .description = request.description(),
                     .actor = std::move(actor)};
}

grpc::ServerUnaryReactor* LedgerService::Refund(grpc::CallbackServerContext* context,
                                                const ledger::v1::RefundRequest* request,
                                                ledger::v1::Entry* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status allowed = authorizer_.Check(*context, AdminRole::kAdmin);
  absl::StatusOr<RefundOrder> order = allowed.ok()
                                          ? ReadRefund(*request, authorizer_.CallerOf(*context))
                                          : absl::StatusOr<RefundOrder>(allowed);
  if (!order.ok()) {
    reactor->Finish(ToGrpc(order.status()));
  } else {
    Post([order = *std::move(order)](Books& books, Now now) { return books.Refund(order, now); },
         response, reactor);
  }
  return reactor;
}

grpc::ServerUnaryReactor* LedgerService::GrantCredit(grpc::CallbackServerContext* context,
                                                     const ledger::v1::GrantCreditRequest* request,
                                                     ledger::v1::Entry* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status allowed = authorizer_.Check(*context, AdminRole::kAdmin);
  if (allowed.ok() && !request->has_expire_time()) {
    allowed = absl::InvalidArgumentError("expire_time is required");
  }
  if (!allowed.ok()) {
    reactor->Finish(ToGrpc(allowed));
    return reactor;
  }
  CreditGrant grant{.workspace_id = request->workspace_id(),
                    .amount = Money::FromNanoUsd(request->amount_nano_usd()),
                    .expire_time = absl::FromUnixSeconds(request->expire_time().seconds()) +
                                   absl::Nanoseconds(request->expire_time().nanos()),
                    .request_id = request->request_id(),
                    .description = request->description(),
                    .actor = authorizer_.CallerOf(*context)};
  Post([grant = std::move(grant)](Books& books, Now now) { return books.Grant(grant, now); },
       response, reactor);
  return reactor;
}

grpc::ServerUnaryReactor* LedgerService::ListCredits(grpc::CallbackServerContext* context,
                                                     const ledger::v1::ListCreditsRequest* request,
                                                     ledger::v1::ListCreditsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::Status status = authorizer_.Check(*context, AdminRole::kViewer);
  if (status.ok() && !IsValidResourceId(request->workspace_id())) {
    status = absl::InvalidArgumentError("workspace_id is required and must be a valid id");
  }
  if (!status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  auto rows = std::make_shared<std::vector<CreditRow>>();
  writer_.Submit(
      {.apply = [rows, request](Books& books,
                                Now) { *rows = books.credits().List(request->workspace_id()); },
       .done =
           [rows, response, reactor](const absl::Status& synced) {
             for (const CreditRow& row : *rows) *response->add_credits() = ToProto(row);
             reactor->Finish(ToGrpc(synced));
           }});
  return reactor;
}

grpc::ServerUnaryReactor* LedgerService::ListAccounts(
    grpc::CallbackServerContext* context, const ledger::v1::ListAccountsRequest* request,
    ledger::v1::ListAccountsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  auto rows = std::make_shared<std::vector<AccountRow>>();
  const absl::Status status = [&]() -> absl::Status {
    TG_RETURN_IF_ERROR(authorizer_.Check(*context, AdminRole::kViewer));
    if (!IsValidResourceId(request->budget_id())) {
      return absl::InvalidArgumentError("budget_id is required and must be a valid id");
    }
    TG_ASSIGN_OR_RETURN(const std::size_t size, PageSize(request->page_size()));
    TG_ASSIGN_OR_RETURN(const std::string after,
                        ReadPageToken(kAccountPages, request->page_token()));
    TG_ASSIGN_OR_RETURN(
        *rows, store_.ListAccounts("budget/" + request->budget_id() + "/", after, size + 1));
    if (rows->size() > size) {
      rows->pop_back();
      response->set_next_page_token(MakePageToken(kAccountPages, rows->back().account));
    }
    return absl::OkStatus();
  }();
  if (!status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  // The caps are configuration, which the books know.
  writer_.Submit(
      {.apply =
           [rows, response](Books& books, Now) {
             for (const AccountRow& row : *rows) {
               const auto view = books.leases().FindAccount(row.account);
               if (view.has_value()) *response->add_accounts() = ToProto(*view);
             }
           },
       .done = [reactor](const absl::Status& synced) { reactor->Finish(ToGrpc(synced)); }});
  return reactor;
}

}  // namespace tollgate::billing
