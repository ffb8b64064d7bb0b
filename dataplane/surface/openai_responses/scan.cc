#include "dataplane/surface/openai_responses/scan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/signature.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/openai_responses/items.h"

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
  kStore,
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
                                               "store",
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
  Scanner(std::string_view body, ScannedRequest& out) : BodyScanner(body, out), body_(body) {}

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
      case kStore:
        return ReadFlag("store", out().store);
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
      ReadType(type);
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
      if (Error error = ReadItem(static_cast<std::size_t>(out().messages - 1))) return error;
    }
    return std::nullopt;
  }

  // What an item says of itself.
  struct Item {
    std::string_view type;
    bool has_role = false;
    bool encrypted = false;    // It has `encrypted_content`.
    bool has_content = false;  // It has a `content` with something in it.
    std::string_view id;       // Its own; null = it has none.
  };

  Error ReadItem(std::size_t index) {
    const std::size_t first_id = out().item_ids.size();
    Item item;
    json().EnterObject();
    std::size_t former_end = 0;  // Of the member before; 0 = there is none.
    bool open_id = false;        // The range of the last id ends where the next key begins.
    std::string_view key;
    while (json().NextMember(key)) {
      const std::size_t key_at = static_cast<std::size_t>(key.data() - body_.data()) - 1;
      if (std::exchange(open_id, false)) out().item_ids.back().member.end = key_at;
      const std::size_t value_at = json().ValueOffset();
      const bool text = json().Peek() == JsonKind::kString;
      const bool own = JsonEquals(key, "id");
      if (text && (own || JsonEquals(key, "approval_request_id"))) {
        if (own && item.id.data() != nullptr) {
          return Fault(ErrorCode::kInvalidJson, "input",
                       absl::StrCat("`input[", index, "].id` is given twice."));
        }
        ScannedItemId& id = out().item_ids.emplace_back();
        json().ReadString(id.text);
        if (own) item.id = id.text;
        id.item = index;
        id.own = own;
        id.value = {value_at, json().offset()};
        id.member = {former_end == 0 ? key_at : former_end, json().offset()};
        id.reference = !own;
        open_id = former_end == 0;
      } else {
        ReadItemMember(key, item);
      }
      former_end = json().offset();
    }
    NoteItem(item, first_id);
    return std::nullopt;
  }

  void ReadItemMember(std::string_view key, Item& item) {
    const JsonKind kind = json().Peek();
    if (JsonEquals(key, "type") && kind == JsonKind::kString) {
      json().ReadString(item.type);
    } else if (JsonEquals(key, "encrypted_content") && kind == JsonKind::kString) {
      std::string_view encrypted;
      json().ReadString(encrypted);
      item.encrypted = !encrypted.empty();
      if (item.encrypted && ir::IsForeignSignature(encrypted)) out().foreign_parts = true;
    } else if (kind == JsonKind::kArray &&
               (JsonEquals(key, "content") || JsonEquals(key, "output"))) {
      item.has_content |= ReadParts() > 0;
    } else {
      item.has_role |= JsonEquals(key, "role") && kind != JsonKind::kNull;
      json().Skip();
    }
  }

  // `first_id`: the first of the ids that this item has.
  void NoteItem(const Item& item, std::size_t first_id) {
    // Thoughts are there if they are encrypted or as they were, a summary of them is something
    // else, but of those that the gateway itself showed.  What has neither type nor role is a
    // reference.
    const bool thought = JsonEquals(item.type, "reasoning");
    const bool ours = thought && !item.encrypted && IsGatewayItemId(item.id);
    if (ours) out().foreign_parts = true;
    const bool whole = item.type.empty() ? item.has_role
                       : thought         ? item.encrypted || item.has_content || ours
                                         : IsOneOf(kWholeItems, item.type);
    // What the provider ran, thought or said before, and has kept.
    if (!whole && out().kept_input.empty()) out().kept_input = "input";
    for (std::size_t i = first_id; i < out().item_ids.size(); ++i) {
      out().item_ids[i].reference |= !whole;
      out().item_ids[i].thought = thought;
    }
    if (JsonEquals(item.type, "computer_call_output")) ++out().images;
  }

  // Reads the type of an object.
  void ReadType(std::string_view& type) {
    if (json().Peek() != JsonKind::kObject) {
      json().Skip();
      return;
    }
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (JsonEquals(key, "type") && json().Peek() == JsonKind::kString) {
        json().ReadString(type);
      } else {
        json().Skip();
      }
    }
  }

  // Counts what costs tokens that its bytes do not bound; how many there are of all.
  int ReadParts() {
    int count = 0;
    json().EnterArray();
    while (json().NextElement()) {
      ++count;
      std::string_view type;
      ReadType(type);
      if (JsonEquals(type, "input_image") || JsonEquals(type, "computer_screenshot")) {
        ++out().images;
      } else if (JsonEquals(type, "input_file")) {
        ++out().files;
      }
    }
    return count;
  }

  const std::string_view body_;
  bool has_input_ = false;
};

}  // namespace

std::optional<GatewayError> ScanResponsesRequest(std::string_view body, ScannedRequest& out) {
  out.Reset();
  return Scanner(body, out).Run();
}

}  // namespace tollgate::dataplane
