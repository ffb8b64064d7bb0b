#include "billing/service/lease_service.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/error_map.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "billing/ledger/binary.h"
#include "billing/service/lease_messages.h"
#include "billing/service/lease_session.h"
#include "billing/service/page.h"

namespace tollgate::billing {
namespace {

using lease::v1::LeaseRequest;
using lease::v1::LeaseResponse;

constexpr char kLeasePages = 'l';

std::string LeasePosition(const LeaseKey& key) {
  BinaryWriter out;
  out.String(key.account);
  out.String(key.node_id);
  out.U64(key.incarnation);
  return out.Take();
}

absl::StatusOr<LeaseKey> ReadLeasePosition(const std::string& position) {
  LeaseKey key;
  if (position.empty()) return key;
  BinaryReader in(position);
  key.account = in.String();
  key.node_id = in.String();
  key.incarnation = in.U64();
  if (!in.complete()) return absl::InvalidArgumentError("page_token is damaged");
  return key;
}

// An operator's word on a lost lease, for the log; the journal has it as well.
struct Resolution {
  void Log() const {
    if (!outcome.ok()) return;
    LogEvent(LogLevel::kWarning, "lease_resolved",
             {{"by", order.actor},
              {"account", order.lease.account},
              {"node_id", order.lease.node_id},
              {"incarnation", order.lease.incarnation},
              {"freed_nano_usd", freed.nano_usd()}});
  }

  ResolveOrder order;
  Money freed;
  absl::Status outcome;
};

}  // namespace

// One stream.  Reads and commands alternate; writes go their own way, since Grants come when others
// give back.  It finishes when it has a status to end with and neither a command nor a write is
// under way.
class LeaseService::Reactor final : public grpc::ServerBidiReactor<LeaseRequest, LeaseResponse> {
 public:
  Reactor(LeaseService& service, StreamId id)
      : service_(service), id_(id), session_(service.writer_, id) {}

  void Begin() { StartRead(&request_); }

  void End(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    EndLocked(status);
  }

  void Send(LeaseResponse response) {
    absl::MutexLock lock(&mutex_);
    if (end_.has_value()) return;
    if (outbox_.size() >= kLeaseOutboxMax) {
      return EndLocked(absl::ResourceExhaustedError("the node does not read its lease stream"));
    }
    outbox_.push_back(std::move(response));
    if (!writing_) WriteNext();
  }

  void OnReadDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      if (end_.has_value()) return;
      if (!ok) return EndLocked(absl::OkStatus());
      handling_ = true;
    }
    if (request_.has_slot_want() && session_.opened()) {
      return Handled(service_.TakeSlots(id_, request_.slot_want()));
    }
    session_.Handle(request_, [this](const absl::Status& status) { Handled(status); });
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    outbox_.pop_front();
    if (!ok) return EndLocked(absl::OkStatus());
    if (end_.has_value()) return MaybeFinish();
    if (!outbox_.empty()) WriteNext();
  }

  void OnDone() override {
    session_.Close();
    {
      absl::MutexLock lock(&service_.mutex_);
      service_.reactors_.erase(id_);
      service_.slots_.CloseStream(id_);
      service_.SendSlots();
    }
    delete this;
  }

 private:
  // What a message changed is durable: reads on.  Its answers come by Send().
  void Handled(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    handling_ = false;
    if (!status.ok()) return EndLocked(status);
    if (end_.has_value()) return MaybeFinish();
    request_.Clear();
    StartRead(&request_);
  }

  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!end_.has_value()) end_ = status;
    MaybeFinish();
  }

  void MaybeFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_ || writing_ || handling_) return;
    finished_ = true;
    Finish(ToGrpc(*end_));
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    StartWrite(&outbox_.front());
  }

  LeaseService& service_;
  const StreamId id_;
  // Touched by one read or command at a time.
  LeaseRequest request_;
  LeaseSession session_;

  absl::Mutex mutex_;
  std::deque<LeaseResponse> outbox_ ABSL_GUARDED_BY(mutex_);  // The front is being written.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool handling_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

LeaseService::~LeaseService() {
  absl::MutexLock lock(&mutex_);
  CHECK(reactors_.empty()) << "the server must be shut down first";
}

