// One request to a model on its way through the stages of pipeline.h: its state, and each stage.
#ifndef TOLLGATE_DATAPLANE_REQUEST_REQUEST_RUN_H_
#define TOLLGATE_DATAPLANE_REQUEST_REQUEST_RUN_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/money.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/http/json_array_stream.h"
#include "dataplane/http/response_head.h"
#include "dataplane/http/sse.h"
#include "dataplane/provider/format.h"
#include "dataplane/rate/rate_limiter.h"
#include "dataplane/request/access_line.h"
#include "dataplane/request/attempt_record.h"
#include "dataplane/request/caller_caps.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/kept_name.h"
#include "dataplane/request/splice.h"
#include "dataplane/request/stream_hold.h"
#include "dataplane/request/text_chunks.h"
#include "dataplane/request/translation.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/route/planner.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// What an attempt came to.
enum class AttemptEnd {
  kAnswered,  // The client has its answer, or an error of the provider, or has left.
  kNext,      // It failed before the first byte to the client: another may follow.
  kRefused,   // Nothing was sent, and nothing else will be: error() says why.
};

// Used by one worker; reused from request to request (Begin).
class RequestRun final : public Interruptible {
 public:
  explicit RequestRun(WorkerContext& context) : context_(context) {}

  // Takes a request up.  `client` and `surface` outlive it.
  void Begin(ClientConnection& client, const Surface& surface);
  // Lets go of what belongs to the request, and counts and logs it.
  void End();

  // ---- The stages, in order; false: error() is the answer --------------------------------------

  // `path` is normalized, `wildcard` what the star of the surface's route stood for.
  bool TakeHead(std::string_view path, std::string_view wildcard);
  bool Authenticate();
  bool CountIn();               // Keeps to the rate limits.
  Task<bool> CountInWaiting();  // Once it has failed: for a slot that others may give back.
  bool TakeBody();
  bool Scan();
  bool PlanAttempts();
  bool CountTokens();
  bool Reserve();  // Without waiting; false may mean that Wait…() is worth it.
  Task<bool> ReserveWaiting();
  Task<void> Attempt();   // With Relay and Settle of each attempt.
  Task<void> Estimate();  // Instead of Reserve and Attempt: says what they would do.
  // Instead of Reserve and Attempt: answers how many tokens the input has.  Nothing is charged.
  Task<void> CountInput();
  // Instead of Scan and what follows: asks the provider that keeps an answer for what the client
  // wants of it.  The first reads the head, and finds whose answer it is.
  bool TakeKept(std::string_view path, std::string_view wildcard);
  Task<void> AskKeptAnswer();
  Task<void> Refuse();  // Answers error().

  const GatewayError& error() const { return error_; }

  // ---- Interruptible ----------------------------------------------------------------------------

  void OnClientGone() override;
  void OnStop() override;

 private:
  // Why an attempt was ended by us.
  enum class Cause { kNone, kClientCancelled, kDrained, kStopped };
  // How a usage is known.
  enum class Known { kNone, kReported, kEstimated };
  // Whom an attempt is charged to; what it costs the operator is recorded in any case.
  enum class Payer { kCustomer, kOperator };

  struct StreamState {
    bool started = false;            // The client has the head.
    bool end_seen = false;           // The provider's end marker came.
    std::int64_t finishes_seen = 0;  // Events with a reason to end.
    bool broken = false;             // Something came that is no event of the format.
    bool provider_error = false;     // An error came in place of an event.
    bool short_of_money = false;     // The next event is not covered: GrowHold(), or EndShort().
    std::int64_t open_part = -1;     // The numbered part that is open, of a stream passed through.
    std::int64_t events = 0;         // Of the provider, of such a stream.
  };

  [[gnu::cold]] bool Fail(ErrorCode code, std::string message = {});
  const Snapshot& snapshot() const { return *snapshot_; }

  // Admit.
  bool RefuseRate(const RateRefusal& refusal);
  void AppendRateHeaders(std::string& lines) const;
  // Begins header_lines_ anew with the generation's id, under both of its names.
  void BeginHeaderLines();
  void CountOut();
  void AppendPlan(std::string& out) const;

