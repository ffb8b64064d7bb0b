#include "tests/support/fake_provider/wire/wire_provider.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tests/support/fake_provider/wire/fields.h"
#include "tests/support/fake_provider/wire/gemini.h"
#include "tests/support/fake_provider/wire/messages.h"
#include "tests/support/fake_provider/wire/responses.h"
#include "tests/support/fake_provider/wire/script.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

constexpr std::size_t kStoredMax = 10'000;
constexpr std::string_view kResponsesPrefix = "/v1/responses/";

Reply JsonReply(const json::value& body, std::string_view headers = "") {
  return WholeReply(200, "application/json", json::serialize(body), headers);
}

// The value of a query's parameter; empty when it is not there.
std::string QueryValue(std::string_view target, std::string_view name) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return "";
  for (const absl::string_view pair : absl::StrSplit(AbslView(target.substr(mark + 1)), '&')) {
    if (absl::StartsWith(pair, absl::StrCat(AbslView(name), "="))) {
      return std::string(pair.substr(name.size() + 1));
    }
  }
  return "";
}

// What the ids of items of responses begin with.
const char* IdPrefixOf(const std::string& type) {
  if (type == "reasoning") return "rs_";
  if (type == "function_call") return "fc_";
  return type == "function_call_output" ? "fco_" : "msg_";
}

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

std::string BearerOf(const ProviderRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = request.Header("authorization");
  return std::string(value.substr(0, kBearer.size()) == kBearer ? value.substr(kBearer.size())
                                                                : "");
}

std::string GeminiKeyOf(const ProviderRequest& request) {
  const std::string header(request.Header("x-goog-api-key"));
  return header.empty() ? QueryValue(request.target, "key") : header;
}

std::string AnthropicKeyOf(const ProviderRequest& request) {
  const std::string header(request.Header("x-api-key"));
  return header.empty() ? BearerOf(request) : header;
}

}  // namespace

// One request on its way through.
struct WireProvider::Call {
  const ProviderRequest& request;
  const WireFormat* format = nullptr;
  bool counts = false;   // Asks for the number of tokens only.
  bool array = false;    // Gemini's stream as one JSON array.
  bool streams = false;  // By the path, as Gemini's.
  std::string model;     // By the path, as Gemini's.
  std::string key;
  json::object body;
};

WireProvider::WireProvider(WireProviderOptions options, Books& books, FaultPlan& faults)
    : options_(std::move(options)),
      run_id_(NewId("", SystemRandom()) + "-"),
      books_(books),
      faults_(faults) {
  for (const WireModel& model : options_.models) models_[model.id] = model;
}

bool WireProvider::Authorized(std::string_view key) const {
  if (options_.api_keys.empty()) return true;
  bool known = false;
  for (const std::string& accepted : options_.api_keys) known |= ConstantTimeEqual(accepted, key);
  return known;
}

std::optional<Reply> WireProvider::Answer(const ProviderRequest& request) {
  if (models_.empty()) return std::nullopt;
  const std::string_view path = PathOf(request.target);
  if (path.starts_with(kResponsesPrefix)) {
    return OfStored(request, std::string(path.substr(kResponsesPrefix.size())));
  }
  if (request.method == "GET") {
    return List(request, path);
  }
  Call call{.request = request,
            .format = nullptr,
            .counts = false,
            .array = false,
            .streams = false,
            .model = "",
            .key = "",
            .body = {}};
  return Route(call);
}

