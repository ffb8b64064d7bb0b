// A provider's wire format: how a request is sent, and how answers, streams, usage and errors are
// read.  A format knows no surface; both meet in dataplane/request.  docs/translation.md says how
// to add one.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_
#define TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "base/compiled_price.h"
#include "dataplane/http/head_text.h"
#include "dataplane/ir/event.h"
#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/ir/response.h"
#include "dataplane/rate/provider_rates.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/request/splice.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// What is decided about an attempt before it is sent.
struct SendDecision {
  std::string_view provider_model_id;
  // Output tokens per choice; -1 leaves what the caller wrote.
  std::int64_t output_limit = -1;
  bool stream = false;
  // The provider is to keep the answer if it does so where nothing is said.
  bool keep = false;
  // The model's facts; null only where no catalog is at hand.
  const Model* model = nullptr;
  const Offering* offering = nullptr;
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

// What one whole answer, or one event's data, says, where it passes through.  Views point into the
// text.
struct AnswerFacts {
  bool valid = false;            // It is the JSON object that it should be.
  bool is_end = false;           // The stream's end marker.
  bool is_error = false;         // An error in place of an answer.
  bool has_choices = false;      // At least one choice is in it: the client must see it.
  std::string_view id;           // As written, escapes included; so for the next ones.
  std::string_view previous_id;  // Of the kept answer that this one goes on with.
  // Of items that the provider may keep, wherever the text has them; in its order.
  absl::InlinedVector<std::string_view, 2> item_ids;
  std::string_view finish_reason;  // The last choice's.
  std::string_view error_message;
  std::string_view error_code;
  std::int64_t content_bytes = 0;  // Text that the model wrote, in bytes.
  // In a format whose parts are numbered: the one that this event begins, or ends; -1 = none.
  std::int64_t part_begun = -1;
  std::int64_t part_ended = -1;
  UsageReport usage;
};

// What an error of a provider means, whatever its words.
enum class ProviderErrorClass : std::uint8_t {
  kUnknown,        // By its status.
  kRequest,        // The request is at fault: no other provider would think otherwise.
  kContextLength,  // The input is too long for this model.
  kContentFilter,  // The provider's rules forbid the input.
  kCredential,     // The key is refused, or may not do this.
  kQuota,          // The account has no money.
  kNotFound,       // There is no such model there.
  kRateLimit,
  kOverloaded,
  kServer,
};

// An error of a provider, unescaped, not yet fit to be shown.
struct ProviderError {
  ProviderErrorClass error_class = ProviderErrorClass::kUnknown;
  std::string message;
  std::string code;
  std::string type;
  // Said in the body (Gemini's RetryInfo); a Retry-After header goes before.
  std::optional<absl::Duration> retry_after;
};

// A request as it is to be sent.
struct WrittenRequest {
  std::string body;
  // Behind the provider's prefix, with a query if need be: "/chat/completions".
  std::string path;
  // Whole lines with CRLF, but host, content-type, content-length, accept, user-agent and the
  // credential: "anthropic-version: 2023-06-01\r\n".
  std::string header_lines;

  void Reset() {
    body.clear();
    path.clear();
    header_lines.clear();
  }
};

// Reads the events of one stream.  Used by one attempt.
class EventReader {
 public:
  virtual ~EventReader() = default;

  // Reads one event of the provider: its `event` name (may be empty) and its data.  Appends what it
  // says to `out`, in the order that ir/event.h promises; views are good until the next call, and
  // as long as `data`.  False when it is no event of the format: the stream is broken.
  virtual bool Read(std::string_view name, std::string_view data, ir::EventList& out) = 0;

  // The provider closed the stream.  Appends kEnd (and what must come before) when all was said and
  // only the terminal event is missing, in a format that has none or whose providers are known to
  // leave it out; nothing when the stream was cut.
  virtual void AtEnd(ir::EventList& out) = 0;
};

// Stateless; safe to share between threads.
class ProviderFormat {
 public:
  virtual ~ProviderFormat() = default;

