// Waits in a coroutine for something that ends in a callback on another thread.
#ifndef TOLLGATE_DATAPLANE_REQUEST_AWAIT_CALLBACK_H_
#define TOLLGATE_DATAPLANE_REQUEST_AWAIT_CALLBACK_H_

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "dataplane/http/net.h"

namespace tollgate::dataplane {

// Calls start(done) and waits until `done(result)` was called, once, on any thread; goes on as a
// task of `io`, which must live until then.
template <typename Result, typename Start>
Task<Result> AwaitCallback(asio::io_context& io, Start start) {
  auto result = std::make_shared<std::optional<Result>>();
  // A name, not a temporary: g++ 12 destroys twice what a co_await expression makes and captures.
  const auto initiate = [&io, &start, result](auto handler) {
    // std::function must be copyable, the handler is not.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    start([&io, result, shared](Result value) {
      result->emplace(std::move(value));
      asio::post(io, [shared] { std::move (*shared)(); });
    });
  };
  co_await asio::async_initiate<const UseTask, void()>(initiate, kUseTask);
  co_return std::move(**result);
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_AWAIT_CALLBACK_H_