std::optional<Reply> WireProvider::Route(Call& call) {
  const std::string path(PathOf(call.request.target));
  if (path == "/v1/chat/completions" || path == "/v1/responses") {
    call.format = path == "/v1/responses" ? &ResponsesFormat() : &ChatFormat();
    call.key = BearerOf(call.request);
  } else if (path == "/v1/messages" || path == "/v1/messages/count_tokens") {
    call.format = &MessagesFormat();
    call.counts = path != "/v1/messages";
    call.key = AnthropicKeyOf(call.request);
  } else if (absl::StrContains(path, "/models/")) {
    const std::size_t begin = path.find("/models/") + 8;
    const std::size_t colon = path.rfind(':');
    if (colon == std::string::npos || colon < begin) return std::nullopt;
    const std::string verb = path.substr(colon + 1);
    call.format = &GeminiFormat();
    call.model = absl::StrReplaceAll(path.substr(begin, colon - begin), {{"%2F", "/"}});
    call.key = GeminiKeyOf(call.request);
    call.streams = verb == "streamGenerateContent";
    call.counts = verb == "countTokens";
    call.array = call.streams && QueryValue(call.request.target, "alt") != "sse";
    if (!call.streams && !call.counts && verb != "generateContent") return std::nullopt;
  } else {
    return std::nullopt;
  }
  boost::system::error_code error;
  json::value body = json::parse({call.request.body.data(), call.request.body.size()}, error);
  // A model that is not sold here is the other provider's.
  if (!error && body.is_object() && call.format == &ChatFormat() &&
      models_.count(StringField(body.get_object(), "model")) == 0) {
    return std::nullopt;
  }
  if (!Authorized(call.key)) {
    // As Google does it.
    return Refuse(call, call.format == &GeminiFormat() ? 400 : 401, "the API key is not valid");
  }
  if (error || !body.is_object()) return Refuse(call, 400, "the body is not a JSON object");
  call.body = std::move(body.get_object());
  return call.counts ? CountTokens(call) : Generate(call);
}

Reply WireProvider::Refuse(const Call& call, int status, std::string_view message) {
  books_.AddRefused(call.model.empty() ? StringField(call.body, "model") : call.model);
  return call.format->Error(status, message, std::nullopt);
}

Reply WireProvider::CountTokens(const Call& call) const {
  const bool gemini = call.format == &GeminiFormat();
  const absl::StatusOr<Ask> ask =
      gemini ? ReadGeminiToCount(call.body) : ReadMessagesToCount(call.body);
  if (!ask.ok()) return call.format->Error(400, StdView(ask.status().message()), std::nullopt);
  if (models_.count(gemini ? call.model : ask->model) == 0) {
    return call.format->Error(404, "the model does not exist", std::nullopt);
  }
  const DemoTokens tokens = CountInput(*ask);
  const std::int64_t sum = tokens.input_text + tokens.input_audio;
  if (gemini) return JsonReply({{"totalTokens", sum}});
  return JsonReply({{"input_tokens", sum}});
}

Reply WireProvider::Generate(const Call& call) {
  json::object body = call.body;
  if (call.format == &MessagesFormat()) {
    const std::string_view version = call.request.Header("anthropic-version");
    if (version != "2023-06-01" && version != "2026-10-21") {
      return Refuse(call, 400, "anthropic-version: header is required");
    }
    if (const absl::Status old = CheckMessagesOf2026(body); version == "2026-10-21" && !old.ok()) {
      return Refuse(call, 400, StdView(old.message()));
    }
  }
  if (call.format == &ResponsesFormat()) {
    if (const absl::Status status = TakeEarlierItems(call.key, body); !status.ok()) {
      return Refuse(call, absl::IsNotFound(status) ? 404 : 400, StdView(status.message()));
    }
  }
  absl::StatusOr<Ask> ask = call.format->Read(body);
  if (!ask.ok()) return Refuse(call, 400, StdView(ask.status().message()));
  if (!call.model.empty()) ask->model = call.model;
  ask->stream |= call.streams;
  const auto model = models_.find(ask->model);
  if (model == models_.end()) {
    return Refuse(call, 404, absl::StrCat("the model '", ask->model, "' does not exist"));
  }
  Reply reply = Compose(call, *std::move(ask), model->second);
  return reply;
}

