// A client API: how its calls are read, and how its answers, streams and errors look.  A surface
// knows no provider format; both meet in dataplane/request.  docs/translation.md says how to add
// one.
#ifndef TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_
#define TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/money.h"
#include "dataplane/http/request_head.h"
#include "dataplane/ir/event.h"
#include "dataplane/ir/request.h"
#include "dataplane/ir/response.h"
#include "dataplane/rate/provider_rates.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"
#include "dataplane/snapshot/catalog.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/call_head.h"

namespace tollgate::dataplane {

// What a path of a surface is for.
enum class SurfaceOperation : std::uint8_t {
  kGenerate,       // The pipeline.
  kCountTokens,    // The pipeline up to the plan, then AppendTokenCount().
  kListModels,     // AppendModelList().
  kGetModel,       // AppendModel() of what the star stood for.
  kListEndpoints,  // AppendEndpoints() of what the star stood for: who sells it.
  kCredits,        // AppendCredits().
  kKey,            // What the calling key may spend and has spent.
  kQuota,          // Reads a quota, or by the method makes, changes or archives it.
  kGeneration,
  kReport,    // What the workspace spent, by day, model and so on.
  kEstimate,  // What a generation would cost at most.
  // An answer that its provider keeps; the star stood for its id, and what comes behind the star is
  // the provider's own (`/input_items`).
  kKeptAnswer,
};

// A path that a surface answers.  One `*` stands for one or more characters, slashes included, and
// is the model's name.  An exact pattern goes before one with a star, and a longer one before a
// shorter.  Several surfaces may have one path: Surface::Claims().
struct SurfaceRoute {
  Method method = Method::kPost;
  std::string_view pattern;
  SurfaceOperation operation = SurfaceOperation::kGenerate;
};

// Turns the events of one translated stream into a surface's bytes.  Appends to `out`; what it
// appends are whole events of the surface, so that they may be sent at once.  Used by one request.
//
// A writer holds back what must come last (a finish reason beside the usage) until Finish().
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // One event, in the order that ir/event.h promises; kEnd and kError never come here.
  virtual void Write(const ir::Event& event, std::string& out) = 0;
  // The rest of a stream that is whole: finish reasons, usage, cost, end marker.
  virtual void Finish(const AnswerCost& cost, std::string& out) = 0;
  // The end of a stream that broke, in the surface's own form: never mistaken for a whole one.
  virtual void Fail(const GatewayError& error, std::string& out) = 0;
};

// A model, or an alias, that the caller may call.
struct ListedModel {
  std::string_view name;  // What the caller writes.
  const Model* model = nullptr;
  const Offering* offering = nullptr;  // The cheapest with a price in force; never null.
  const Price* price = nullptr;        // That price; never null.
};

// How a surface's client asked for models, or for one.
struct ModelListQuery {
  std::string_view path_and_query;  // As it was sent: QueryParameter() of dataplane/http/target.h.
  const CallHead* call = nullptr;
  absl::Time now;  // Prices are those of this moment.
};

// An answer that the gateway ends before the model did.
struct StreamStop {
  std::string_view response_id;  // The provider's, as it is escaped; empty when no event came.
  std::string_view model;        // As the client wrote it.
  std::int64_t created = 0;      // Seconds since 1970.
  std::int64_t choices = 1;
  bool include_usage = false;   // The client asked for the usage.
  std::int64_t open_part = -1;  // The numbered part that is open (AnswerFacts); -1 = none.
  std::int64_t events = 0;      // Events that the client was sent.
  AnswerCost cost;              // With the reason in `stopped`.
};

// What a surface remembers of a stream that passes through, so that it can end it in its own form.
// Used by one attempt.
class PassedStream {
 public:
  virtual ~PassedStream() = default;

  // The data of an event that the client was sent.
  virtual void Note(std::string_view data) = 0;
  // As Surface::AppendStreamStop().
  virtual void AppendStop(const StreamStop& stop, std::string_view generation_id,
                          std::string& out) = 0;
};

// Stateless; safe to share between threads.
class Surface {
 public:
  virtual ~Surface() = default;

  // For records and metrics: "openai_chat".
  virtual std::string_view name() const = 0;
  // The provider formats whose JSON is the surface's own, so that bodies pass through; bit (1 <<
  // WireFormat).  All other formats are reached by translation.
  virtual std::uint32_t formats() const = 0;
  virtual std::span<const SurfaceRoute> routes() const = 0;

  // ---- The call --------------------------------------------------------------------------------

  // Of a path that several surfaces have: whether the client that sent this head is one of this
  // surface's.  The first that says so answers; when none does, the first that is registered.
  virtual bool Claims(const RequestHead& head) const;

  // The caller's key; null when none was sent.  By default the token of `Authorization: Bearer`.
  // `scratch` keeps it when it had to be decoded.
  virtual std::string_view ReadKey(const RequestHead& head, std::string& scratch) const;

  // Takes what is needed from the head; `path` is normalized, `wildcard` what the star stood for.
  // By default nothing.
  virtual std::optional<GatewayError> ReadHead(const RequestHead& head, std::string_view path,
                                               std::string_view wildcard, CallHead& call) const;

