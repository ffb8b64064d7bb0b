// A stream between two processes over the simulated network: the other side of the Link seam.
#ifndef TOLLGATE_TESTS_SIM_PIPE_H_
#define TOLLGATE_TESTS_SIM_PIPE_H_

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "dataplane/link/link.h"
#include "tests/sim/network.h"

namespace tollgate::sim {

// What a server does with a stream; called as things happen.
template <typename Request>
struct ServerEvents {
  std::function<void(const std::shared_ptr<Request>&)> on_message;
  std::function<void()> on_closed;  // The client is gone; not after Finish().
};

template <typename Request, typename Response>
class Pipe : public std::enable_shared_from_this<Pipe<Request, Response>> {
 public:
  // Takes a new stream: sets server events, or refuses by returning an error.
  using Accept = std::function<absl::Status(const std::shared_ptr<Pipe>&)>;

  // Opens a stream.  `accept` runs when the first packet is there; `server_life` is asked then.
  static std::unique_ptr<dataplane::Link<Request>> Open(
      Network& network, std::shared_ptr<Life> client, int client_machine, int server_machine,
      std::function<std::shared_ptr<Life>()> server_life, Accept accept,
      dataplane::LinkEvents<Response> events) {
    auto pipe = std::make_shared<Pipe>(network, std::move(client), std::move(events));
    pipe->up_ = std::make_shared<Wire>(client_machine, server_machine);
    pipe->down_ = std::make_shared<Wire>(server_machine, client_machine);
    for (Wire* wire : {pipe->up_.get(), pipe->down_.get()}) {
      wire->lost_something = [weak = std::weak_ptr<Pipe>(pipe)] {
        if (auto self = weak.lock()) self->Break();
      };
    }
    network.CarrySurely(pipe->up_,
                        [pipe, server_life = std::move(server_life), accept = std::move(accept)] {
                          pipe->server_ = server_life();
                          if (pipe->server_ == nullptr || !pipe->server_->alive) {
                            return pipe->EndClient(absl::UnavailableError("connection refused"));
                          }
                          pipe->server_open_ = true;
                          const absl::Status accepted = accept(pipe);
                          if (!accepted.ok()) pipe->Finish(accepted);
                        });
    network.scheduler().After(absl::Seconds(20), [weak = std::weak_ptr<Pipe>(pipe)] {
      auto self = weak.lock();
      if (self != nullptr && self->server_ == nullptr) {
        self->EndClientNow(absl::UnavailableError("no connection"));
      }
    });
    return std::make_unique<ClientLink>(std::move(pipe));
  }

  Pipe(Network& network, std::shared_ptr<Life> client, dataplane::LinkEvents<Response> events)
      : network_(network), client_(std::move(client)), events_(std::move(events)) {}

  // ---- The server ---------------------------------------------------------------------------

  ServerEvents<Request> server;  // Set when it is accepted.

  void Send(const Response& message) {
    if (!server_open_ || !server_->alive) return;
    auto copy = std::make_shared<const Response>(message);
    network_.Carry(down_, [self = this->shared_from_this(), copy] {
      if (self->ClientHears()) self->events_.on_message(*copy);
    });
  }

  // Ends the stream; the client hears it after what was sent before.
  void Finish(const absl::Status& status) {
    if (!server_open_) return;
    server_open_ = false;
    if (server_->alive) EndClient(status);
  }

  // ---- Faults -------------------------------------------------------------------------------

  // The connection is gone: both sides learn it.
  void Break() {
    EndServer();
    EndClient(absl::UnavailableError("the connection broke"));
  }

  bool open() const { return client_open_ || server_open_; }

 private:
  class ClientLink final : public dataplane::Link<Request> {
   public:
    explicit ClientLink(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
    ~ClientLink() override { pipe_->Cancel(); }
    void Send(Request message) override { pipe_->SendUp(std::move(message)); }
    void End() override { pipe_->EndHalf(); }

   private:
    const std::shared_ptr<Pipe> pipe_;
  };

  bool ClientHears() const { return client_open_ && client_->alive; }

  void SendUp(Request message) {
    if (!ClientHears() || half_ended_) return;
    auto copy = std::make_shared<const Request>(std::move(message));
    // As many copies as arrive: the server may take a message apart.
    network_.Carry(up_, [self = this->shared_from_this(), copy] {
      if (self->server_open_ && self->server_->alive) {
        self->server.on_message(std::make_shared<Request>(*copy));
      }
    });
  }

  // The client has no more to say; the server ends the stream when it has read all.
  void EndHalf() {
    half_ended_ = true;
    EndServer();
    network_.CarrySurely(up_,
                         [self = this->shared_from_this()] { self->EndClient(absl::OkStatus()); });
  }

  // The client's object is gone: cancelled, or its process died (then the kernel says so).
  void Cancel() {
    client_open_ = false;
    if (!client_->silent) return EndServer();
    // The server finds out by itself, some time later.
    network_.scheduler().After(network_.dice().Between(absl::Seconds(1), absl::Seconds(15)),
                               [self = this->shared_from_this()] { self->EndServer(); });
  }

  void EndServer() {
    network_.CarrySurely(up_, [self = this->shared_from_this()] {
      if (!std::exchange(self->server_open_, false) || !self->server_->alive) return;
      if (self->server.on_closed) self->server.on_closed();
    });
  }

  void EndClient(const absl::Status& status) {
    network_.CarrySurely(down_,
                         [self = this->shared_from_this(), status] { self->EndClientNow(status); });
  }

  void EndClientNow(const absl::Status& status) {
    if (!ClientHears()) return;
    client_open_ = false;
    events_.on_closed(status);
  }

  Network& network_;
  const std::shared_ptr<Life> client_;
  dataplane::LinkEvents<Response> events_;
  std::shared_ptr<Life> server_;
  std::shared_ptr<Wire> up_;
  std::shared_ptr<Wire> down_;
  bool client_open_ = true;
  bool half_ended_ = false;
  bool server_open_ = false;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_PIPE_H_
