#include "dataplane/request/pass_through.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/json/cursor.h"

namespace tollgate::dataplane {
namespace {

// The quirks that a format's WriteRequest() obeys, of those that a provider may have.
bool HasQuirks(const Quirks& quirks, WireFormat format) {
  switch (format) {
    case WireFormat::kOpenAiChat:
      return quirks.no_stream_usage || quirks.no_developer_role || quirks.no_json_schema ||
             quirks.no_image_url || !quirks.output_limit_field.empty() ||
             !quirks.reasoning_request.empty() || !quirks.reasoning_history.empty() ||
             !quirks.unsupported_parameters.empty();
    case WireFormat::kOpenAiResponses:
      return quirks.no_json_schema || quirks.no_image_url || !quirks.unsupported_parameters.empty();
    case WireFormat::kAnthropic:
      return quirks.no_image_url;
    case WireFormat::kGemini:
      break;
  }
  return false;
}

// Looks in one request for what a provider's quirks are about.
class QuirkSearch {
 public:
  QuirkSearch(const Provider& provider, const ScannedRequest& scan, std::string_view body)
      : quirks_(provider.quirks),
        chat_(provider.format == WireFormat::kOpenAiChat),
        scan_(scan),
        body_(body) {}

  bool Found() const { return InScan() || InWords() || InMembers(); }

 private:
  // Who speaks, a member of a message; in a body this name stands for other things too.
  static constexpr std::string_view kMessageName = "messages.name";

  bool InScan() const {
    // An image by URL is a string that begins with its scheme.
    if (quirks_.no_image_url && scan_.images > 0 && Has("\"http")) return true;
    if (!chat_) return false;
    if (quirks_.no_stream_usage && scan_.stream_options_value.present()) return true;
    // One limit under the other name is renamed where it stands; two cannot be one.
    return !quirks_.output_limit_field.empty() && scan_.max_tokens_value.present() &&
           scan_.max_completion_tokens_value.present();
  }

  // What stands deeper in the body, by the words that nothing can be asked for without.
  bool InWords() const {
    if (quirks_.no_json_schema && Has("\"json_schema\"")) return true;
    for (const std::string& name : quirks_.unsupported_parameters) {
      const std::size_t dot = name.rfind('.');
      if ((dot == std::string::npos && name != "strict") || name == kMessageName) continue;
      const std::string_view last = std::string_view(name).substr(dot + 1);  // All without a dot.
      if (Has(absl::StrCat("\"", AbslView(last), "\""))) return true;
    }
    return false;
  }

  // The body's own members, and those of its messages.
  bool InMembers() const {
    const bool messages =
        chat_ && (quirks_.no_developer_role || !quirks_.reasoning_history.empty() ||
                  IsUnsupported(kMessageName));
    const bool reasoning = chat_ && !quirks_.reasoning_request.empty();
    if (!messages && !reasoning && quirks_.unsupported_parameters.empty()) return false;
    JsonCursor json(body_);
    std::string_view key;
    if (!json.EnterObject()) return false;
    while (json.NextMember(key)) {
      const JsonKind kind = json.Peek();
      if (messages && kind == JsonKind::kArray && KeyIs(key, "messages")) {
        if (InMessages(json)) return true;
        continue;
      }
      if (kind != JsonKind::kNull && (IsUnsupported(key) || (reasoning && IsReasoning(key)))) {
        return true;
      }
      json.Skip();
    }
    return false;
  }

  bool InMessages(JsonCursor& json) const {
    json.EnterArray();
    while (json.NextElement()) {
      if (json.Peek() != JsonKind::kObject) {
        json.Skip();
        continue;
      }
      json.EnterObject();
      std::string_view key;
      while (json.NextMember(key)) {
        const JsonKind kind = json.Peek();
        std::string_view text;
        if (kind == JsonKind::kString && KeyIs(key, "role")) {
          json.ReadString(text);
          if (quirks_.no_developer_role && JsonEquals(text, "developer")) return true;
          continue;
        }
        if (kind != JsonKind::kNull &&
            (IsOtherHistory(key) || (KeyIs(key, "name") && IsUnsupported(kMessageName)))) {
          return true;
        }
        json.Skip();
      }
    }
    return false;
  }

  bool IsUnsupported(std::string_view key) const {
    const auto& names = quirks_.unsupported_parameters;
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return JsonEquals(key, name); });
  }

  // Whether a member asks for reasoning in another way than the provider is asked.
  bool IsReasoning(std::string_view key) const {
    if (KeyIs(key, "reasoning")) return quirks_.reasoning_request != "reasoning";
    return KeyIs(key, "reasoning_effort") && quirks_.reasoning_request != "reasoning_effort";
  }

  // Whether a member gives thoughts back under another name than the provider's.
  bool IsOtherHistory(std::string_view key) const {
    if (quirks_.reasoning_history.empty() || key == quirks_.reasoning_history) return false;
    return KeyIs(key, "reasoning") || KeyIs(key, "reasoning_content") ||
           KeyIs(key, "reasoning_details");
  }

  bool Has(std::string_view text) const { return body_.find(text) != std::string_view::npos; }

  const Quirks& quirks_;
  const bool chat_;
  const ScannedRequest& scan_;
  const std::string_view body_;
};

}  // namespace

bool PassesThrough(const Surface& surface, const Provider& provider, const ScannedRequest& scan,
                   std::string_view body) {
  if ((surface.formats() >> static_cast<unsigned>(provider.format) & 1) == 0) return false;
  // Gateways before others know what gateways write.
  if (scan.foreign_parts && provider.quirks.reasoning_history != "reasoning_details") return false;
  return !HasQuirks(provider.quirks, provider.format) || !QuirkSearch(provider, scan, body).Found();
}

}  // namespace tollgate::dataplane