  // Looks at a body; views of `out` point into it, into `call` or into `out`.  The error says what
  // is wrong with it.  What this accepts is well-formed JSON and UTF-8.
  virtual std::optional<GatewayError> Scan(std::string_view body, const CallHead& call,
                                           ScannedRequest& out) const = 0;

  // Reads a body that Scan() accepted, to be translated.  Every member is read, kept as an Extra,
  // or refused by name.  `out` is fresh.
  virtual std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead& call,
                                                  const ScannedRequest& scan,
                                                  ir::Request& out) const = 0;

  // ---- Translated answers ----------------------------------------------------------------------

  // Appends a whole answer.
  virtual void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                           const AnswerCost& cost, std::string& out) const = 0;
  // `context` outlives the writer.
  virtual std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const = 0;
  virtual std::string_view stream_content_type(const CallHead& call) const;
  // What keeps a stream alive while the model thinks; empty = nothing can be said without breaking
  // it.  By default an SSE comment.
  virtual std::string_view keep_alive(const CallHead& call) const;

  // What the caller calls a parameter that formats know as `param` (Omissions): "text.format" for
  // "response_format".  By default the same.
  virtual std::string_view ParamName(std::string_view param) const { return param; }

  // ---- Answers that pass through ---------------------------------------------------------------

  // Whether a provider may keep an answer, so that its id must say whose it is:
  // dataplane/request/kept_answer.h.
  virtual bool keeps_answers() const { return false; }
  // Null when AppendStreamStop() needs nothing but the StreamStop.
  virtual std::unique_ptr<PassedStream> NewPassedStream() const { return nullptr; }

  // Appends what ends a stream that the gateway stops since no more may be spent on it: the
  // surface's own stop for length, the reason said beside it, and the end marker.  A surface
  // without one ends with an error event.
  virtual void AppendStreamStop(const StreamStop& stop, std::string_view generation_id,
                                std::string& out) const {
    AppendStreamError(*stop.cost.stopped, generation_id, out);
  }
  // Appends the end marker of a stream whose provider sent none.
  virtual void AppendStreamEnd(std::string& out) const = 0;
  // Appends the cost, an exact decimal of USD, as a member of the usage object, without a comma:
  // `"cost":0.0000123`.
  virtual void AppendCost(std::string_view usd, std::string& out) const = 0;

  // ---- Errors ----------------------------------------------------------------------------------

  // Appends an error's body as JSON.
  virtual void AppendError(const GatewayError& error, std::string_view generation_id,
                           std::string& out) const = 0;
  // Appends an error as the event that ends a stream that passed through.
  virtual void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                                 std::string& out) const = 0;
  // The same behind `events` events that the client was sent: for a surface that numbers them.
  virtual void AppendNumberedStreamError(const GatewayError& error, std::int64_t events,
                                         std::string_view generation_id, std::string& out) const {
    static_cast<void>(events);
    AppendStreamError(error, generation_id, out);
  }
  // The header field in which the API's own clients look for a request's id.
  virtual std::string_view request_id_field() const { return "x-request-id"; }
  // Appends the header lines that say what is left of rate limits: of the key's own, or of those
  // that a provider told of.  By default OpenAI's.
  virtual void AppendRates(const ProviderRates& rates, absl::Time now, std::string& lines) const;

  // ---- What is not a generation; called only where routes() has it ------------------------------

  // Aliases come first, then models, each by name.  A surface that has pages answers the one that
  // was asked for; the error says what is wrong with how it was asked for.
  virtual std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                                      const ModelListQuery& query,
                                                      std::string& out) const;
  virtual void AppendModel(const ListedModel& model, const ModelListQuery& query,
                           std::string& out) const;
  // `endpoints`, at least one, are the offerings of one model, the cheapest first.
  virtual void AppendEndpoints(std::span<const ListedModel> endpoints, const ModelListQuery& query,
                               std::string& out) const;
  virtual void AppendTokenCount(std::int64_t input_tokens, std::string& out) const;
  // What is left of the workspace's balance, and what was ever charged to it.  By default
  // `{"balance":"95.5","total_used":"4.5"}`.
  virtual void AppendCredits(Money balance, Money total_used, std::string& out) const;
};

// Every surface; the place where a new one is registered (dataplane/surface/registry.cc).
std::span<const Surface* const> Surfaces();

// The surface of POST /v1/chat/completions.
const Surface& OpenAiChatSurface();
// The surface of POST /v1/messages.
const Surface& AnthropicMessagesSurface();
// The surface of POST /v1/responses.
const Surface& OpenAiResponsesSurface();
// The surface of POST /v1/completions.
const Surface& OpenAiCompletionsSurface();
// The surface of POST /v1beta/models/{model}:generateContent and its like.
const Surface& GeminiSurface();
// The surface of POST /api/v1/chat/completions.
const Surface& OpenRouterSurface();
// The surface of POST /v4/ai/language-model and its forerunners.
const Surface& AiSdkGatewaySurface();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_SURFACE_H_
