// Fetches an image or a file that a caller gave by URL, where the provider does not do so itself.
#ifndef TOLLGATE_DATAPLANE_UPSTREAM_MEDIA_FETCHER_H_
#define TOLLGATE_DATAPLANE_UPSTREAM_MEDIA_FETCHER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "dataplane/http/task.h"
#include "dataplane/http/timer_wheel.h"
#include "dataplane/upstream/dialer.h"

namespace tollgate::dataplane {

// URLs of one request: more than any provider takes images in a message.
inline constexpr int kFetchesMax = 20;
// Bytes of all of them: what providers take in one request at most.
inline constexpr std::uint64_t kFetchBytesMax = 20 * 1024 * 1024;
// The time for all of them, connecting included.
inline constexpr absl::Duration kFetchTimeMax = absl::Seconds(10);
// A URL, with its query: signed links have some kilobytes.
inline constexpr std::size_t kFetchUrlBytesMax = 8 * 1024;

struct FetchedMedia {
  std::string bytes;
  std::string media_type;  // "image/png", lower case, without parameters; empty when not said.
};

// One per worker.  GET by http or https; a redirect is not followed: what it leads to was not asked
// for by the caller, and a server that is asked may choose it by who asks.
class MediaFetcher {
 public:
  // `dialer` is guarded.  All must outlive this.
  MediaFetcher(Dialer& dialer, TimerWheel& wheel, const Clock& clock)
      : dialer_(dialer), wheel_(wheel), clock_(clock) {}

  // Fetches `url`, at most `bytes_max` bytes, until `deadline`.  The connection is kept in
  // `connection` meanwhile: closing its transport ends the fetch.  The error's message goes on from
  // "could not be fetched: " and tells nothing of what the gateway can reach.
  Task<absl::StatusOr<FetchedMedia>> Fetch(std::string_view url, std::uint64_t bytes_max,
                                           MonotonicTime deadline,
                                           std::unique_ptr<UpstreamConnection>& connection);

 private:
  Task<absl::StatusOr<FetchedMedia>> Read(std::uint64_t bytes_max, MonotonicTime deadline,
                                          UpstreamConnection& connection);

  Dialer& dialer_;
  TimerWheel& wheel_;
  const Clock& clock_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_UPSTREAM_MEDIA_FETCHER_H_
