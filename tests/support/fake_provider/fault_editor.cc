#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_provider/fault_plan.h"

namespace tollgate {
namespace {

constexpr std::string_view kGarbageBytes("\x00\xff\x16{]\r\nnot http, not json\xc3\x28\r\n", 29);

class FaultEditor final : public AnswerEditor {
 public:
  FaultEditor(std::vector<Fault> faults, ErrorWriter error, std::int64_t output_tokens)
      : faults_(std::move(faults)), error_(std::move(error)), output_tokens_(output_tokens) {}

  void EditRequest(ChatRequest& request) override {
    if (Find(FaultKind::kIgnoreMaxTokens) != nullptr) request.output_tokens_max.reset();
    if (const Fault* repeat = Find(FaultKind::kRepeat)) request.repeat = repeat->value.value_or(10);
  }

  void EditAnswer(ChatAnswer& answer) override {
    if (Find(FaultKind::kNoUsage) != nullptr) answer.reported.reset();
    if (Find(FaultKind::kNegativeUsage) != nullptr) {
      answer.reported = DemoTokens{.input_text = -answer.tokens.input_text,
                                   .output_text = -answer.tokens.output_text};
    }
    output_tokens_ = answer.tokens.output_text;
  }

  bool EditReply(Reply& reply) override {
    bool charged = true;
    for (const Fault& fault : faults_) charged = Apply(fault, reply) && charged;
    reply.works_on = Find(FaultKind::kWorksOn) != nullptr;
    return charged;
  }

 private:
  const Fault* Find(FaultKind kind) const {
    const auto found = std::find_if(faults_.begin(), faults_.end(),
                                    [kind](const Fault& fault) { return fault.kind == kind; });
    return found == faults_.end() ? nullptr : &*found;
  }

  // False when nothing is charged.
  bool Apply(const Fault& fault, Reply& reply) const {
    switch (fault.kind) {
      case FaultKind::kDelayMs:
        if (!reply.steps.empty()) {
          reply.steps.front().wait += absl::Milliseconds(fault.value.value_or(0));
        }
        return true;
      case FaultKind::kSlow:
        for (ReplyStep& step : reply.steps) {
          if (step.kind == StepKind::kToken) {
            step.wait = absl::Milliseconds(fault.value.value_or(10));
          }
        }
        return true;
      case FaultKind::kRefuse:
        reply.steps.clear();
        reply.end = fault.value.value_or(0) == 1 ? ReplyEnd::kReset : ReplyEnd::kClose;
        return false;
      case FaultKind::kStatus:
        Replace(reply, StatusReply(static_cast<int>(fault.value.value_or(500))));
        return false;
      case FaultKind::kRetryAfter:
        Replace(reply, error_(429, "slow down (on demand)", fault.value.value_or(1)));
        return false;
      case FaultKind::kCutMidStream:
        Cut(fault, ReplyEnd::kClose, reply);
        return true;
      case FaultKind::kResetMidStream:
        Cut(fault, ReplyEnd::kReset, reply);
        return true;
      case FaultKind::kCutBeforeDone:
        CutBeforeDone(reply);
        return true;
      case FaultKind::kUsageTwice:
        RepeatUsage(reply);
        return true;
      case FaultKind::kGarbage:
        return Garble(fault, reply);
      case FaultKind::kHangHead:
        if (!reply.steps.empty()) reply.steps.front().wait = absl::InfiniteDuration();
        return true;
      case FaultKind::kHangBody:
        if (reply.steps.size() < 2) return true;
        Middle(std::nullopt, reply)->wait = absl::InfiniteDuration();
        return true;
      case FaultKind::kNoUsage:
      case FaultKind::kNegativeUsage:
      case FaultKind::kIgnoreMaxTokens:
      case FaultKind::kRepeat:
      case FaultKind::kWorksOn:
      case FaultKind::kContentFilter:
        return true;  // Done before the reply was made, or after.
    }
    return true;
  }

  // An answer to which a delay was applied stays late.
  static void Replace(Reply& reply, Reply other) {
    if (!reply.steps.empty()) other.steps.front().wait = reply.steps.front().wait;
    reply = std::move(other);
  }

  Reply StatusReply(int status) const {
    const char* message = status == 429  ? "slow down (on demand)"
                          : status < 500 ? "refused (on demand)"
                                         : "failed (on demand)";
    return error_(status, message, std::nullopt);
  }