  // "openai_chat"; the owner of its Extras.
  virtual std::string_view name() const = 0;

  // ---- Sending ---------------------------------------------------------------------------------

  // Appends the operation's path behind the provider's prefix: "/chat/completions".  Fit for a
  // request line whatever the model is called.
  virtual void AppendPath(const SendDecision& decision, std::string& out) const = 0;
  // Appends whole header lines that a body which passes through needs besides those of every
  // request; `passed` are the client's own (CallHead::passed).
  virtual void AppendHeaders(const std::vector<std::pair<std::string, std::string>>& passed,
                             std::string& lines) const;

  // Adds the edits that make a body which passes through what the provider is to see.
  virtual void Rewrite(const ScannedRequest& request, const Provider& provider,
                       const SendDecision& decision, Splice& splice) const = 0;

  // Writes a translated request.  What cannot be expressed goes to `omissions`; when that refuses,
  // what was written is of no use.
  virtual void WriteRequest(const ir::Request& request, const Provider& provider,
                            const SendDecision& decision, ir::Omissions& omissions,
                            WrittenRequest& out) const = 0;

  // Whether the provider fetches this by itself.  What it does not, and has a URL, is fetched by
  // the gateway before WriteRequest(), and given as bytes.
  virtual bool TakesUrl(const ir::Media& media, const Provider& provider) const = 0;

  // ---- What passes through ---------------------------------------------------------------------

  // Reads a whole answer.
  virtual AnswerFacts ReadAnswer(std::string_view body) const = 0;
  // Reads the data of one event.
  virtual AnswerFacts ReadEvent(std::string_view data) const = 0;
  // Whether a stream that closes without the format's terminal event was cut, whatever it said.
  // False for a format that has no such event, or whose providers are known to leave it out: then
  // the reason to end makes a stream whole.
  virtual bool has_end_marker() const { return true; }

  // ---- What is translated ----------------------------------------------------------------------

  // Reads a whole answer.  `body` outlives `out`, which is fresh.  False when it is no answer of
  // the format (an error in place of one, no choice).
  virtual bool ReadResponse(std::string_view body, ir::Response& out) const = 0;
  virtual std::unique_ptr<EventReader> NewEventReader() const = 0;

  // ---- Counting tokens -------------------------------------------------------------------------

  // Appends the path, as AppendPath() does, by which a provider of this format counts the input
  // of a body that passes through; false, and nothing appended, when none does.
  virtual bool AppendCountPath(const SendDecision& decision, std::string& out) const;
  // Reads its answer; nullopt when it is none.
  virtual std::optional<std::int64_t> ReadTokenCount(std::string_view body) const;

  // ---- Kept answers ----------------------------------------------------------------------------

  // Appends the path of an answer that the provider keeps under `id` (fit for a path as it is), as
  // AppendPath() does; false, and nothing appended, when providers of this format keep none.
  virtual bool AppendKeptPath(std::string_view id, std::string& out) const;

  // ---- Errors ----------------------------------------------------------------------------------

  // Reads the body of an answer with an error status, which may be anything.
  virtual ProviderError ReadError(int status, std::string_view body) const = 0;

  // What the head of an answer says of the account's rate limits; by default nothing.
  virtual ProviderRates ReadRates(const HeadFields& fields, absl::Time now) const;
};

// The format of a provider; null for one that is not spoken.  The place where a new format is
// registered (dataplane/provider/format.cc).
const ProviderFormat* FormatOf(WireFormat format);

// All that are spoken: bit (1 << WireFormat).
std::uint32_t SpokenFormats();

// OpenAI's chat completions, and what is compatible with them.
const ProviderFormat& OpenAiChatFormat();

// OpenAI's responses, and what is compatible with them.
const ProviderFormat& OpenAiResponsesFormat();

// Anthropic's messages.
const ProviderFormat& AnthropicMessagesFormat();

// Gemini's generateContent.
const ProviderFormat& GeminiFormat();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_FORMAT_H_
