#include "dataplane/request/grpc_ledger_reader.h"

#include <utility>

#include "dataplane/limits.h"
#include "dataplane/request/unary_calls.h"
#include "tollgate/ledger/v1/ledger.grpc.pb.h"

namespace tollgate::dataplane {

class GrpcLedgerReader::Calls : public UnaryCalls<ledger::v1::LedgerService> {
  using UnaryCalls::UnaryCalls;
};

GrpcLedgerReader::GrpcLedgerReader(std::shared_ptr<grpc::Channel> channel, Secret token)
    : calls_(std::make_unique<Calls>(std::move(channel), std::move(token))) {}

GrpcLedgerReader::~GrpcLedgerReader() = default;

void GrpcLedgerReader::Stop() { calls_->Stop(); }

void GrpcLedgerReader::GetWallet(const std::string& workspace_id,
                                 std::function<void(absl::StatusOr<ledger::v1::Wallet>)> done) {
  ledger::v1::GetWalletRequest request;
  request.set_workspace_id(workspace_id);
  calls_->Call<ledger::v1::Wallet>(
      std::move(request), std::move(done), [](auto& async, auto&&... arguments) {
        async.GetWallet(std::forward<decltype(arguments)>(arguments)...);
      });
}

void GrpcLedgerReader::GetAccount(const std::string& account,
                                  std::function<void(absl::StatusOr<ledger::v1::Account>)> done) {
  ledger::v1::GetAccountRequest request;
  request.set_account(account);
  calls_->Call<ledger::v1::Account>(
      std::move(request), std::move(done), [](auto& async, auto&&... arguments) {
        async.GetAccount(std::forward<decltype(arguments)>(arguments)...);
      });
}

void GrpcLedgerReader::GetKeyUsage(const std::string& workspace_id, const std::string& key_id,
                                   std::function<void(absl::StatusOr<ledger::v1::KeyUsage>)> done) {
  ledger::v1::GetKeyUsageRequest request;
  request.set_workspace_id(workspace_id);
  request.set_key_id(key_id);
  calls_->Call<ledger::v1::KeyUsage>(
      std::move(request), std::move(done), [](auto& async, auto&&... arguments) {
        async.GetKeyUsage(std::forward<decltype(arguments)>(arguments)...);
      });
}

void GrpcLedgerReader::GetGeneration(
    const std::string& workspace_id, const std::string& generation_id,
    std::function<void(absl::StatusOr<ledger::v1::Generation>)> done) {
  ledger::v1::GetGenerationRequest request;
  request.set_workspace_id(workspace_id);
  request.set_id(generation_id);
  calls_->Call<ledger::v1::Generation>(
      std::move(request), std::move(done), [](auto& async, auto&&... arguments) {
        async.GetGeneration(std::forward<decltype(arguments)>(arguments)...);
      });
}

void GrpcLedgerReader::ListGenerations(
    const std::string& workspace_id, const std::string& page_token,
    std::function<void(absl::StatusOr<ledger::v1::ListGenerationsResponse>)> done) {
  ledger::v1::ListGenerationsRequest request;
  request.set_workspace_id(workspace_id);
  request.set_page_token(page_token);
  request.set_page_size(kLedgerPageGenerations);
  calls_->Call<ledger::v1::ListGenerationsResponse>(
      std::move(request), std::move(done), [](auto& async, auto&&... arguments) {
        async.ListGenerations(std::forward<decltype(arguments)>(arguments)...);
      });
}

}  // namespace tollgate::dataplane
