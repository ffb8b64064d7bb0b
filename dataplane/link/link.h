// A bidirectional stream to another service, as the machines of the background see it: the seam at
// which tests put a fake.  The gRPC one is dataplane/link/grpc_link.h.
#ifndef TOLLGATE_DATAPLANE_LINK_LINK_H_
#define TOLLGATE_DATAPLANE_LINK_LINK_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"

namespace tollgate::dataplane {

// What happens on a stream; called on the executor of whoever opened it, never from within Open or
// Send.  After on_closed nothing more comes; after the Link is destroyed nothing comes at all.
template <typename Response>
struct LinkEvents {
  std::function<void(const Response&)> on_message;
  // The stream is over: refused, broken, or ended by the peer (then OK).
  std::function<void(const absl::Status&)> on_closed;
};

// An open stream; destroying it cancels.  Used on one executor.
template <typename Request>
class Link {
 public:
  virtual ~Link() = default;

  // Queues a message; in order.  Dropped when the stream is over.
  virtual void Send(Request message) = 0;

  // Ends our half once what is queued is sent, which destroying the Link would not wait for.  The
  // peer then ends the stream: on_closed.  Nothing is sent after it.
  virtual void End() = 0;
};

// Begins a stream.  Never null: a stream that cannot be opened says so by on_closed.
template <typename Request, typename Response>
using LinkFactory = std::function<std::unique_ptr<Link<Request>>(LinkEvents<Response> events)>;

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_LINK_LINK_H_
