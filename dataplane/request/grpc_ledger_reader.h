// Asks billing's LedgerService by gRPC, without a thread that waits.
#ifndef TOLLGATE_DATAPLANE_REQUEST_GRPC_LEDGER_READER_H_
#define TOLLGATE_DATAPLANE_REQUEST_GRPC_LEDGER_READER_H_

#include <memory>
#include <string>

#include "base/secret.h"
#include "dataplane/request/worker_context.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::dataplane {

// Thread-safe.
class GrpcLedgerReader final : public LedgerReader {
 public:
  // `token` is sent as a bearer token; empty = none.
  GrpcLedgerReader(std::shared_ptr<grpc::Channel> channel, Secret token);
  // Cancels what is open and waits until each `done` has returned.
  ~GrpcLedgerReader() override;

  void GetWallet(const std::string& workspace_id,
                 std::function<void(absl::StatusOr<ledger::v1::Wallet>)> done) override;
  void GetAccount(const std::string& account,
                  std::function<void(absl::StatusOr<ledger::v1::Account>)> done) override;
  void GetKeyUsage(const std::string& workspace_id, const std::string& key_id,
                   std::function<void(absl::StatusOr<ledger::v1::KeyUsage>)> done) override;
  void GetGeneration(const std::string& workspace_id, const std::string& generation_id,
                     std::function<void(absl::StatusOr<ledger::v1::Generation>)> done) override;

  void ListGenerations(const std::string& workspace_id, const std::string& page_token,
                       std::function<void(absl::StatusOr<ledger::v1::ListGenerationsResponse>)>
                           done) override;

  // Cancels what is open, and refuses what comes.
  void Stop();

 private:
  class Calls;
  std::unique_ptr<Calls> calls_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_GRPC_LEDGER_READER_H_
