#include "dataplane/request/grpc_ledger_reader.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/error_map.h"
#include "dataplane/limits.h"
#include "tollgate/ledger/v1/ledger.grpc.pb.h"

namespace tollgate::dataplane {

struct GrpcLedgerReader::State {
  State(std::shared_ptr<grpc::Channel> channel, Secret bearer)
      : stub(ledger::v1::LedgerService::NewStub(std::move(channel))), token(std::move(bearer)) {}

  std::unique_ptr<ledger::v1::LedgerService::Stub> stub;
  const Secret token;
  std::mutex mutex;
  std::condition_variable idle;
  std::set<grpc::ClientContext*> open;  // Guarded by mutex, like the next.
  bool stopping = false;
};

namespace {

// One call, kept alive by its own completion.
template <typename Request, typename Response>
struct Call {
  grpc::ClientContext context;
  Request request;
  Response response;
  std::function<void(absl::StatusOr<Response>)> done;
};

}  // namespace

GrpcLedgerReader::GrpcLedgerReader(std::shared_ptr<grpc::Channel> channel, Secret token)
    : state_(std::make_shared<State>(std::move(channel), std::move(token))) {}

void GrpcLedgerReader::Stop() {
  std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  for (grpc::ClientContext* context : state_->open) context->TryCancel();
}

GrpcLedgerReader::~GrpcLedgerReader() {
  Stop();
  std::unique_lock lock(state_->mutex);
  state_->idle.wait(lock, [this] { return state_->open.empty(); });
}

// Starts a call with `start(stub.async(), context, request, response, on_done)`.
template <typename Request, typename Response, typename State, typename Start>
void StartCall(const std::shared_ptr<State>& state, std::shared_ptr<Call<Request, Response>> call,
               Start start) {
  call->context.set_deadline(
      absl::ToChronoTime(RealClock().Wall() + absl::Milliseconds(kLedgerCallMs)));
  if (!state->token.empty()) {
    call->context.AddMetadata("authorization", "Bearer " + std::string(state->token.Reveal()));
  }
  {
    std::unique_lock lock(state->mutex);
    if (state->stopping) {
      lock.unlock();
      call->done(absl::UnavailableError("the node is stopping"));
      return;
    }
    state->open.insert(&call->context);
  }
  start(*state->stub->async(), &call->context, &call->request, &call->response,
        [state, call](grpc::Status status) {
          if (status.ok()) {
            call->done(std::move(call->response));
          } else {
            call->done(FromGrpc(status));
          }
          std::lock_guard lock(state->mutex);
          state->open.erase(&call->context);
          state->idle.notify_all();
        });
}

void GrpcLedgerReader::GetWallet(const std::string& workspace_id,
                                 std::function<void(absl::StatusOr<ledger::v1::Wallet>)> done) {
  auto call = std::make_shared<Call<ledger::v1::GetWalletRequest, ledger::v1::Wallet>>();
  call->request.set_workspace_id(workspace_id);
  call->done = std::move(done);
  StartCall(state_, std::move(call), [](auto& async, auto&&... arguments) {
    async.GetWallet(std::forward<decltype(arguments)>(arguments)...);
  });
}

void GrpcLedgerReader::GetAccount(const std::string& account,
                                  std::function<void(absl::StatusOr<ledger::v1::Account>)> done) {
  auto call = std::make_shared<Call<ledger::v1::GetAccountRequest, ledger::v1::Account>>();
  call->request.set_account(account);
  call->done = std::move(done);
  StartCall(state_, std::move(call), [](auto& async, auto&&... arguments) {
    async.GetAccount(std::forward<decltype(arguments)>(arguments)...);
  });
}

void GrpcLedgerReader::GetGeneration(
    const std::string& workspace_id, const std::string& generation_id,
    std::function<void(absl::StatusOr<ledger::v1::Generation>)> done) {
  auto call = std::make_shared<Call<ledger::v1::GetGenerationRequest, ledger::v1::Generation>>();
  call->request.set_workspace_id(workspace_id);
  call->request.set_id(generation_id);
  call->done = std::move(done);
  StartCall(state_, std::move(call), [](auto& async, auto&&... arguments) {
    async.GetGeneration(std::forward<decltype(arguments)>(arguments)...);
  });
}

void GrpcLedgerReader::ListGenerations(
    const std::string& workspace_id, const std::string& page_token,
    std::function<void(absl::StatusOr<ledger::v1::ListGenerationsResponse>)> done) {
  auto call = std::make_shared<
      Call<ledger::v1::ListGenerationsRequest, ledger::v1::ListGenerationsResponse>>();
  call->request.set_workspace_id(workspace_id);
  call->request.set_page_token(page_token);
  call->request.set_page_size(kLedgerPageGenerations);
  call->done = std::move(done);
  StartCall(state_, std::move(call), [](auto& async, auto&&... arguments) {
    async.ListGenerations(std::forward<decltype(arguments)>(arguments)...);
  });
}

}  // namespace tollgate::dataplane
