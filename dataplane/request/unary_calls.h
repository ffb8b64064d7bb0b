// Unary calls by gRPC without a thread that waits: each is kept alive by its own completion.
#ifndef TOLLGATE_DATAPLANE_REQUEST_UNARY_CALLS_H_
#define TOLLGATE_DATAPLANE_REQUEST_UNARY_CALLS_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/error_map.h"
#include "base/secret.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {

// Thread-safe.
template <typename Service>
class UnaryCalls {
 public:
  // `token` is sent as a bearer token; empty = none.
  UnaryCalls(std::shared_ptr<grpc::Channel> channel, Secret token)
      : state_(std::make_shared<State>(std::move(channel), std::move(token))) {}

  // Cancels what is open and waits until each `done` has returned.
  ~UnaryCalls() {
    Stop();
    std::unique_lock lock(state_->mutex);
    state_->idle.wait(lock, [this] { return state_->open.empty(); });
  }
  UnaryCalls(const UnaryCalls&) = delete;
  UnaryCalls& operator=(const UnaryCalls&) = delete;

  // Cancels what is open, and refuses what comes.
  void Stop() {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (grpc::ClientContext* context : state_->open) context->TryCancel();
  }

  // Makes a call by `start(async_stub, context, request, response, on_done)`, and calls `done` once
  // with what came of it.
  template <typename Response, typename Request, typename Start>
  void Call(Request request, std::function<void(absl::StatusOr<Response>)> done, Start start) {
    struct Open {
      grpc::ClientContext context;
      Request request;
      Response response;
      std::function<void(absl::StatusOr<Response>)> done;
    };
    auto call = std::make_shared<Open>();
    call->request = std::move(request);
    call->done = std::move(done);
    call->context.set_deadline(
        absl::ToChronoTime(RealClock().Wall() + absl::Milliseconds(kLedgerCallMs)));
    if (!state_->token.empty()) {
      call->context.AddMetadata("authorization", "Bearer " + std::string(state_->token.Reveal()));
    }
    {
      std::unique_lock lock(state_->mutex);
      if (state_->stopping) {
        lock.unlock();
        call->done(absl::UnavailableError("the node is stopping"));
        return;
      }
      state_->open.insert(&call->context);
    }
    start(*state_->stub->async(), &call->context, &call->request, &call->response,
          [state = state_, call](const grpc::Status& status) {
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

 private:
  struct State {
    State(std::shared_ptr<grpc::Channel> channel, Secret bearer)
        : stub(Service::NewStub(std::move(channel))), token(std::move(bearer)) {}

    std::unique_ptr<typename Service::Stub> stub;
    const Secret token;
    std::mutex mutex;
    std::condition_variable idle;
    std::set<grpc::ClientContext*> open;  // Guarded by mutex, like the next.
    bool stopping = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_UNARY_CALLS_H_
