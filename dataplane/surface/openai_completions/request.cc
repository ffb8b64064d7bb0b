#include "dataplane/surface/openai_completions/request.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/limits.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/openai_chat/request.h"

namespace tollgate::dataplane {
namespace {

using Error = std::optional<GatewayError>;

// The members that are read, those that are required first.
enum Member : unsigned {
  kModel,
  kPrompt,
  kModels,
  kStream,
  kStreamOptions,
  kMaxTokens,
  kN,
  kUser,
  kProvider,
  kProviderOptions,
  kServiceTier,
  kMembers,
};
constexpr unsigned kRequired = kPrompt + 1;
constexpr std::string_view kNames[kMembers] = {
    "model", "prompt", "models",   "stream",          "stream_options", "max_tokens",
    "n",     "user",   "provider", "providerOptions", "service_tier"};

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, ScannedRequest& out) : BodyScanner(body, out) {}

  Error Run() {
    if (Error error = ReadBody(kNames, kRequired)) return error;
    if (out().output_limit < 0) out().output_limit = kCompletionTokensDefault;
    out().messages = 1;
    return std::nullopt;
  }

 private:
  bool IsOwn(unsigned member) const override {
    return member == kModels || member == kProvider || member == kProviderOptions;
  }

  Error ReadMember(unsigned member, std::size_t at) override {
    switch (member) {
      case kModel:
        return ReadModel(at);
      case kModels:
        return ReadModels();
      case kStream:
        return ReadFlag("stream", out().stream);
      case kStreamOptions:
        return ReadStreamOptions();
      case kMaxTokens:
        return ReadLimit("max_tokens", at, out().max_tokens_value);
      case kN:
        return ReadChoices();
      case kUser:
        return ReadText("user", out().user);
      case kProvider:
        return ReadWishes();
      case kProviderOptions:
        return ReadProviderOptions();
      case kServiceTier:
        return ReadServiceTier();
      default:
        json().Skip();
        return std::nullopt;
    }
  }

  Error ReadStreamOptions() {
    if (SkipNull()) return std::nullopt;
    if (json().Peek() != JsonKind::kObject) return WrongType("stream_options", "an object");
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (!JsonEquals(key, "include_usage")) {
        json().Skip();
      } else if (Error error = ReadFlag("stream_options.include_usage", out().include_usage)) {
        return error;
      }
    }
    return std::nullopt;
  }

  Error ReadChoices() {
    if (SkipNull()) return std::nullopt;
    bool fits = false;
    if (json().Peek() != JsonKind::kNumber || !json().ReadInt64(out().choices, fits) || !fits ||
        out().choices < 1 || out().choices > kChoicesMax) {
      return WrongType("n", absl::StrCat("an integer from 1 to ", kChoicesMax));
    }
    return std::nullopt;
  }

  // Prices are those of the standard tier; what is dearer has no bound.
  Error ReadServiceTier() {
    std::string_view tier;
    if (Error error = ReadText("service_tier", tier)) return error;
    if (tier == "priority") out().unbounded = "service_tier";
    return std::nullopt;
  }
};

// What only a model that completes text could do.
Error RefuseLegacy(JsonValue body, std::int64_t choices) {
  const auto refuse = [](std::string_view name) {
    return Unsupported(name, absl::StrCat("`", AbslView(name),
                                          "` is not served: models answer here as in a chat."));
  };
  if (!body["suffix"].string().empty()) return refuse("suffix");
  if (body["echo"].boolean() == true) return refuse("echo");
  if (body["logprobs"].has_value()) return refuse("logprobs");
  if (const JsonValue best_of = body["best_of"];
      best_of.has_value() && best_of.integer() != choices) {
    return refuse("best_of");
  }
  for (const std::string_view name : {"messages", "tools", "functions", "response_format"}) {
    if (body[name].has_value()) {
      return Unsupported(name, absl::StrCat("`", AbslView(name),
                                            "` is for /v1/chat/completions; this is the API "
                                            "before it."));
    }
  }
  return std::nullopt;
}

Error ReadPrompt(JsonValue prompt, std::string_view& text) {
  const bool list_of_one = prompt.is_array() && prompt.size() == 1;
  const JsonValue only = list_of_one ? *prompt.elements().begin() : prompt;
  if (!only.is_string()) {
    return Unsupported("prompt",
                       "`prompt` must be one text: several prompts, and prompts of tokens, are "
                       "not served.");
  }
  text = only.string();
  return std::nullopt;
}

}  // namespace

std::optional<GatewayError> ScanCompletionsRequest(std::string_view body, ScannedRequest& out) {
  out.Reset();
  return Scanner(body, out).Run();
}

std::optional<GatewayError> ReadCompletionsRequest(std::string_view body, ir::Request& out) {
  if (Error error = ReadChatRequest(body, out)) return error;
  const JsonValue root = out.document.root();
  if (Error error = RefuseLegacy(root, out.settings.choices)) return error;
  std::string_view text;
  if (Error error = ReadPrompt(root["prompt"], text)) return error;
  out.messages.emplace_back().parts.emplace_back().body = ir::Text{text, {}};
  if (!out.settings.max_output_tokens.has_value()) {
    out.settings.max_output_tokens = kCompletionTokensDefault;
  }
  // What chat completions do not know, and was read here.
  out.extras.erase(std::remove_if(out.extras.begin(), out.extras.end(),
                                  [](const ir::Extra& extra) {
                                    return extra.name == "prompt" || extra.name == "suffix" ||
                                           extra.name == "echo" || extra.name == "best_of";
                                  }),
                   out.extras.end());
  return std::nullopt;
}

}  // namespace tollgate::dataplane