  // The step before which `tokens` of output (half of all by default) were sent.  For JSON: the
  // second half of the body, which becomes a step of its own.
  std::vector<ReplyStep>::iterator Middle(std::optional<std::int64_t> tokens, Reply& reply) const {
    const auto body = std::find_if(reply.steps.begin(), reply.steps.end(),
                                   [](const ReplyStep& s) { return s.kind == StepKind::kBody; });
    if (body != reply.steps.end()) {
      ReplyStep first = *body;
      first.kind = StepKind::kHead;
      first.end = first.begin + (body->end - body->begin) / 2;
      body->begin = first.end;
      body->wait = absl::ZeroDuration();
      return std::next(reply.steps.insert(body, first));
    }
    std::int64_t left = tokens.value_or(output_tokens_ / 2);
    auto step = std::next(reply.steps.begin());
    while (step != reply.steps.end() && step->kind == StepKind::kToken &&
           left >= step->output_tokens) {
      left -= step->output_tokens;
      ++step;
    }
    return step == reply.steps.end() ? std::prev(step) : step;
  }

  void Cut(const Fault& fault, ReplyEnd end, Reply& reply) const {
    if (reply.steps.size() < 2) return;
    // First Middle(), which may insert; only then end().
    const auto middle = Middle(fault.value, reply);
    reply.steps.erase(middle, reply.steps.end());
    reply.end = end;
    reply.partial = true;
  }

  static void CutBeforeDone(Reply& reply) {
    if (reply.steps.empty()) return;
    const bool has_done = std::any_of(reply.steps.begin(), reply.steps.end(),
                                      [](const ReplyStep& s) { return s.kind == StepKind::kDone; });
    while (!reply.steps.empty() && (reply.steps.back().kind == StepKind::kEnd ||
                                    reply.steps.back().kind == StepKind::kDone)) {
      reply.steps.pop_back();
    }
    // A format whose last event is the one with the usage.
    if (!has_done && reply.steps.back().kind == StepKind::kUsage) reply.steps.pop_back();
    ReplyStep& last = reply.steps.back();
    if (last.kind == StepKind::kBody) {
      last.kind = StepKind::kHead;  // A body without its end tells nothing.
      --last.end;
    }
    reply.end = ReplyEnd::kClose;
    reply.partial = true;
  }

  static void RepeatUsage(Reply& reply) {
    const auto usage = std::find_if(reply.steps.begin(), reply.steps.end(),
                                    [](const ReplyStep& s) { return s.kind == StepKind::kUsage; });
    if (usage == reply.steps.end()) return;
    const ReplyStep copy = *usage;
    reply.steps.insert(usage, copy);
  }

  bool Garble(const Fault& fault, Reply& reply) const {
    if (fault.value.value_or(1) == 0) {
      Reply garbage;
      garbage.Append(StepKind::kHead, kGarbageBytes);
      garbage.end = ReplyEnd::kClose;
      Replace(reply, std::move(garbage));
      return false;
    }
    if (reply.steps.size() < 2) return true;
    if (reply.steps.back().kind == StepKind::kBody) {
      Reply garbage = WholeReply(200, "application/json", kGarbageBytes);
      garbage.steps.front().output_tokens = reply.steps.front().output_tokens;
      garbage.steps.back().kind = StepKind::kHead;
      Replace(reply, std::move(garbage));
      return true;
    }
    const std::string event = absl::StrCat("data: {\"id\":", std::string(kGarbageBytes), "\n\n");
    const std::size_t begin = reply.bytes.size();
    absl::StrAppend(&reply.bytes, absl::Hex(event.size()), "\r\n", event, "\r\n");
    reply.steps.insert(Middle(std::nullopt, reply),
                       {.kind = StepKind::kToken, .begin = begin, .end = reply.bytes.size()});
    return true;
  }

  const std::vector<Fault> faults_;
  const ErrorWriter error_;
  std::int64_t output_tokens_ = 0;
};

Reply ChatError(int status, std::string_view message, std::optional<std::int64_t> retry_after_s) {
  const char* type = status == 429  ? "rate_limit_error"
                     : status < 500 ? "invalid_request_error"
                                    : "server_error";
  const char* code = status == 429 ? "rate_limit_exceeded" : status < 500 ? "refused" : "failed";
  return ErrorReply(
      status, type, code, message,
      retry_after_s.has_value() ? absl::StrCat("Retry-After: ", *retry_after_s, "\r\n") : "");
}

}  // namespace

std::unique_ptr<AnswerEditor> MakeFaultEditor(std::vector<Fault> faults) {
  return MakeFaultEditor(std::move(faults), ChatError, 0);
}

std::unique_ptr<AnswerEditor> MakeFaultEditor(std::vector<Fault> faults, ErrorWriter error,
                                              std::int64_t output_tokens) {
  return std::make_unique<FaultEditor>(std::move(faults), std::move(error), output_tokens);
}

}  // namespace tollgate
