// A client API: how its requests are read and how its errors look.  A surface knows no provider
// format; both meet in dataplane/request.
#ifndef TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_
#define TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_

#include <optional>
#include <string>
#include <string_view>

#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// Stateless; safe to share between threads.
class Surface {
 public:
  virtual ~Surface() = default;

  // For records and metrics: "openai_chat".
  virtual std::string_view name() const = 0;
  // The provider formats whose JSON is the surface's own, so that bodies pass through; bit (1 <<
  // WireFormat).
  virtual std::uint32_t formats() const = 0;

  // Looks at a body; views of `out` point into it.  The error says what is wrong with it.
  virtual std::optional<GatewayError> Scan(std::string_view body, ScannedRequest& out) const = 0;

  // Appends an error's body as JSON.
  virtual void AppendError(const GatewayError& error, std::string_view generation_id,
                           std::string& out) const = 0;
  // Appends an error as the event that ends a stream.
  virtual void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                                 std::string& out) const = 0;
  // Appends the end marker of a stream whose provider sent none.
  virtual void AppendStreamEnd(std::string& out) const = 0;
  // Appends the cost, an exact decimal of USD, as a member of the usage object, without a comma:
  // `"cost":0.0000123`.
  virtual void AppendCost(std::string_view usd, std::string& out) const = 0;
};

// The surface of POST /v1/chat/completions.
const Surface& OpenAiChatSurface();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_
