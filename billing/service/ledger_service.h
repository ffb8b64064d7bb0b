// ledger.proto: money by hand, wallets, the journal, generations.
#ifndef TOLLGATE_BILLING_SERVICE_LEDGER_SERVICE_H_
#define TOLLGATE_BILLING_SERVICE_LEDGER_SERVICE_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/service/authorize.h"
#include "billing/store/ledger_store.h"
#include "billing/writer/ledger_writer.h"
#include "tollgate/ledger/v1/ledger.grpc.pb.h"

namespace tollgate::billing {

// Thread-safe.  Changes go through the writer; lists and single reads come from the store, and see
// everything that was acknowledged before.
class LedgerService final : public ledger::v1::LedgerService::CallbackService {
 public:
  // All must outlive the server that serves this.
  LedgerService(LedgerWriter& writer, const LedgerStore& store, const Authorizer& authorizer)
      : writer_(writer), store_(store), authorizer_(authorizer) {}

  grpc::ServerUnaryReactor* TopUp(grpc::CallbackServerContext* context,
                                  const ledger::v1::TopUpRequest* request,
                                  ledger::v1::Entry* response) override;
  grpc::ServerUnaryReactor* Adjust(grpc::CallbackServerContext* context,
                                   const ledger::v1::AdjustRequest* request,
                                   ledger::v1::Entry* response) override;
  grpc::ServerUnaryReactor* Refund(grpc::CallbackServerContext* context,
                                   const ledger::v1::RefundRequest* request,
                                   ledger::v1::Entry* response) override;
  grpc::ServerUnaryReactor* GrantCredit(grpc::CallbackServerContext* context,
                                        const ledger::v1::GrantCreditRequest* request,
                                        ledger::v1::Entry* response) override;
  grpc::ServerUnaryReactor* ListCredits(grpc::CallbackServerContext* context,
                                        const ledger::v1::ListCreditsRequest* request,
                                        ledger::v1::ListCreditsResponse* response) override;
  grpc::ServerUnaryReactor* ListAccounts(grpc::CallbackServerContext* context,
                                         const ledger::v1::ListAccountsRequest* request,
                                         ledger::v1::ListAccountsResponse* response) override;
  grpc::ServerUnaryReactor* GetWallet(grpc::CallbackServerContext* context,
                                      const ledger::v1::GetWalletRequest* request,
                                      ledger::v1::Wallet* response) override;
  grpc::ServerUnaryReactor* GetAccount(grpc::CallbackServerContext* context,
                                       const ledger::v1::GetAccountRequest* request,
                                       ledger::v1::Account* response) override;
  grpc::ServerUnaryReactor* GetKeyUsage(grpc::CallbackServerContext* context,
                                        const ledger::v1::GetKeyUsageRequest* request,
                                        ledger::v1::KeyUsage* response) override;
  grpc::ServerUnaryReactor* ListEntries(grpc::CallbackServerContext* context,
                                        const ledger::v1::ListEntriesRequest* request,
                                        ledger::v1::ListEntriesResponse* response) override;
  grpc::ServerUnaryReactor* GetGeneration(grpc::CallbackServerContext* context,
                                          const ledger::v1::GetGenerationRequest* request,
                                          ledger::v1::Generation* response) override;
  grpc::ServerUnaryReactor* ListGenerations(grpc::CallbackServerContext* context,
                                            const ledger::v1::ListGenerationsRequest* request,
                                            ledger::v1::ListGenerationsResponse* response) override;

 private:
  // Changes the books by `post` and answers the entry that it names.
  void Post(std::function<absl::StatusOr<std::uint64_t>(Books&, Now)> post,
            ledger::v1::Entry* response, grpc::ServerUnaryReactor* reactor);
  absl::StatusOr<RefundOrder> ReadRefund(const ledger::v1::RefundRequest& request,
                                         std::string actor) const;
  absl::Status ReadWallet(const std::string& workspace_id, ledger::v1::Wallet* response) const;
  absl::Status ReadKeyUsage(const ledger::v1::GetKeyUsageRequest& request,
                            ledger::v1::KeyUsage* response) const;
  absl::Status ReadEntries(const ledger::v1::ListEntriesRequest& request,
                           ledger::v1::ListEntriesResponse* response) const;
  absl::Status ReadGeneration(const std::string& id, const std::string& workspace_id,
                              ledger::v1::Generation* response) const;
  absl::Status ReadGenerations(const ledger::v1::ListGenerationsRequest& request,
                               ledger::v1::ListGenerationsResponse* response) const;

  LedgerWriter& writer_;
  const LedgerStore& store_;
  const Authorizer& authorizer_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEDGER_SERVICE_H_
