// The stage Relay for a stream: each read of the provider is passed on at once, event by event.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/json/cursor.h"
#include "dataplane/request/bounds.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

// The rest of a body behind the stream's end marker comes at once or never.
constexpr std::int64_t kTailMs = 1000;

// Reads what follows the end marker, so that the connection can be used again; nobody waits for it.
Task<void> FinishLater(WorkerContext& context, std::unique_ptr<UpstreamConnection> upstream,
                       BodyReader reader) {
  InputBuffer& buffer = upstream->buffer();
  for (;;) {
    buffer.Reserve(kReadBufferBytes / 4);
    context.wheel.ArmMs(upstream->timer(), kTailMs);
    auto [error, bytes] =
        co_await upstream->transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    TimerWheel::Clear(upstream->timer());
    if (error) co_return;
    buffer.Commit(bytes);
    const BodyState state = reader.Decode(buffer);
    const bool clean = buffer.size() == reader.decoded();
    buffer.Consume(buffer.size());
    reader.Dropped(reader.decoded());
    if (state == BodyState::kMore && clean) continue;
    if (state == BodyState::kDone && clean) {
      context.pool.Put(std::move(upstream), MonotonicMs(context.clock));
    }
    co_return;
  }
}

}  // namespace

// Adds bytes of the provider's to what is written next; neighbours become one piece.
void RequestRun::Forward(std::string_view bytes) {
  if (!out_pieces_.empty()) {
    std::string_view& last = out_pieces_.back();
    if (last.data() + last.size() == bytes.data()) {
      last = {last.data(), last.size() + bytes.size()};
      return;
    }
  }
  out_pieces_.push_back(bytes);
}

// Forwards an event with names in the places of ids, and with its cost: put together anew, so that
// what is written next stays in few pieces.
std::string_view RequestRun::ForwardRewritten(std::string_view event, std::string_view data,
                                              const AnswerFacts& facts) {
  const PlannedAttempt& attempt = plan_[attempt_index_];
  const bool within = data.data() >= event.data() && data.data() < event.data() + event.size();
  if (!within) {  // Data of several lines: nobody sends it so.
    Forward(event);
    return data;
  }
  if (surface_->keeps_answers()) EditIds(attempt, data, facts);
  if (facts.usage.close != 0 && usage_reported_ && scan_.include_usage) {
    const Money charge = attempt.credential->byok() ? Money::Zero() : CostOf(attempt, usage_);
    EditCost(facts.usage, charge.ToUsdString());
  }
  std::size_t bytes = event.size();
  for (const AnswerEdit& edit : answer_edits_) bytes += edit.text.size();
  std::string& text = rewritten_.Room(bytes);
  const std::size_t begin = text.size();
  const std::size_t at = static_cast<std::size_t>(data.data() - event.data());
  std::size_t from = 0;
  for (const AnswerEdit& edit : answer_edits_) {
    text += event.substr(from, at + edit.begin - from);
    text += edit.text;
    from = at + edit.end;
  }
  answer_edits_.clear();
  text += event.substr(from);
  const std::string_view written = std::string_view(text).substr(begin);
  Forward(written);
  // Before and behind the data nothing was changed.
  return written.substr(at, written.size() - (event.size() - data.size()));
}

void RequestRun::TakeEvent(std::string_view event, StreamState& stream) {
  if (translated_) return TranslateEvent(event, stream);
  const std::string_view data = SseData(event, sse_scratch_);
  if (data.empty()) {  // A comment, for instance: it keeps connections alive.
    Forward(event);
    return;
  }
  const AnswerFacts facts = format_->ReadEvent(data);
  if (!facts.valid) {
    stream.broken = true;
    return;
  }
  if (facts.is_error) {
    stream.provider_error = true;
    return;
  }
  if (facts.is_end) stream.end_seen = true;
  const bool has_id = surface_->keeps_answers() && (!facts.id.empty() || !facts.item_ids.empty());
  if (facts.is_end && facts.usage.close == 0) {
    ++stream.events;
    if (has_id) {
      ForwardRewritten(event, data, facts);
    } else {
      Forward(event);
    }
    return;
  }
  if (!CoverEvent(facts.content_bytes)) {
    stream.short_of_money = true;
    return;
  }
  ++stream.events;
  NoteFacts(facts);
  if (facts.part_begun >= 0) stream.open_part = facts.part_begun;
  if (facts.part_ended >= 0) stream.open_part = -1;
  if (!facts.finish_reason.empty()) ++stream.finishes_seen;
  std::string_view shown = data;
  if (facts.usage.close == 0 && !has_id) {
    Forward(event);
  } else if (scan_.include_usage) {
    shown = ForwardRewritten(event, data, facts);
  } else if (facts.has_choices) {
    Forward(event);
  } else {
    return;  // The usage chunk that the client did not ask for.
  }
  if (passed_ != nullptr) passed_->Note(shown);
}