  // Reserve.
  void CountKeptInput();
  NamedScopes Named() const;
  bool ResolveAccounts();
  bool KeepToMaxCost();
  bool ReserveAffordable();
  bool RefuseShort(Money amount);
  void ExplainShort(const HoldResult& why, const std::string& needed);

  // The hold of a stream: extend_hold.cc.
  bool MayHoldInChunks() const;
  Money FirstHold() const;
  bool HoldNow();
  void StartStreamHold(std::int64_t limit);
  // Takes an event of so many bytes of content in; false when it is not covered by the hold, and
  // must wait for GrowHold(), or the stream for EndShort().
  bool CoverEvent(std::int64_t content_bytes);
  bool ExtendHold(std::int64_t tokens);
  Task<bool> GrowHold();
  void ExplainShortStream();
  Task<AttemptEnd> EndShort(const PlannedAttempt& attempt, StreamState& stream);
  void NoteHeld(const PlannedAttempt& attempt, bool used);

  // Attempt.
  Task<AttemptEnd> AttemptOne(const PlannedAttempt& attempt);
  Task<AttemptEnd> Exchange(const PlannedAttempt& attempt);
  SendDecision Decide(const PlannedAttempt& attempt);
  void BuildRequest(const PlannedAttempt& attempt, const SendDecision& decision);
  void BeginRequestHead(const PlannedAttempt& attempt);
  void EndRequestHead(const PlannedAttempt& attempt);
  void FillPieces(const PlannedAttempt& attempt);
  Task<std::optional<UpstreamError>> Ask(const PlannedAttempt& attempt);
  Task<bool> SendRequest(const PlannedAttempt& attempt);
  Task<bool> ReadHead(const PlannedAttempt& attempt);
  Task<AttemptEnd> TakeStatus(const PlannedAttempt& attempt);
  Task<AttemptEnd> TakeErrorStatus(const PlannedAttempt& attempt);
  // An error body may take this long after its head: it is only read for its message.
  static constexpr absl::Duration kErrorBodyTimeout = absl::Seconds(2);
  Task<std::string_view> ReadShortBody(const PlannedAttempt& attempt, std::uint64_t bytes_max,
                                       absl::Duration patience);
  AttemptEnd FailAttempt(const PlannedAttempt& attempt, UpstreamError kind,
                         std::optional<absl::Duration> retry_after = std::nullopt);
  bool NextAttempt();
  void ExplainFailure();
  void ArmUpstream(absl::Duration timeout);
  UpstreamError FaultOfUpstream() const;
  Task<bool> WaitDurable();

  // What of a request a provider keeps: kept_input.cc.
  bool FindKept(PlanRequirements& requirements);
  void FindByName(KeptKind kind, std::string_view name, std::string param,
                  PlanRequirements& requirements, std::string_view& provider_id);
  void FailKept(ErrorCode code, std::string message, const std::string& param);
  void ExplainKept();
  void ChooseItemIds(const PlannedAttempt& attempt);

  // Kept answers.
  bool RefuseKept(std::string message);
  bool TakeKeptQuery(std::string_view query);
  Task<void> AnswerKept(const PlannedAttempt& attempt);
  void RefuseAsProvider(const PlannedAttempt& attempt, int status,
                        std::optional<absl::Duration> retry_after, std::string_view body);

  // What is written anew of an answer that passes through: edit_answer.cc.
  std::string_view GiveName(const PlannedAttempt& attempt, KeptKind kind,
                            std::string_view provider_id);
  std::string_view ClientIdOf(const PlannedAttempt& attempt, std::string_view provider_id);
  void EditIds(const PlannedAttempt& attempt, std::string_view text, const AnswerFacts& facts);
  void EditId(std::string_view text, std::string_view id, std::string_view name);
  void EditCost(const UsageReport& usage, std::string_view usd);
  std::string EditedAnswer(std::string_view text);

  // Count.
  Task<bool> CountByProvider(const PlannedAttempt& attempt, std::optional<std::int64_t>& tokens);
  Task<void> AnswerCount(std::int64_t tokens, bool estimated);

