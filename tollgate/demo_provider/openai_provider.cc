#include "tollgate/demo_provider/openai_provider.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_text.h"
#include "base/random.h"
#include "base/string_views.h"
#include "tollgate/demo_provider/chat_reply.h"

namespace tollgate {
namespace {

constexpr std::string_view kInvalidRequest = "invalid_request_error";

// The N of "/books?requests=N"; 0 for anything else.
std::size_t EntriesAskedFor(std::string_view query) {
  constexpr std::string_view kKey = "requests=";
  if (query.substr(0, kKey.size()) != kKey) return 0;
  query.remove_prefix(kKey.size());
  std::size_t count = 0;
  std::from_chars(query.data(), query.data() + query.size(), count);
  return count;
}

}  // namespace

OpenAiProvider::OpenAiProvider(OpenAiProviderOptions options)
    : options_(std::move(options)),
      id_prefix_(NewId("chatcmpl-", SystemRandom()) + "-"),
      books_(options_.books_entries_max) {
  for (const DemoModel& model : options_.models) models_[model.id] = model;
}

Reply OpenAiProvider::Answer(const ProviderRequest& request) {
  const std::size_t mark = request.target.find('?');
  const std::string_view path = request.target.substr(0, mark);
  if (path == "/books" && request.method == "GET") {
    const std::string_view query =
        mark == std::string_view::npos ? "" : request.target.substr(mark + 1);
    return WholeReply(200, "application/json", books_.ToJson(EntriesAskedFor(query)));
  }
  if (path != "/v1/chat/completions" && path != "/v1/models") {
    return ErrorReply(404, kInvalidRequest, "unknown_url",
                      "there is only /v1/chat/completions, /v1/models and /books here");
  }
  if (!Authorized(request.authorization)) {
    return Refuse("", ErrorReply(401, kInvalidRequest, "invalid_api_key",
                                 "the API key is missing or wrong; send 'Authorization: Bearer "
                                 "<key>'"));
  }
  if (path == "/v1/models" && request.method == "GET") return ListModels();
  if (path == "/v1/chat/completions" && request.method == "POST") return AnswerChat(request.body);
  return ErrorReply(405, kInvalidRequest, "method_not_allowed",
                    "use GET for /v1/models and POST for /v1/chat/completions");
}

bool OpenAiProvider::Authorized(std::string_view authorization) const {
  if (options_.api_keys.empty()) return true;
  constexpr std::string_view kBearer = "Bearer ";
  if (authorization.substr(0, kBearer.size()) != kBearer) return false;
  authorization.remove_prefix(kBearer.size());
  bool known = false;
  for (const std::string& key : options_.api_keys) known |= ConstantTimeEqual(key, authorization);
  return known;
}

Reply OpenAiProvider::Refuse(const std::string& model, Reply reply) {
  books_.AddRefused(model);
  return reply;
}

Reply OpenAiProvider::ListModels() const {
  std::string body = "{\"object\":\"list\",\"data\":[";
  const char* separator = "";
  for (const auto& [id, model] : models_) {
    body += separator;
    separator = ",";
    body += "{\"id\":";
    AppendJsonString(body, id);
    body += ",\"object\":\"model\",\"created\":1767225600,\"owned_by\":\"demo\"}";
  }
  body += "]}";
  return WholeReply(200, "application/json", body);
}

std::string OpenAiProvider::NextResponseId() {
  return absl::StrCat(id_prefix_, next_id_.fetch_add(1, std::memory_order_relaxed));
}

Reply OpenAiProvider::AnswerChat(std::string_view body) {
  absl::StatusOr<ChatRequest> request = ParseChatRequest(body);
  if (!request.ok()) {
    return Refuse("", ErrorReply(400, kInvalidRequest, "invalid_request",
                                 StdView(request.status().message())));
  }
  const auto model = models_.find(request->model);
  if (model == models_.end()) {
    return Refuse("", ErrorReply(404, kInvalidRequest, "model_not_found",
                                 absl::StrCat("the model '", request->model,
                                              "' does not exist; GET /v1/models lists them")));
  }
  const std::unique_ptr<AnswerEditor> editor =
      options_.editor ? options_.editor(*request) : nullptr;
  if (editor != nullptr) editor->EditRequest(*request);
  ChatAnswer answer = ComposeAnswer(*request, model->second, NextResponseId(),
                                    absl::ToUnixSeconds(RealClock().Wall()));
  if (editor != nullptr) editor->EditAnswer(answer);
  Reply reply = request->stream ? StreamReply(answer, {.include_usage = request->include_usage,
                                                       .token_interval = options_.token_interval})
                                : JsonReply(answer);
  if (editor != nullptr && !editor->EditReply(reply)) {
    return Refuse(answer.model, std::move(reply));
  }
  // A report that is not the truth counts as none.
  const bool honest = answer.reported == answer.tokens;
  reply.settle = [this, id = std::move(answer.id), model = &model->second, tokens = answer.tokens,
                  streamed = request->stream, honest](const ReplyProgress& progress) {
    if (!progress.begun) return books_.AddRefused(model->id);
    DemoTokens used = tokens;
    used.output_text = progress.output_tokens;
    books_.Add({.response_id = id,
                .model = model->id,
                .prices = model->prices,
                .tokens = used,
                .outcome = progress.complete ? DemoOutcome::kComplete : DemoOutcome::kCut,
                .streamed = streamed,
                .usage_reported = honest && progress.usage_sent});
  };
  return reply;
}

}  // namespace tollgate