// Takes the complete events at the front of the buffer; `all`: nothing comes after them.
void RequestRun::TakeEvents(BodyReader& reader, StreamState& stream, bool all,
                            std::size_t& consumed) {
  const std::string_view bytes = upstream_->buffer().view().substr(0, reader.decoded());
  while (!stream.end_seen && !stream.broken && !stream.provider_error) {
    const std::size_t size = splitter_.Next(bytes.substr(consumed));
    if (size == 0) break;
    TakeEvent(bytes.substr(consumed, size), stream);
    if (stream.short_of_money) break;  // It is looked at again when the hold has grown.
    consumed += size;
  }
  if (bytes.size() - consumed > kSseEventBytesMax) stream.broken = true;
  if (!all || stream.end_seen || stream.broken || stream.short_of_money ||
      consumed == bytes.size()) {
    return;
  }
  // The last event lacks its empty line.
  TakeEvent(bytes.substr(consumed), stream);
  if (stream.short_of_money) return;
  if (!out_pieces_.empty()) out_pieces_.push_back("\n\n");
  consumed = bytes.size();
}

bool RequestRun::StopDraining() {
  if (!client_left_) return false;
  if (cause_ == Cause::kClientCancelled) return true;
  if (drained_bytes_ > context_.options.drain.bytes_max ||
      context_.clock.Monotonic() >= drain_deadline_) {
    cause_ = Cause::kDrained;
    return true;
  }
  return false;
}

void RequestRun::ClearWritten() {
  out_pieces_.clear();
  out_texts_.clear();
  rewritten_.Clear();
  if (translated_) translation_->out.clear();
}

// Turns the events that are written next into elements of the one array that the client wants.
void RequestRun::FrameAsArray(bool end) {
  std::string events;
  for (const std::string_view piece : out_pieces_) events += piece;
  std::string& text = out_texts_.emplace_back();
  array_.Frame(events, text);
  if (end) array_.Close(text);
  out_pieces_.clear();
  if (!text.empty()) out_pieces_.push_back(text);
}

// Writes what was forwarded or translated; the head first, when it was not.
Task<void> RequestRun::WriteStream(StreamState& stream, bool end) {
  if (translated_ && !translation_->out.empty()) out_pieces_.push_back(translation_->out);
  if (call_.framing == kArrayFraming) FrameAsArray(end);
  if (client_left_ || (out_pieces_.empty() && !end)) {
    ClearWritten();
    co_return;
  }
  if (!stream.started) {
    stream.started = true;
    AppendAnswerHeaders(plan_[attempt_index_], {});
    header_lines_ += "cache-control: no-cache\r\n";
    if (translated_) AppendWarningsHeader(translation_->warnings, header_lines_);
    client_->StartStream(200, surface_->stream_content_type(call_), header_lines_);
  }
  client_->AddToStream(out_pieces_);
  if (end) client_->EndStream();
  if (!client_->FlushNow()) {
    const MonotonicTime waiting = context_.clock.Monotonic();
    co_await client_->FlushRest();
    upstream_wait_ns_ += context_.clock.Monotonic().nanoseconds() - waiting.nanoseconds();
  }
  ClearWritten();
  if (client_->gone()) NoteClientGone();
}

// Whether a stream that passed through, and that the provider has closed without an end marker,
// said all: its choices, each in a chunk of its own, said why they end.
bool RequestRun::IsWhole(const StreamState& stream) const {
  return !translated_ && !format_->has_end_marker() && !stream.broken && !stream.provider_error &&
         stream.finishes_seen >= scan_.choices;
}

Task<AttemptEnd> RequestRun::RelayStream(const PlannedAttempt& attempt) {
  // A stream is bounded by time and by what it may cost, not by its size.
  BodyReader reader(head_.framing, head_.content_length, std::uint64_t{1} << 62);
  InputBuffer& buffer = upstream_->buffer();
  const bool keep_alive = head_.keep_alive;
  StreamState stream;
  splitter_.Reset();
  array_.Reset();
  ClearWritten();
  if (translated_) BeginTranslatedStream(attempt);
  passed_ = translated_ ? nullptr : surface_->NewPassedStream();
  bool over = false;
  for (;;) {
    const BodyState state = over ? reader.OnEnd() : reader.Decode(buffer);
    if (first_byte_us_ == 0 && reader.decoded() > 0) first_byte_us_ = MicrosecondsSinceStart();
    std::size_t consumed = 0;
    for (;;) {
      TakeEvents(reader, stream, state == BodyState::kDone, consumed);
      if (!stream.short_of_money) break;
      co_await WriteStream(stream, false);
      stream.short_of_money = false;
      if (co_await GrowHold()) continue;
      if (cause_ == Cause::kNone) co_return co_await EndShort(attempt, stream);
      break;
    }
    if (state == BodyState::kDone && translated_) EndTranslatedInput(stream);
    const bool whole = stream.end_seen || (state == BodyState::kDone && IsWhole(stream));
    if (whole) {
      const AttemptEnd end = co_await FinishStream(attempt, stream);
      buffer.Consume(reader.decoded());
      reader.Dropped(reader.decoded());
      if (state == BodyState::kDone) {
        KeepConnection(keep_alive);
      } else if (keep_alive && state == BodyState::kMore && !client_left_) {
        Spawn(context_.io, FinishLater(context_, std::move(upstream_), reader));
      }
      co_return end;
    }
    if (state != BodyState::kMore || stream.broken || stream.provider_error) break;
    co_await WriteStream(stream, false);
    buffer.Consume(consumed);
    reader.Dropped(consumed);
    if (cause_ != Cause::kNone || StopDraining()) break;
    buffer.Reserve(kReadBufferBytes / 2);
    ArmUpstream(attempt.provider->idle_timeout);
    const MonotonicTime waiting = context_.clock.Monotonic();
    auto [error, bytes] =
        co_await upstream_->transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    upstream_wait_ns_ += context_.clock.Monotonic().nanoseconds() - waiting.nanoseconds();
    TimerWheel::Clear(upstream_->timer());
    if (error) {
      if (error != asio::error::eof || cause_ != Cause::kNone) break;
      over = true;
      continue;
    }
    if (client_left_) drained_bytes_ += bytes;
    buffer.Commit(bytes);
  }
  co_return co_await CutStream(attempt, stream);
}

