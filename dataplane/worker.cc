#include "dataplane/worker.h"

#include <pthread.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "dataplane/auth/recent_keys.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/http/tls_server.h"
#include "dataplane/limits.h"
#include "dataplane/observe/worker_metrics.h"
#include "dataplane/request/buffered_random.h"
#include "dataplane/request/router.h"

namespace tollgate::dataplane {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, IoExecutor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr int kBacklog = 4096;
// After an error of accept (no file descriptors left) or at the connection limit.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
// Rounds of one tick in which the last requests may end.
constexpr int kJoinRounds = 100;
// What is looked at once a second: pools, clients that left, the TLS identity.
constexpr std::int64_t kSweepMs = 1000;

}  // namespace

class Worker::Impl {
 public:
  Impl(const WorkerShared& shared, std::uint32_t number)
      : shared_(shared),
        number_(number),
        // Other threads only post: what the sockets do needs no lock.
        io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        clock_(*shared.clock),
        wheel_(MonotonicMs(*shared.clock)),
        snapshots_(*shared.snapshots),
        rates_(*shared.rates),
        accounts_(*shared.leases),
        pool_(shared.upstream_idle_timeout),
        dialer_(io_, wheel_, *shared.upstream_roots) {
    if (shared.fetch_guard != nullptr) {
      fetch_dialer_.emplace(io_, wheel_, *shared.upstream_roots, *shared.fetch_guard);
      fetcher_.emplace(*fetch_dialer_, wheel_, clock_);
    }
    context_.emplace(WorkerContext{
        .io = io_,
        .clock = clock_,
        .random = random_,
        .wheel = wheel_,
        .snapshots = snapshots_,
        .peppers = *shared_.peppers,
        .recent_keys = recent_keys_,
        .cooldowns = *shared_.cooldowns,
        .rates = rates_,
        .leases = *shared_.leases,
        .accounts = accounts_,
        .spool = *shared_.spool,
        .lane = shared_.spool->lane(number_),
        .recent = *shared_.recent,
        .ledger = shared_.ledger,
        .quotas = shared_.quotas,
        .pool = pool_,
        .dialer = dialer_,
        .fetcher = fetcher_.has_value() ? &*fetcher_ : nullptr,
        .metrics = metrics_,
        .access_log = *shared_.access_log,
        .options = *shared_.pipeline,
    });
    router_.emplace(*context_);
    date_.Update(shared_.clock->Wall());
    host_.clock = &clock_;
    host_.wheel = &wheel_;
    host_.date = &date_;
    host_.handler = &*router_;
    host_.timeouts = *shared_.timeouts;
    metrics_.last_tick_ms.store(MonotonicMs(*shared_.clock));
  }

  absl::Status Listen(const HostPort& address, bool exclusive) {
    error_code error;
    const asio::ip::address ip =
        asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
    if (error)
      return absl::InvalidArgumentError(
          absl::StrCat("'", address.host, "' is no IP address to listen on"));
    const asio::ip::tcp::endpoint endpoint(ip, address.port);
    const auto failed = [&](std::string_view what) {
      return absl::UnavailableError(absl::StrCat("cannot listen on ", address.ToString(), ": ",
                                                 std::string(what), ": ", error.message()));
    };
    if (exclusive && address.port != 0) {
      // SO_REUSEPORT would let two programs share the port without a word.
      Acceptor probe(io_.get_executor());
      probe.open(endpoint.protocol(), error);
      if (!error) probe.set_option(asio::socket_base::reuse_address(true), error);
      if (!error) probe.bind(endpoint, error);
      if (!error) probe.listen(1, error);
      if (error) return failed("bind");
    }
    acceptor_.emplace(io_.get_executor());
    acceptor_->open(endpoint.protocol(), error);
    if (error) return failed("socket");
    acceptor_->set_option(asio::socket_base::reuse_address(true), error);
    acceptor_->set_option(ReusePort(true), error);
    if (error) return failed("SO_REUSEPORT");
    acceptor_->bind(endpoint, error);
    if (error) return failed("bind");
    acceptor_->listen(kBacklog, error);
    if (error) return failed("listen");
    const auto local = acceptor_->local_endpoint(error);
    if (error) return failed("getsockname");
    listen_ = {local.address().to_string(), local.port()};
    return absl::OkStatus();
  }

  HostPort listen() const { return listen_; }