Reply WireProvider::Compose(const Call& call, Ask ask, const WireModel& model) {
  absl::StatusOr<Script> script = ReadScript(ask);
  if (!script.ok()) return Refuse(call, 400, StdView(script.status().message()));
  std::vector<Fault> faults = faults_.HitsFor(model.id);
  faults.insert(faults.end(), script->faults.begin(), script->faults.end());
  const auto has = [&faults](FaultKind kind) {
    for (const Fault& fault : faults) {
      if (fault.kind == kind) return true;
    }
    return false;
  };
  if (has(FaultKind::kIgnoreMaxTokens)) ask.output_tokens_max.reset();
  script->filtered |= has(FaultKind::kContentFilter);
  const std::string id =
      absl::StrCat(AbslView(call.format->id_prefix()), run_id_, next_id_.fetch_add(1));
  absl::StatusOr<Say> say =
      wire::Compose(ask, *script, model, cache_, id, absl::ToUnixSeconds(RealClock().Wall()));
  if (!say.ok()) return Refuse(call, 400, StdView(say.status().message()));
  if (has(FaultKind::kNoUsage)) say->reported.reset();
  if (has(FaultKind::kNegativeUsage)) {
    say->reported =
        DemoTokens{.input_text = -say->tokens.input_text, .output_text = -say->tokens.output_text};
  }
  Reply reply;
  if (!ask.stream) {
    reply = JsonReply(call.format->Whole(ask, *say), call.format->AnswerHeaders());
    reply.steps.front().output_tokens = say->tokens.output_text;
  } else {
    reply = call.array ? GeminiArrayStream(ask, *say, options_.token_interval)
                       : call.format->Stream(ask, *say, options_.token_interval);
  }
  if (call.format == &ResponsesFormat() && BoolField(call.body, "store", true)) {
    json::object body = call.body;
    if (TakeEarlierItems(call.key, body).ok()) {
      Stored stored{call.key, InputItems(body), 0, call.format->Whole(ask, *say)};
      stored.inputs = stored.items.size();
      for (std::size_t i = 0; i < stored.inputs; ++i) {
        json::object& item = stored.items[i].as_object();
        if (item.contains("id")) continue;
        item["id"] = absl::StrCat(IdPrefixOf(StringField(item, "type")), id, "_in_", i);
      }
      stored.response["previous_response_id"] = call.body.contains("previous_response_id")
                                                    ? call.body.at("previous_response_id")
                                                    : json::value();
      for (json::value& item : OutputItems(ask, *say, true)) {
        stored.items.push_back(std::move(item));
      }
      Remember(id, std::move(stored));
    }
  }
  const bool told = say->reported == say->tokens && (ask.include_usage || !ask.stream);
  const auto editor = MakeFaultEditor(
      std::move(faults),
      [format = call.format](int status, std::string_view message,
                             std::optional<std::int64_t> retry_after_s) {
        return format->Error(status, message, retry_after_s);
      },
      say->tokens.output_text);
  if (!editor->EditReply(reply)) {
    books_.AddRefused(model.id);
    return reply;
  }
  reply.settle = [this, id, model = &model, tokens = say->tokens, streamed = ask.stream,
                  told](const ReplyProgress& progress) {
    if (!progress.begun) return books_.AddRefused(model->id);
    DemoTokens used = tokens;
    used.output_text = progress.output_tokens;
    books_.Add({.response_id = id,
                .model = model->id,
                .prices = model->prices,
                .tokens = used,
                .outcome = progress.complete ? DemoOutcome::kComplete : DemoOutcome::kCut,
                .streamed = streamed,
                .usage_reported = told && progress.usage_sent});
  };
  return reply;
}