// Settles, and only then releases the last bytes.
Task<AttemptEnd> RequestRun::FinishStream(const PlannedAttempt& attempt, StreamState& stream) {
  if (!usage_reported_) {
    usage_ = EstimateUsage(body_.size(), content_bytes_, input_bound_, output_bound_);
  }
  SettleAttempt(
      attempt,
      client_left_ ? usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED : usage::v1::ATTEMPT_OUTCOME_SUCCESS,
      usage_reported_ ? Known::kReported : Known::kEstimated);
  outcome_ = client_left_ ? RequestOutcome::kClientClosed : RequestOutcome::kSuccess;
  if (context_.spool.durability() == Durability::kDisk) co_await WaitDurable();
  if (translated_) {
    NoteAttempt(attempt, true, {});
    if (!client_left_) translation_->writer->Finish(CostOfAnswer(attempt), translation_->out);
  } else if (!stream.end_seen) {
    std::string& text = out_texts_.emplace_back();
    surface_->AppendStreamEnd(text);
    out_pieces_.push_back(text);
  }
  co_await WriteStream(stream, true);
  co_return AttemptEnd::kAnswered;
}

// Completes the usage of a stream that ended before its end; whether all of it was reported.  What
// comes before a reason to end says what was read, but not yet what was written.
bool RequestRun::CompleteUsage() {
  if (usage_reported_ && !native_finish_.empty()) return true;
  const TokenUsage estimate =
      EstimateUsage(body_.size(), content_bytes_, input_bound_, output_bound_);
  if (usage_reported_) {
    const ir::Usage known{.present = true, .tokens = usage_};
    usage_.output_text += std::max<std::int64_t>(estimate.output_text - known.output(), 0);
  } else {
    usage_ = estimate;
  }
  return false;
}

// The stream ended before its end: by the provider's fault, the client's leaving, or ours.
Task<AttemptEnd> RequestRun::CutStream(const PlannedAttempt& attempt, StreamState& stream) {
  const bool timed_out = upstream_->timed_out();
  const bool ours = cause_ != Cause::kNone || client_left_;
  if (!ours) {
    const UpstreamError kind = timed_out                                ? UpstreamError::kTimeout
                               : stream.broken || stream.provider_error ? UpstreamError::kProtocol
                                                                        : UpstreamError::kCut;
    if (!stream.started) co_return FailAttempt(attempt, kind);
    counts_->errors[static_cast<std::size_t>(kind)].Add(1);
  }
  upstream_->transport().Close();
  const bool reported = CompleteUsage();
  const bool stopped = cause_ == Cause::kStopped;
  Fail(stopped ? ErrorCode::kStopped : ErrorCode::kStreamInterrupted);
  if (!client_left_) error_code_ = RowOf(error_.code).name;
  SettleAttempt(attempt,
                client_left_ ? usage::v1::ATTEMPT_OUTCOME_CLIENT_CLOSED
                : stopped    ? usage::v1::ATTEMPT_OUTCOME_STOPPED
                             : usage::v1::ATTEMPT_OUTCOME_CUT,
                reported ? Known::kReported : Known::kEstimated);
  outcome_ = client_left_ ? RequestOutcome::kClientClosed : RequestOutcome::kFailed;
  if (client_left_) co_return AttemptEnd::kAnswered;
  context_.metrics.CountError(error_.code);
  if (!stream.started) {
    co_await Refuse();
    co_return AttemptEnd::kAnswered;
  }
  if (translated_) {
    translation_->writer->Fail(error_, translation_->out);
  } else {
    std::string& text = out_texts_.emplace_back();
    surface_->AppendNumberedStreamError(error_, stream.events, generation_id_, text);
    out_pieces_.push_back(text);
  }
  co_await WriteStream(stream, true);
  co_return AttemptEnd::kAnswered;
}

}  // namespace tollgate::dataplane
