// Composes the demo provider's answers: deterministic in the request, token by token.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_ANSWER_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tollgate/demo_provider/books.h"
#include "tollgate/demo_provider/chat_request.h"
#include "tollgate/demo_provider/demo_models.h"

namespace tollgate {

// One token of output.
struct AnswerToken {
  std::size_t begin = 0;  // Its bytes within ChatAnswer::text; empty for the opening of a call.
  std::size_t end = 0;
  int call = -1;  // Which tool call it belongs to; -1 for plain text.
  bool opens_call = false;
};

struct ChatAnswer {
  std::string id;
  std::string model;
  std::int64_t created = 0;  // Seconds since 1970.
  std::string text;          // Plain text, then the arguments of each call.
  std::vector<AnswerToken> output;
  std::vector<DemoToolCall> calls;  // Whose opening is in `output`.
  std::string_view finish_reason;   // "stop", "length" or "tool_calls".
  DemoTokens tokens;                // What the answer used, and is charged for.
  // What the answer says it used; nullopt for an answer that does not say.
  std::optional<DemoTokens> reported;

  std::string_view TextOf(const AnswerToken& token) const {
    return std::string_view(text).substr(token.begin, token.end - token.begin);
  }
};

// Answers `request` with `model`.  `id` is the response's id, `created` its time.
ChatAnswer ComposeAnswer(const ChatRequest& request, const DemoModel& model, std::string id,
                         std::int64_t created);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_ANSWER_H_
