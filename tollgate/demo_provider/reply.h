// An answer as it goes over the wire: steps of bytes with pauses between them.
//
// A reply is data, so that a test can take one and make it late, short or wrong.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_REPLY_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace tollgate {

// What a step's bytes are.
enum class StepKind {
  kHead,    // Status line and headers.
  kBody,    // A whole body.
  kToken,   // An event with one token of output (or the opening event).
  kFinish,  // The event with the finish reason.
  kUsage,   // The event with the usage.
  kDone,    // "data: [DONE]".
  kEnd,     // The last chunk of a chunked body.
};

struct ReplyStep {
  StepKind kind = StepKind::kBody;
  std::size_t begin = 0;  // Its bytes within Reply::bytes.
  std::size_t end = 0;
  absl::Duration wait = absl::ZeroDuration();  // Before it; infinite for a step that never comes.
  std::int64_t output_tokens = 0;              // Text tokens that this step generates.
};

// What becomes of the connection after the last step.
enum class ReplyEnd {
  kKeepAlive,
  kClose,  // FIN.
  kReset,  // RST.
};

// How far a reply came.
struct ReplyProgress {
  bool begun = false;              // Its first step.
  std::int64_t output_tokens = 0;  // Of the steps that were begun.
  bool usage_sent = false;         // A step of kind kUsage or kBody was begun.
  bool complete = false;           // Every step was begun, and the reply is not a part of one.
};

struct Reply {
  std::string bytes;
  std::vector<ReplyStep> steps;
  ReplyEnd end = ReplyEnd::kKeepAlive;
  bool partial = false;  // Steps were taken away: its end is not the end of an answer.
  // The work goes on when the peer leaves: all of it counts as generated, whatever was sent.
  bool works_on = false;
  // Called once: just before the last step's bytes are written, or when the peer is found gone
  // before that.  May be empty.
  std::function<void(const ReplyProgress&)> settle;

  // Appends a step with these bytes.
  void Append(StepKind kind, std::string_view text, std::int64_t output_tokens = 0);
};

// A whole response with a body.  `extra_headers` are complete lines, each with its CR LF.
Reply WholeReply(int status, std::string_view content_type, std::string_view body,
                 std::string_view extra_headers = "");

// An error in OpenAI's envelope.
Reply ErrorReply(int status, std::string_view type, std::string_view code, std::string_view message,
                 std::string_view extra_headers = "");

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_REPLY_H_