  // Relay.
  Task<AttemptEnd> RelayAnswer(const PlannedAttempt& attempt);
  Task<AttemptEnd> RelayStream(const PlannedAttempt& attempt);
  void TakeEvents(BodyReader& reader, StreamState& stream, bool all, std::size_t& consumed);
  void TakeEvent(std::string_view event, StreamState& stream);
  void Forward(std::string_view bytes);
  // Returns the data as the client sees it.
  std::string_view ForwardRewritten(std::string_view event, std::string_view data,
                                    const AnswerFacts& facts);
  void NoteFacts(const AnswerFacts& facts);
  void NoteUsage(const UsageReport& usage);
  void NoteTokens(const TokenUsage& tokens);
  void ClearWritten();
  void FrameAsArray(bool end);
  Task<void> WriteStream(StreamState& stream, bool end);
  bool IsWhole(const StreamState& stream) const;
  bool CompleteUsage();
  Task<AttemptEnd> FinishStream(const PlannedAttempt& attempt, StreamState& stream);
  Task<AttemptEnd> CutStream(const PlannedAttempt& attempt, StreamState& stream);
  bool StopDraining();
  void NoteClientGone();
  void KeepConnection(bool reusable);

  // Translation.
  bool ReadForTranslation();
  bool TranslateRequest(const PlannedAttempt& attempt, const SendDecision& decision);
  bool MustFetch(const ir::Media& media, const Provider& provider) const;
  bool MustFetchAny(const Provider& provider);
  Task<bool> FetchMedia(const Provider& provider);
  Task<bool> FetchOne(ir::Media& media, MonotonicTime deadline, std::uint64_t& bytes_left);
  void FillAnswerContext(const PlannedAttempt& attempt);
  void NameTranslatedAnswer(const PlannedAttempt& attempt);
  AnswerCost CostOfAnswer(const PlannedAttempt& attempt) const;
  void NoteAttempt(const PlannedAttempt& attempt, bool success, std::string_view error);
  bool ReadTranslatedAnswer(std::string_view body);
  void SendTranslatedAnswer(const PlannedAttempt& attempt);
  void BeginTranslatedStream(const PlannedAttempt& attempt);
  void NoteEvent(const ir::Event& event, StreamState& stream);
  void WriteEvents(StreamState& stream);
  void TranslateEvent(std::string_view event, StreamState& stream);
  void EndTranslatedInput(StreamState& stream);
  void TakeCovered(StreamState& stream);
  void EndTranslatedShort(const PlannedAttempt& attempt);

  // Settle.
  void BeginRecord(const PlannedAttempt& attempt);
  void SettleAttempt(const PlannedAttempt& attempt, usage::v1::AttemptOutcome outcome, Known known,
                     Payer payer = Payer::kCustomer);
  // `cost` in USD; empty leaves that header out.
  void AppendAnswerHeaders(const PlannedAttempt& attempt, std::string_view cost);
  // At list price and by the attempt's price rule.
  Money CostOf(const PlannedAttempt& attempt, const TokenUsage& usage) const;
  std::int64_t MicrosecondsSinceStart() const;
  void WriteAccessLog();

  WorkerContext& context_;
  ClientConnection* client_ = nullptr;
  const Surface* surface_ = nullptr;

  // The request.
  std::string generation_id_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::optional<Principal> principal_;
  absl::Time wall_start_;
  GatewayError error_;
  CallHead call_;
  std::string key_scratch_;
  CallerCaps caps_;
  RateAdmission admission_;
  ScannedRequest scan_;
  std::vector<std::string_view> models_;
  AttemptPlan plan_;
  std::string_view body_;

