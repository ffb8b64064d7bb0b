// The other end of a Link, in a test's hands.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAKE_LINK_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAKE_LINK_H_

#include <deque>
#include <memory>
#include <utility>

#include "dataplane/link/link.h"
#include "tests/dataplane/support/manual_executor.h"

namespace tollgate::dataplane {

// Remembers what was sent, and says what a test wants said.  Only the newest link is open.
template <typename Request, typename Response>
class FakePeer {
 public:
  explicit FakePeer(ManualExecutor& executor) : executor_(executor) {}

  LinkFactory<Request, Response> Factory() {
    return [this](LinkEvents<Response> events) {
      ++opened;
      sent.clear();
      events_ = std::move(events);
      open_ = std::make_shared<bool>(true);
      return std::make_unique<FakeLink>(*this, open_);
    };
  }

  bool open() const { return open_ != nullptr && *open_; }

  void Say(const Response& response) {
    executor_.Post([this, response, open = open_] {
      if (*open) events_.on_message(response);
    });
    executor_.RunReady();
  }

  void Close(absl::Status status) {
    executor_.Post([this, status, open = open_] {
      if (*open) events_.on_closed(status);
    });
    executor_.RunReady();
  }

  // Takes the oldest message that was sent.
  Request Take() {
    Request request = std::move(sent.front());
    sent.pop_front();
    return request;
  }

  std::deque<Request> sent;  // On the newest link.
  int opened = 0;
  int ended = 0;  // How often our half was ended.

 private:
  class FakeLink final : public Link<Request> {
   public:
    FakeLink(FakePeer& peer, std::shared_ptr<bool> open) : peer_(peer), open_(std::move(open)) {}
    ~FakeLink() override { *open_ = false; }
    void Send(Request message) override { peer_.sent.push_back(std::move(message)); }
    void End() override { ++peer_.ended; }

   private:
    FakePeer& peer_;
    std::shared_ptr<bool> open_;
  };

  ManualExecutor& executor_;
  LinkEvents<Response> events_;
  std::shared_ptr<bool> open_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_FAKE_LINK_H_
