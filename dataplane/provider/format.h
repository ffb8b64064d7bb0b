// A provider's wire format: how a request is sent and how usage is read.  A format knows no
// surface; both meet in dataplane/request.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_
#define TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/compiled_price.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/request/splice.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// What is decided about an attempt before it is sent.
struct SendDecision {
  std::string_view provider_model_id;
  // Output tokens per choice; -1 leaves what the caller wrote.
  std::int64_t output_limit = -1;
};

// A usage report, with its place in the text.  The reported counts are checked: none is negative or
// beyond 2^40, and parts do not exceed their sums.
struct UsageReport {
  bool present = false;  // There is one that can be believed.
  TokenUsage tokens;
  // The places at which a cost is put: the value of the provider's own `cost`, or else, when
  // cost_end is 0, a new member before offset `close`.
  std::size_t close = 0;
  bool empty = true;  // The object has no member yet.
  std::size_t cost_begin = 0;
  std::size_t cost_end = 0;
};

// What one whole answer, or one event's data, says.  Views point into the text.
struct AnswerFacts {
  bool valid = false;              // It is the JSON object that it should be.
  bool is_end = false;             // The stream's end marker.
  bool is_error = false;           // An error in place of an answer.
  bool has_choices = false;        // At least one choice is in it.
  std::string_view id;             // As written, escapes included; so for the next ones.
  std::string_view finish_reason;  // The last choice's.
  std::string_view error_message;
  std::string_view error_code;
  std::int64_t content_bytes = 0;  // Text that the model wrote, in bytes.
  UsageReport usage;
};

// Stateless; safe to share between threads.
class ProviderFormat {
 public:
  virtual ~ProviderFormat() = default;

  // The operation's path behind the provider's prefix: "/chat/completions".
  virtual std::string_view path() const = 0;

  // Adds the edits that make the body what the provider is to see.
  virtual void Rewrite(const ScannedRequest& request, const Provider& provider,
                       const SendDecision& decision, Splice& splice) const = 0;

  // Reads a whole answer.
  virtual AnswerFacts ReadAnswer(std::string_view body) const = 0;

  // Reads the data of one event.
  virtual AnswerFacts ReadEvent(std::string_view data) const = 0;
};

// OpenAI's chat completions, and what is compatible with them.
const ProviderFormat& OpenAiChatFormat();

// The format of a provider; null for one that is not spoken yet.
const ProviderFormat* FormatOf(WireFormat format);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_