  // The reservation.
  std::int64_t input_bound_ = 0;
  std::int64_t output_clamp_ = -1;  // Output tokens that can be afforded; -1 = all that was asked.
  std::int64_t output_bound_ = 0;   // Held for the attempt that is running, over all choices.
  std::optional<ErrorCode> limited_by_;  // Why output_clamp_ is set.
  bool in_chunks_ = false;               // Held is the input and a chunk of the output.
  StreamHold stream_hold_;
  std::int64_t wanted_tokens_ = 0;          // What CoverEvent() lacked; 0 = beyond the limit.
  const Account* short_account_ = nullptr;  // What was short when the hold did not grow.
  bool asked_ahead_ = false;                // extension_waiter_ waits.
  LeasePool::WaiterId extension_waiter_ = 0;
  AccountSet accounts_;
  bool accounts_known_ = false;
  bool accounts_byok_ = false;
  MonotonicTime accounts_at_;  // When they were asked for.
  Hold hold_;

  // The attempt that is running.
  std::size_t attempt_index_ = 0;
  std::uint32_t attempts_made_ = 0;
  const ProviderFormat* format_ = nullptr;
  std::unique_ptr<UpstreamConnection> upstream_;
  IntentRef intent_;
  AttemptRecord record_;
  std::int64_t attempt_start_us_ = 0;
  Money market_cost_;            // Of the attempt that was settled last, at list price.
  std::string_view error_code_;  // Of the record, as the client sees it; empty for none.
  ResponseHead head_;
  Splice splice_;
  std::string request_head_;
  std::vector<std::string_view> body_pieces_;
  std::size_t sent_body_bytes_ = 0;
  std::vector<asio::const_buffer> send_pieces_;
  MonotonicTime attempt_deadline_;
  MonotonicTime first_byte_deadline_;
  bool any_byte_ = false;
  Cause cause_ = Cause::kNone;
  bool client_left_ = false;
  MonotonicTime drain_deadline_;
  std::uint64_t drained_bytes_ = 0;

  // Params of what a request names that one account keeps: by a gateway's name, and by an id of a
  // provider's own.  Empty = nothing.  And why no account can be asked for all of it.
  std::string kept_named_;
  std::string kept_bare_;
  std::optional<GatewayError> kept_fault_;

  // A place of an answer that passes through which is written anew; `text` is in out_texts_ or
  // given_names_.
  struct AnswerEdit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view text;
  };
  std::vector<AnswerEdit> answer_edits_;
  // What the attempt's answer was given of names: the events of a stream repeat ids.
  struct GivenName {
    KeptKind kind;
    std::string provider_id;
    std::string name;
  };
  std::deque<GivenName> given_names_;
  TextChunks rewritten_;  // Events of a stream that are not written yet.
  std::unique_ptr<PassedStream> passed_;
  // Of AskKeptAnswer(): provider and credential only, and the head up to the path's end.
  PlannedAttempt kept_attempt_;
  std::string kept_request_line_;

  // Whether the attempt's body is written anew, and its answer too: !PassesThrough().
  bool translated_ = false;
  bool translation_begun_ = false;
  std::unique_ptr<Translation> translation_;  // Once some request needed it.
  std::vector<AttemptNote> attempt_notes_;

  // What the answer says.
  TokenUsage usage_;
  bool usage_reported_ = false;
  std::int64_t content_bytes_ = 0;
  std::string response_id_;
  std::string native_finish_;
  SseSplitter splitter_;
  JsonArrayStream array_;
  std::string sse_scratch_;
  std::vector<std::string_view> out_pieces_;
  std::deque<std::string> out_texts_;
  std::string header_lines_;

  // What is reported at the end.
  Money charge_total_;
  TokenUsage usage_total_;
  RequestOutcome outcome_ = RequestOutcome::kRefused;
  std::string_view provider_id_;
  ProviderCounts* counts_ = nullptr;  // That provider's; null for none.
  std::string_view model_id_;
  std::optional<UpstreamError> last_fault_;
  std::optional<absl::Duration> last_retry_after_;
  ProviderRates provider_rates_;  // What the client is told of them.
  int last_status_ = 0;
  MonotonicTime sent_at_;
  std::int64_t upstream_wait_ns_ = 0;  // Time that passed while waiting for provider or client.
  std::int64_t first_byte_us_ = 0;
  LogTime log_time_;
  AccessLine access_line_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_REQUEST_RUN_H_
