// The coroutines of the data plane: Task, how one is started, and how it waits for Asio.
//
//   Task<int> Twice(Timer& timer) {
//     auto [error] = co_await timer.async_wait(kUseTask);
//     co_return error ? 0 : 2;
//   }
//   Spawn(io, Serve(socket));
//
// asio::awaitable does the same and more: it can be cancelled, moved between threads, and throw.
// A Task stays on the thread of its io_context and cannot fail, which makes a call of one cheap
// enough for every stage of a request.  A coroutine that still waits when its io_context goes is
// destroyed, outermost first.
#ifndef TOLLGATE_DATAPLANE_HTTP_TASK_H_
#define TOLLGATE_DATAPLANE_HTTP_TASK_H_

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "dataplane/http/coarse_clock.h"

namespace tollgate::dataplane {

namespace task_internal {

// Coroutine frames are made and dropped several times a request: each thread keeps those that it
// dropped, by size.
class FrameCache {
 public:
  static void* Allocate(std::size_t bytes) {
    const std::size_t index = IndexOf(bytes);
    if (index >= kSizes) return ::operator new(bytes);
    Free*& first = local().first_[index];
    if (first == nullptr) return ::operator new((index + 1) * kStep);
    return std::exchange(first, first->next);
  }

  static void Release(void* frame, std::size_t bytes) {
    const std::size_t index = IndexOf(bytes);
    FrameCache& cache = local();
    if (index >= kSizes || cache.closed_) return ::operator delete(frame);
    cache.first_[index] = new (frame) Free{cache.first_[index]};
  }

  ~FrameCache() {
    closed_ = true;
    for (Free* first : first_) {
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
    first_.fill(nullptr);
  }

 private:
  static constexpr std::size_t kStep = 128;
  static constexpr std::size_t kSizes = 16;  // Frames are some hundred bytes.

  struct Free {
    Free* next;
  };

  static std::size_t IndexOf(std::size_t bytes) { return (bytes - 1) / kStep; }
  static FrameCache& local() {
    thread_local FrameCache cache;
    return cache;
  }

  std::array<Free*, kSizes> first_{};
  bool closed_ = false;  // The thread ends.
};

// What every coroutine here has.
struct Promise {
  static void* operator new(std::size_t bytes) { return FrameCache::Allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) { FrameCache::Release(frame, bytes); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

  std::coroutine_handle<> root;  // The outermost coroutine: destroying it destroys all within.
};

// Of a Task: goes on with who waits for it.
struct TaskPromise : Promise {
  struct Final {
    bool await_ready() noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      // Nobody waits yet when it came to its end without waiting itself: see Task::await_suspend().
      const std::coroutine_handle<> waiter = self.promise().waiter;
      return waiter ? waiter : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }

  std::coroutine_handle<> waiter;
};

template <typename T>
struct ValuePromise : TaskPromise {
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return *std::move(value); }

  std::optional<T> value;
};

struct VoidPromise : TaskPromise {
  void return_void() noexcept {}
  void Take() {}
};

// Goes on with what waited for the event loop.
inline void Resume(std::coroutine_handle<> waiter) {
  LoopClock::RefreshCurrent();
  waiter.resume();
}

}  // namespace task_internal

// A coroutine that was called; it begins to run when it is awaited, which must happen at most once.
template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type
      : std::conditional_t<
            std::is_void_v<T>, task_internal::VoidPromise,
            task_internal::ValuePromise<std::conditional_t<std::is_void_v<T>, int, T>>> {
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  // Runs it as far as it comes without waiting; when that is to its end, its caller just goes on.
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    frame_.promise().root = waiter.promise().root;
    frame_.resume();
    if (frame_.done()) return false;
    frame_.promise().waiter = waiter;
    return true;
  }
  T await_resume() { return frame_.promise().Take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

namespace task_internal {

// An outermost coroutine: it drops itself at its end.
struct Detached {
  struct promise_type : Promise {
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
  };

  std::coroutine_handle<promise_type> frame;
};

inline Detached RunDetached(Task<void> task) { co_await task; }

// Starts a coroutine as a handler of Asio's; drops it when Asio drops the handler.
class Starter {
 public:
  explicit Starter(std::coroutine_handle<> frame) : frame_(frame) {}
  Starter(Starter&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  ~Starter() {
    if (frame_) frame_.destroy();
  }
  void operator()() { Resume(std::exchange(frame_, nullptr)); }

 private:
  std::coroutine_handle<> frame_;
};

}  // namespace task_internal

// Runs `task` on `io`, beginning soon; nobody waits for its end.
inline void Spawn(boost::asio::io_context& io, Task<void> task) {
  const auto frame = task_internal::RunDetached(std::move(task)).frame;
  frame.promise().root = frame;
  boost::asio::post(io, task_internal::Starter(frame));
}

// Asio's completion token: `auto [error, bytes] = co_await stream.async_read_some(buffer,
// kUseTask)`.
struct UseTask {};
inline constexpr UseTask kUseTask{};

namespace task_internal {

// An operation of Asio's: begun when it is awaited, and ended by its handler.
template <typename Initiation, typename Arguments, typename... Results>
class Operation {
 public:
  Operation(Initiation initiation, Arguments arguments)
      : initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> waiter) {
    waiter_ = waiter;
    root_ = waiter.promise().root;
    std::apply(
        [this](auto&... arguments) {
          std::move(initiation_)(Handler(this), std::move(arguments)...);
        },
        arguments_);
  }
  std::tuple<Results...> await_resume() { return *std::move(results_); }

 private:
  class Handler {
   public:
    explicit Handler(Operation* operation) : operation_(operation) {}
    Handler(Handler&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
    Handler& operator=(Handler&&) = delete;
    ~Handler() {
      if (operation_ != nullptr) operation_->root_.destroy();
    }
    void operator()(Results... results) {
      Operation* const operation = std::exchange(operation_, nullptr);
      operation->results_.emplace(std::move(results)...);
      Resume(operation->waiter_);
    }

   private:
    Operation* operation_;  // Null once it was called or moved from.
  };

  Initiation initiation_;
  Arguments arguments_;
  std::coroutine_handle<> waiter_;
  std::coroutine_handle<> root_;
  std::optional<std::tuple<Results...>> results_;
};

}  // namespace task_internal
}  // namespace tollgate::dataplane

template <typename... Results>
class boost::asio::async_result<tollgate::dataplane::UseTask, void(Results...)> {
 public:
  template <typename Initiation, typename... Arguments>
  static auto initiate(Initiation&& initiation, tollgate::dataplane::UseTask,
                       Arguments&&... arguments) {
    using Decayed = std::tuple<std::decay_t<Arguments>...>;
    return tollgate::dataplane::task_internal::Operation<std::decay_t<Initiation>, Decayed,
                                                         std::decay_t<Results>...>(
        std::forward<Initiation>(initiation), Decayed(std::forward<Arguments>(arguments)...));
  }
};

#endif  // TOLLGATE_DATAPLANE_HTTP_TASK_H_
