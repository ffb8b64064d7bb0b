// A Link over a gRPC bidirectional stream (callback API).  Include it in .cc files only.
#ifndef TOLLGATE_DATAPLANE_LINK_GRPC_LINK_H_
#define TOLLGATE_DATAPLANE_LINK_GRPC_LINK_H_

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/error_map.h"
#include "dataplane/link/executor.h"
#include "dataplane/link/link.h"

namespace tollgate::dataplane {

// The two halves of a stream's life: gRPC keeps the call until OnDone(), the owner keeps the Link.
// Whichever is left last deletes the call.
template <typename Request, typename Response>
class GrpcCall final : public grpc::ClientBidiReactor<Request, Response>,
                       public std::enable_shared_from_this<GrpcCall<Request, Response>> {
 public:
  using Starter =
      std::function<void(grpc::ClientContext*, grpc::ClientBidiReactor<Request, Response>*)>;

  GrpcCall(Executor& executor, LinkEvents<Response> events)
      : executor_(executor), events_(std::move(events)) {}

  void Begin(const Starter& starter) {
    self_ = this->shared_from_this();
    starter(&context_, this);
    this->StartRead(&response_);
    this->StartCall();
  }

  void Send(Request message) {
    std::lock_guard lock(mutex_);
    if (closed_ || ending_) return;
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) this->StartWrite(&queue_.front());
  }

  void End() {
    std::lock_guard lock(mutex_);
    if (closed_ || ending_) return;
    ending_ = true;
    if (queue_.empty()) this->StartWritesDone();
  }

  // From the owner: nothing is delivered any more.  Returns when gRPC is done with the call, so
  // that its channel may go: gRPC must not be shut down under a call.  Not from a callback of
  // gRPC's.
  void Abandon() {
    {
      std::lock_guard lock(mutex_);
      abandoned_ = true;
      closed_ = true;
    }
    context_.TryCancel();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return done_; });
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    queue_.pop_front();
    if (!ok || closed_) {
      closed_ = true;
      queue_.clear();
      return;
    }
    if (!queue_.empty()) {
      this->StartWrite(&queue_.front());
    } else if (ending_) {
      this->StartWritesDone();
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      // The peer ended, or the stream broke: without this the call would wait for our own end.
      context_.TryCancel();
      return;
    }
    Deliver([self = this->shared_from_this(),
             message = std::make_shared<Response>(std::move(response_))] {
      self->events_.on_message(*message);
    });
    response_.Clear();
    this->StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    Deliver([self = this->shared_from_this(), error = FromGrpc(status)] {
      self->events_.on_closed(error);
    });
    // The last use by gRPC; kept until the lock is released, whoever else lets go.
    const std::shared_ptr<GrpcCall> self = std::move(self_);
    std::lock_guard lock(mutex_);
    done_ = true;
    over_.notify_all();
  }

 private:
  // The executor may be gone once the owner has abandoned the call.
  void Deliver(std::function<void()> event) {
    std::lock_guard lock(mutex_);
    if (abandoned_) return;
    executor_.Post([self = this->shared_from_this(), event = std::move(event)] {
      if (!self->IsAbandoned()) event();
    });
  }

  bool IsAbandoned() {
    std::lock_guard lock(mutex_);
    return abandoned_;
  }

  Executor& executor_;
  const LinkEvents<Response> events_;
  grpc::ClientContext context_;
  Response response_;
  std::shared_ptr<GrpcCall> self_;  // While gRPC uses this.

  std::mutex mutex_;
  std::deque<Request> queue_;  // Guarded by mutex_, as what follows.  The front is being written.
  bool closed_ = false;
  bool ending_ = false;  // Our half ends with the queue.
  bool abandoned_ = false;
  bool done_ = false;  // OnDone() was called.
  std::condition_variable over_;
};

template <typename Request, typename Response>
class GrpcLink final : public Link<Request> {
 public:
  GrpcLink(Executor& executor, LinkEvents<Response> events,
           const typename GrpcCall<Request, Response>::Starter& starter)
      : call_(std::make_shared<GrpcCall<Request, Response>>(executor, std::move(events))) {
    call_->Begin(starter);
  }
  ~GrpcLink() override { call_->Abandon(); }

  void Send(Request message) override { call_->Send(std::move(message)); }
  void End() override { call_->End(); }

 private:
  std::shared_ptr<GrpcCall<Request, Response>> call_;
};

// Opens links with `starter`, which calls stub->async()->TheRpc(context, reactor).
template <typename Request, typename Response>
LinkFactory<Request, Response> GrpcLinks(Executor& executor,
                                         typename GrpcCall<Request, Response>::Starter starter) {
  return [&executor, starter = std::move(starter)](LinkEvents<Response> events) {
    return std::make_unique<GrpcLink<Request, Response>>(executor, std::move(events), starter);
  };
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_LINK_GRPC_LINK_H_