grpc::ServerBidiReactor<LeaseRequest, LeaseResponse>* LeaseService::Leases(
    grpc::CallbackServerContext*) {
  Reactor* reactor = nullptr;
  bool ending = false;
  {
    absl::MutexLock lock(&mutex_);
    const StreamId id = ++last_stream_;
    reactor = new Reactor(*this, id);
    reactors_.emplace(id, reactor);
    ending = ending_;
  }
  if (ending) {
    reactor->End(absl::UnavailableError("billing is stopping; connect again"));
  } else {
    reactor->Begin();
  }
  return reactor;
}

grpc::ServerUnaryReactor* LeaseService::ListLeases(grpc::CallbackServerContext* context,
                                                   const lease::v1::ListLeasesRequest* request,
                                                   lease::v1::ListLeasesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto start = [&]() -> absl::Status {
    TG_RETURN_IF_ERROR(authorizer_.Check(*context, AdminRole::kViewer));
    TG_ASSIGN_OR_RETURN(const std::size_t size, PageSize(request->page_size()));
    TG_ASSIGN_OR_RETURN(const std::string position,
                        ReadPageToken(kLeasePages, request->page_token()));
    TG_ASSIGN_OR_RETURN(const LeaseKey after, ReadLeasePosition(position));
    writer_.Submit(
        {.apply =
             [=](Books& books, Now) {
               const std::vector<LeaseView> views =
                   books.leases().List(after, request->account(), size + 1);
               for (std::size_t i = 0; i < views.size() && i < size; ++i) {
                 *response->add_leases() = ToProto(views[i]);
               }
               if (views.size() > size) {
                 response->set_next_page_token(
                     MakePageToken(kLeasePages, LeasePosition(views[size - 1].row.key)));
               }
             },
         .done = [reactor](const absl::Status& synced) { reactor->Finish(ToGrpc(synced)); }});
    return absl::OkStatus();
  };
  if (const absl::Status status = start(); !status.ok()) reactor->Finish(ToGrpc(status));
  return reactor;
}

grpc::ServerUnaryReactor* LeaseService::ResolveLease(grpc::CallbackServerContext* context,
                                                     const lease::v1::ResolveLeaseRequest* request,
                                                     lease::v1::Lease* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (const absl::Status status = authorizer_.Check(*context, AdminRole::kAdmin); !status.ok()) {
    reactor->Finish(ToGrpc(status));
    return reactor;
  }
  auto resolution = std::make_shared<Resolution>();
  resolution->order = {.lease = {request->account(), request->node_id(), request->incarnation()},
                       .request_id = request->request_id(),
                       .actor = authorizer_.CallerOf(*context)};
  writer_.Submit({.apply =
                      [=](Books& books, Now now) {
                        resolution->freed = books.leases().Outstanding(resolution->order.lease);
                        const absl::StatusOr<LeaseView> view =
                            books.Resolve(resolution->order, now);
                        resolution->outcome = view.status();
                        if (view.ok()) *response = ToProto(*view);
                      },
                  .done =
                      [reactor, resolution](const absl::Status& synced) {
                        if (synced.ok()) resolution->Log();
                        reactor->Finish(ToGrpc(synced.ok() ? resolution->outcome : synced));
                      }});
  return reactor;
}

void LeaseService::NoteConfig(ConfigRevision revision, const BindingChange& change) {
  absl::MutexLock lock(&mutex_);
  binding_.Note(change, revision);
}

absl::Status LeaseService::TakeSlots(StreamId stream,
                                     const lease::v1::LeaseRequest::SlotWant& want) {
  absl::MutexLock lock(&mutex_);
  const absl::Status taken = slots_.Take(stream, FromProto(want));
  SendSlots();
  return taken;
}

void LeaseService::SendSlots() {
  for (const SlotGrant& answer : slots_.TakeAnswers()) {
    const auto found = reactors_.find(answer.stream);
    if (found != reactors_.end()) found->second->Send(ToProto(answer));
  }
}

void LeaseService::Deliver(std::vector<LeaseMessage> messages) {
  absl::MutexLock lock(&mutex_);
  for (const LeaseMessage& message : messages) {
    const auto found = reactors_.find(message.stream);
    if (found == reactors_.end()) continue;
    LeaseResponse response = ToProto(message);
    AddBindingRevision(binding_, &response);
    found->second->Send(std::move(response));
  }
}

void LeaseService::EndStreams() {
  absl::MutexLock lock(&mutex_);
  ending_ = true;
  for (const auto& [id, reactor] : reactors_) {
    reactor->End(absl::UnavailableError("billing is stopping; connect again"));
  }
}

}  // namespace tollgate::billing