std::optional<Reply> WireProvider::List(const ProviderRequest& request,
                                        std::string_view path) const {
  if (path != "/v1/models" && path != "/v1beta/models") return std::nullopt;
  const bool gemini = path == "/v1beta/models" || !GeminiKeyOf(request).empty();
  const bool anthropic = !request.Header("anthropic-version").empty();
  const WireFormat& format = gemini ? GeminiFormat() : anthropic ? MessagesFormat() : ChatFormat();
  const std::string key = gemini      ? GeminiKeyOf(request)
                          : anthropic ? AnthropicKeyOf(request)
                                      : BearerOf(request);
  if (!Authorized(key)) {
    return format.Error(gemini ? 400 : 401, "the API key is not valid", std::nullopt);
  }
  json::array list;
  for (const auto& [id, model] : models_) {
    if (gemini) {
      list.push_back({{"name", "models/" + id},
                      {"displayName", id},
                      {"version", "1"},
                      {"inputTokenLimit", kDemoContextTokensMax},
                      {"outputTokenLimit", kDemoOutputTokensMax},
                      {"supportedGenerationMethods", {"generateContent", "countTokens"}}});
    } else if (anthropic) {
      list.push_back({{"type", "model"},
                      {"id", id},
                      {"display_name", id},
                      {"created_at", "2026-01-01T00:00:00Z"}});
    } else {
      list.push_back(
          {{"id", id}, {"object", "model"}, {"created", 1'767'225'600}, {"owned_by", "fake"}});
    }
  }
  if (gemini) return JsonReply({{"models", std::move(list)}});
  if (anthropic) {
    return JsonReply({{"data", std::move(list)},
                      {"has_more", false},
                      {"first_id", models_.begin()->first},
                      {"last_id", models_.rbegin()->first}});
  }
  return JsonReply({{"object", "list"}, {"data", std::move(list)}});
}

Reply WireProvider::OfStored(const ProviderRequest& request, const std::string& rest) {
  const std::string key = BearerOf(request);
  const std::size_t slash = rest.find('/');
  const std::string id = rest.substr(0, slash);
  const std::string verb = slash == std::string::npos ? "" : rest.substr(slash + 1);
  if (!Authorized(key)) {
    return ResponsesFormat().Error(401, "the API key is not valid", std::nullopt);
  }
  absl::MutexLock lock(&mutex_);
  const auto found = stored_.find(id);
  if (found == stored_.end() || found->second.key != key) {
    return ResponsesFormat().Error(404, absl::StrCat("Response with id '", id, "' not found."),
                                   std::nullopt);
  }
  const Stored& stored = found->second;
  if (request.method == "GET" && verb.empty()) return JsonReply(stored.response);
  if (request.method == "GET" && verb == "input_items") {
    json::array data(stored.items.begin(),
                     stored.items.begin() + static_cast<std::ptrdiff_t>(stored.inputs));
    for (std::size_t i = 0; i < data.size(); ++i) {
      json::object& item = data[i].as_object();
      if (!item.contains("type")) item["type"] = "message";
      if (const json::string* text =
              item.contains("content") ? item["content"].if_string() : nullptr) {
        item["content"] = json::array{json::object{{"type", "input_text"}, {"text", *text}}};
      }
    }
    const json::value first = data.empty() ? json::value() : data.front().at("id");
    const json::value last = data.empty() ? json::value() : data.back().at("id");
    return JsonReply({{"object", "list"},
                      {"data", std::move(data)},
                      {"first_id", first},
                      {"last_id", last},
                      {"has_more", false}});
  }
  if (request.method == "POST" && verb == "cancel") {
    return ResponsesFormat().Error(400, "Cannot cancel a synchronous response.", std::nullopt);
  }
  if (request.method == "DELETE" && verb.empty()) {
    stored_.erase(found);
    items_.Forget(id);
    return JsonReply({{"id", id}, {"object", "response"}, {"deleted", true}});
  }
  return ResponsesFormat().Error(405, "no such method", std::nullopt);
}

absl::Status WireProvider::TakeEarlierItems(const std::string& key, json::object& body) const {
  json::array items;
  absl::MutexLock lock(&mutex_);
  if (const std::string id = StringField(body, "previous_response_id"); !id.empty()) {
    const auto found = stored_.find(id);
    if (found == stored_.end() || found->second.key != key) {
      return absl::InvalidArgumentError(
          absl::StrCat("Previous response with id '", id, "' not found."));
    }
    items = found->second.items;
  }
  for (json::value& item : InputItems(body)) items.push_back(std::move(item));
  TG_RETURN_IF_ERROR(items_.Resolve(key, items));
  if (!items.empty()) body["input"] = std::move(items);
  return absl::OkStatus();
}

void WireProvider::Remember(const std::string& id, Stored stored) {
  absl::MutexLock lock(&mutex_);
  items_.Keep(stored.key, stored.items);
  stored_[id] = std::move(stored);
  stored_order_.push_back(id);
  if (stored_order_.size() > kStoredMax) {
    stored_.erase(stored_order_.front());
    items_.Forget(stored_order_.front());
    stored_order_.pop_front();
  }
}

}  // namespace tollgate::wire
