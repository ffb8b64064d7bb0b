// One connection to a provider, and the pool of idle ones that a worker keeps.
#ifndef TOLLGATE_DATAPLANE_UPSTREAM_CONNECTION_H_
#define TOLLGATE_DATAPLANE_UPSTREAM_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/http/input_buffer.h"
#include "dataplane/http/timer_wheel.h"
#include "dataplane/http/transport.h"
#include "dataplane/snapshot/origin.h"

namespace tollgate::dataplane {

// What connections are pooled by: whom they go to, and how.
struct OriginKey {
  bool tls = false;
  std::uint16_t port = 0;
  std::string host;

  friend bool operator==(const OriginKey&, const OriginKey&) = default;
};

// Not thread-safe; used by one request at a time.
class UpstreamConnection {
 public:
  UpstreamConnection(OriginKey key, TcpSocket socket)
      : key_(std::move(key)), transport_(std::move(socket)), timer_([this] {
          timed_out_ = true;
          transport_.Close();
        }) {}

  const OriginKey& key() const { return key_; }
  Transport& transport() { return transport_; }
  InputBuffer& buffer() { return buffer_; }
  // Closes the connection when it fires; what waits for it fails and timed_out() says why.
  TimerEntry& timer() { return timer_; }
  bool timed_out() const { return timed_out_; }

  // Requests that were sent on it before.
  std::uint64_t requests() const { return requests_; }
  void CountRequest() { ++requests_; }

 private:
  friend class ConnectionPool;

  OriginKey key_;
  Transport transport_;
  InputBuffer buffer_;
  TimerEntry timer_;
  bool timed_out_ = false;
  std::uint64_t requests_ = 0;
  std::int64_t idle_since_ms_ = 0;
};

// The idle connections of one worker, newest first.  Not thread-safe.
class ConnectionPool {
 public:
  explicit ConnectionPool(absl::Duration idle_max)
      : idle_ms_max_(absl::ToInt64Milliseconds(idle_max)) {}

  // An idle connection that was still open when looked at, or null.
  std::unique_ptr<UpstreamConnection> Take(const Origin& origin, std::int64_t now_ms);

  // Keeps a connection whose last answer is complete.  REQUIRED: its buffer is empty.
  void Put(std::unique_ptr<UpstreamConnection> connection, std::int64_t now_ms);

  // Closes what was idle for too long.
  void Sweep(std::int64_t now_ms);

  // Closes all.
  void Clear() { idle_.clear(); }

  std::size_t idle_count() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const OriginKey& key) const;
    std::size_t operator()(const Origin& origin) const;
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const OriginKey& a, const OriginKey& b) const { return a == b; }
    bool operator()(const OriginKey& a, const Origin& b) const {
      return a.tls == b.tls && a.port == b.port && a.host == b.host;
    }
  };

  std::int64_t idle_ms_max_;
  absl::flat_hash_map<OriginKey, std::vector<std::unique_ptr<UpstreamConnection>>, Hash, Equal>
      idle_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_UPSTREAM_CONNECTION_H_