  void Start() {
    work_.emplace(io_.get_executor());
    Spawn(io_, Accept());
    Spawn(io_, Tick());
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), absl::StrCat("worker-", number_).c_str());
      LoopClock::SetCurrent(&clock_);
      io_.run();
      LoopClock::SetCurrent(nullptr);
    });
  }

  void Drain() {
    asio::post(io_, [this] {
      host_.draining = true;
      error_code ignored;
      acceptor_->close(ignored);
      ForEachConnection([](ClientConnection& client) { client.CloseIfIdle(); });
    });
  }

  void StopRequests() {
    asio::post(io_, [this] { ForEachConnection([](ClientConnection& client) { client.Stop(); }); });
  }

  void CloseAll() {
    asio::post(io_,
               [this] { ForEachConnection([](ClientConnection& client) { client.Close(); }); });
  }

  void Join() {
    if (thread_.joinable()) {
      asio::post(io_, [this] { io_.stop(); });
      thread_.join();
    }
    // Whatever is still open ends on this thread, so that no hold is left behind.
    LoopClock::SetCurrent(&clock_);
    host_.draining = true;
    error_code ignored;
    if (acceptor_.has_value()) acceptor_->close(ignored);
    for (int i = 0; host_.count > 0 && i < kJoinRounds; ++i) {
      ForEachConnection([](ClientConnection& client) {
        client.Stop();
        client.Close();
      });
      io_.restart();
      io_.run_for(std::chrono::milliseconds(kTimerTickMs));
    }
    LoopClock::SetCurrent(nullptr);
    work_.reset();
  }

  std::size_t connections() const {
    return static_cast<std::size_t>(metrics_.connections_open.value());
  }
  const WorkerMetrics& metrics() const { return metrics_; }

 private:
  template <typename Visit>
  void ForEachConnection(Visit visit) {
    for (ClientConnection* client = host_.first; client != nullptr;) {
      ClientConnection* const next = client->next();
      visit(*client);
      client = next;
    }
  }

  Task<void> Accept() {
    Timer pause(io_.get_executor());
    while (!host_.draining) {
      if (host_.count >= kConnectionsPerWorkerMax) {
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(kUseTask);
        continue;
      }
      auto [error, socket] = co_await acceptor_->async_accept(kUseTask);
      if (error) {
        if (host_.draining || !acceptor_->is_open()) co_return;
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(kUseTask);
        continue;
      }
      metrics_.connections_accepted.Add(1);
      Spawn(io_, Serve(std::move(socket)));
    }
  }

  Task<void> Serve(TcpSocket socket) {
    metrics_.connections_open.Add(1);
    {
      ClientConnection client(host_, std::move(socket), tls_);
      co_await client.Serve();
    }
    metrics_.connections_open.Add(-1);
  }

  Task<void> Tick() {
    Timer timer(io_.get_executor());
    std::int64_t last_sweep_ms = 0;
    LoadTls();
    for (;;) {
      timer.expires_after(std::chrono::milliseconds(kTimerTickMs));
      auto [error] = co_await timer.async_wait(kUseTask);
      if (error) co_return;
      const std::int64_t now_ms = MonotonicMs(clock_);
      metrics_.last_tick_ms.store(now_ms, std::memory_order_relaxed);
      date_.Update(clock_.Wall());
      wheel_.Advance(now_ms);
      if (now_ms - last_sweep_ms < kSweepMs) continue;
      last_sweep_ms = now_ms;
      pool_.Sweep(now_ms);
      LoadTls();
      ForEachConnection([](ClientConnection& client) {
        if (client.interruptible() != nullptr && !client.gone() && client.CheckGone()) {
          client.interruptible()->OnClientGone();
        }
      });
    }
  }

  void LoadTls() {
    if (shared_.tls == nullptr || tls_generation_ == shared_.tls->generation()) return;
    tls_generation_ = shared_.tls->generation();
    tls_ = shared_.tls->current();
  }

  const WorkerShared shared_;
  const std::uint32_t number_;
  WorkerMetrics metrics_;
  asio::io_context io_;  // Before all that its coroutines refer to by executor only.
  LoopClock clock_;
  TimerWheel wheel_;
  DateLine date_;
  BufferedRandom random_;
  SnapshotReader snapshots_;
  RecentKeys recent_keys_;
  RateLimiter rates_;
  AccountResolver accounts_;
  std::optional<Dialer> fetch_dialer_;  // With fetcher_.
  std::optional<MediaFetcher> fetcher_;
  ConnectionPool pool_;
  Dialer dialer_;
  std::optional<WorkerContext> context_;
  std::optional<Router> router_;
  ConnectionHost host_;
  std::optional<Acceptor> acceptor_;
  HostPort listen_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::uint64_t tls_generation_ = 0;
  std::optional<asio::executor_work_guard<IoExecutor>> work_;
  std::thread thread_;
};

Worker::~Worker() { impl_->Join(); }

Worker::Worker(const WorkerShared& shared, std::uint32_t number)
    : impl_(std::make_unique<Impl>(shared, number)) {}

absl::Status Worker::Listen(const HostPort& address, bool exclusive) {
  return impl_->Listen(address, exclusive);
}
HostPort Worker::listen() const { return impl_->listen(); }
void Worker::Start() { impl_->Start(); }
void Worker::Drain() { impl_->Drain(); }
void Worker::StopRequests() { impl_->StopRequests(); }
void Worker::CloseAll() { impl_->CloseAll(); }
void Worker::Join() { impl_->Join(); }
std::size_t Worker::connections() const { return impl_->connections(); }
const WorkerMetrics& Worker::metrics() const { return impl_->metrics(); }

}  // namespace tollgate::dataplane
