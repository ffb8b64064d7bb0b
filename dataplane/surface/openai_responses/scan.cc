#include "dataplane/surface/openai_responses/scan.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

// The members that are read, those that are required first.
enum Member : unsigned {
  kModel,
  kInput,
  kModels,
  kStream,
  kMaxOutputTokens,
  kUser,
  kTools,
  kProvider,
  kProviderOptions,
  kServiceTier,
  kBackground,
  kPreviousResponseId,
  kConversation,
  kPrompt,
  kCaching,
  kCacheAnchorItems,
  kCacheTtl,
  kMembers,
};
constexpr unsigned kRequired = kModel + 1;
constexpr std::string_view kNames[kMembers] = {"model",
                                               "input",
                                               "models",
                                               "stream",
                                               "max_output_tokens",
                                               "user",
                                               "tools",
                                               "provider",
                                               "providerOptions",
                                               "service_tier",
                                               "background",
                                               "previous_response_id",
                                               "conversation",
                                               "prompt",
                                               "caching",
                                               "cache_anchor_items",
                                               "cache_ttl"};

// Tools that the client runs; all others are the provider's, for a fee or without a bound.
constexpr std::string_view kClientTools[] = {"function",    "custom",   "local_shell",
                                             "apply_patch", "computer", "computer_use_preview"};
// Items that stand for nothing but what is in them.
constexpr std::string_view kWholeItems[] = {"message",
                                            "function_call",
                                            "function_call_output",
                                            "custom_tool_call",
                                            "custom_tool_call_output",
                                            "local_shell_call",
                                            "local_shell_call_output",
                                            "apply_patch_call",
                                            "apply_patch_call_output",
                                            "computer_call",
                                            "computer_call_output",
                                            "compaction"};

template <typename List>
bool IsOneOf(const List& list, std::string_view raw) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view name) { return JsonEquals(raw, name); });
}

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, ScannedRequest& out) : BodyScanner(body, out) {}

  Error Run() {
    if (Error error = ReadBody(kNames, kRequired)) return error;
    if (!has_input_ && out().kept_input.empty()) return Missing("input");
    out().include_usage = true;  // Streams of this surface always have it.
    return std::nullopt;
  }

 private:
  bool IsOwn(unsigned member) const override {
    return member == kModels || member == kProvider || member == kProviderOptions ||
           member >= kCaching;
  }

  Error ReadMember(unsigned member, std::size_t at) override {
    switch (member) {
      case kModel:
        return ReadModel(at);
      case kInput:
        return ReadInput();
      case kModels:
        return ReadModels();
      case kStream:
        return ReadFlag("stream", out().stream);
      case kMaxOutputTokens:
        return ReadLimit("max_output_tokens", at, out().max_tokens_value);
      case kUser:
        return ReadText("user", out().user);
      case kTools:
        return ReadResponsesTools();
      case kProvider:
        return ReadWishes();
      case kProviderOptions:
        return ReadProviderOptions();
      case kServiceTier:
        return ReadServiceTier();
      case kBackground:
        return ReadBackground();
      case kPreviousResponseId:
        return ReadPrevious(at);
      case kConversation:
      case kPrompt:
        if (!SkipNull()) {
          json().Skip();
          out().kept_input = kNames[member];
          if (member == kConversation) out().kept_reference = kNames[member];
        }
        return std::nullopt;
      default:
        json().Skip();
        return std::nullopt;
    }
  }

  Error ReadPrevious(std::size_t at) {
    if (Error error = ReadText("previous_response_id", out().kept_response)) return error;
    out().kept_response_value = {at, json().offset()};
    if (!out().kept_response.empty()) out().kept_input = "previous_response_id";
    return std::nullopt;
  }

  // Prices are those of the standard tier; what is dearer has no bound.
  Error ReadServiceTier() {
    std::string_view tier;
    if (Error error = ReadText("service_tier", tier)) return error;
    if (tier == "priority") out().unbounded = "service_tier";
    return std::nullopt;
  }

  Error ReadBackground() {
    bool background = false;
    if (Error error = ReadFlag("background", background)) return error;
    if (!background) return std::nullopt;
    return Unsupported("background",
                       "`background` is not served: an answer that is made later cannot be "
                       "charged. Leave it out, or ask for a stream.");
  }

  Error ReadResponsesTools() {
    if (SkipNull()) return std::nullopt;
    if (json().Peek() != JsonKind::kArray) return WrongType("tools", "a list of tools");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().tools;
      std::string_view type;
      ReadMembers(type, nullptr);
      if (!type.empty() && !IsOneOf(kClientTools, type)) out().unbounded = "tools";
    }
    return std::nullopt;
  }

  Error ReadInput() {
    if (SkipNull()) return std::nullopt;
    has_input_ = true;
    if (json().Peek() == JsonKind::kString) {
      ++out().messages;
      json().Skip();
      return std::nullopt;
    }
    if (json().Peek() != JsonKind::kArray) return WrongType("input", "a string or a list of items");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().messages;
      if (json().Peek() != JsonKind::kObject) return WrongType("input", "a list of objects");
      ReadItem();
    }
    return std::nullopt;
  }

  void ReadItem() {
    std::string_view type;
    bool encrypted = false;
    ReadMembers(type, &encrypted);
    const bool whole =
        type.empty() || IsOneOf(kWholeItems, type) || (encrypted && JsonEquals(type, "reasoning"));
    // What the provider ran, thought or said before, and has kept.
    if (!whole && out().kept_input.empty()) out().kept_input = "input";
    if (out().kept_reference.empty() && JsonEquals(type, "item_reference")) {
      out().kept_reference =
          out().unescaped.emplace_back(absl::StrCat("input[", out().messages - 1, "]"));
    }
    if (JsonEquals(type, "computer_call_output")) ++out().images;
  }

  // Reads the type of an object and what it holds; `encrypted`, unless null: whether it has
  // `encrypted_content`.
  void ReadMembers(std::string_view& type, bool* encrypted) {
    if (json().Peek() != JsonKind::kObject) {
      json().Skip();
      return;
    }
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (JsonEquals(key, "type") && json().Peek() == JsonKind::kString) {
        json().ReadString(type);
      } else if (encrypted != nullptr && JsonEquals(key, "encrypted_content")) {
        *encrypted = json().Peek() == JsonKind::kString;
        json().Skip();
      } else if (encrypted != nullptr && json().Peek() == JsonKind::kArray &&
                 (JsonEquals(key, "content") || JsonEquals(key, "output"))) {
        ReadParts();
      } else {
        json().Skip();
      }
    }
  }

  // Counts what costs tokens that its bytes do not bound.
  void ReadParts() {
    json().EnterArray();
    while (json().NextElement()) {
      std::string_view type;
      ReadMembers(type, nullptr);
      if (JsonEquals(type, "input_image") || JsonEquals(type, "computer_screenshot")) {
        ++out().images;
      } else if (JsonEquals(type, "input_file")) {
        ++out().files;
      }
    }
  }

  bool has_input_ = false;
};

}  // namespace

std::optional<GatewayError> ScanResponsesRequest(std::string_view body, ScannedRequest& out) {
  out.Reset();
  return Scanner(body, out).Run();
}

}  // namespace tollgate::dataplane
