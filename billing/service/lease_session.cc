#include "billing/service/lease_session.h"

#include <memory>
#include <utility>

#include "billing/service/lease_messages.h"

namespace tollgate::billing {

using lease::v1::LeaseRequest;

void LeaseSession::Handle(const LeaseRequest& request,
                          std::function<void(const absl::Status&)> done) {
  switch (request.kind_case()) {
    case LeaseRequest::kHello:
      if (opened_) return done(absl::InvalidArgumentError("Hello opens a stream, once"));
      return Submit(
          [this, &request](Books& books, Now) {
            const LeaseRequest::Hello& hello = request.hello();
            opened_ = true;
            return books.OpenStream(id_, {hello.node_id(), hello.incarnation(), hello.session()});
          },
          std::move(done));
    case LeaseRequest::kWant:
      if (!opened_) return done(absl::InvalidArgumentError("the first message is Hello"));
      return Submit(
          [this, &request](Books& books, Now now) {
            return books.Want(id_, FromProto(request.want()), now);
          },
          std::move(done));
    case LeaseRequest::kGivenUp:
      if (!opened_) return done(absl::InvalidArgumentError("the first message is Hello"));
      return Submit(
          [this, &request](Books& books, Now) {
            return books.GivenUp(id_, request.given_up().incarnation());
          },
          std::move(done));
    case LeaseRequest::kSlotWant:  // Its service keeps slots.
    case LeaseRequest::KIND_NOT_SET:
      break;
  }
  done(absl::InvalidArgumentError("a message without content"));
}

void LeaseSession::Close() {
  if (!opened_) return;
  writer_.Submit({.apply = [id = id_](Books& books, Now) { books.CloseStream(id); },
                  .done = [](const absl::Status&) {}});
}

void LeaseSession::Submit(std::function<absl::Status(Books&, Now)> step,
                          std::function<void(const absl::Status&)> done) {
  auto outcome = std::make_shared<absl::Status>();
  writer_.Submit(
      {.apply = [outcome, step = std::move(step)](Books& books,
                                                  Now now) { *outcome = step(books, now); },
       .done = [outcome, done = std::move(done)](
                   const absl::Status& synced) { done(synced.ok() ? *outcome : synced); }});
}

}  // namespace tollgate::billing
