#include "dataplane/surface/gemini/scan.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/limits.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/gemini/names.h"
#include "dataplane/surface/gemini/thought_signature.h"

namespace tollgate::dataplane {
namespace {

// The members that are read; those that have two spellings twice.
enum Member : unsigned {
  kContents,
  kModel,
  kModels,
  kGenerationConfig,
  kTools,
  kCachedContent,
  kServiceTier,
  kProvider,
  kProviderOptions,
  kWhole,
  kMembers,
};
constexpr std::string_view kNames[] = {"contents",
                                       "model",
                                       "models",
                                       "generationConfig",
                                       "tools",
                                       "cachedContent",
                                       "serviceTier",
                                       "provider",
                                       "providerOptions",
                                       "generateContentRequest",
                                       "generation_config",
                                       "cached_content",
                                       "service_tier",
                                       "generate_content_request"};
constexpr unsigned kSnakeMembers[] = {kGenerationConfig, kCachedContent, kServiceTier, kWhole};

constexpr unsigned CanonicalOf(unsigned member) {
  return member < kMembers ? member : kSnakeMembers[member - kMembers];
}

// A name as it is written in the body, unescaped where it has to be.
bool IsRawNamed(std::string_view raw, std::string_view camel) {
  if (raw.find('\\') == std::string_view::npos) return IsNamed(raw, camel);
  std::string text;
  return UnescapeJson(raw, text) && IsNamed(text, camel);
}

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, const CallHead& call, ScannedRequest& out)
      : BodyScanner(body, out), call_(call) {}

  Error Run() {
    if (Error error = ReadBody(kNames, 0)) return error;
    if (out().messages == 0) return Missing(kNames[kContents]);
    out().model = call_.model;
    out().stream = call_.stream.value_or(false);
    out().include_usage = true;  // Streams of this surface always have it.
    return std::nullopt;
  }

 private:
  bool counts() const { return !call_.stream.has_value(); }

  bool IsOwn(unsigned member) const override {
    return member == kModels || member == kProvider || member == kProviderOptions;
  }

  Error ReadMember(unsigned member, std::size_t at) override {
    const unsigned canonical = CanonicalOf(member);
    // ReadBody() knows the one spelling twice; this is one of each.
    if (seen_ & 1u << canonical) {
      return Fault(ErrorCode::kInvalidJson, kNames[canonical],
                   absl::StrCat("`", AbslView(kNames[canonical]), "` is given twice."));
    }
    seen_ |= 1u << canonical;
    switch (canonical) {
      case kModels:
        return ReadModels();
      case kProvider:
        return ReadWishes();
      case kProviderOptions:
        return ReadProviderOptions();
      case kWhole:
        return counts() ? ReadWhole() : SkipOne();
      default:
        return ReadOwnMember(canonical, at);
    }
  }

  // What may stand in `generateContentRequest` too.
  Error ReadOwnMember(unsigned member, std::size_t at) {
    switch (member) {
      case kContents:
        return ReadContents();
      case kModel:  // The path is what counts.
        json().Skip();
        out().model_value = {at, json().offset()};
        return std::nullopt;
      case kGenerationConfig:
        return ReadConfig();
      case kTools:
        return ReadGeminiTools();
      case kCachedContent:  // Its tokens are charged, and are not in the body.
        if (!SkipNull()) {
          json().Skip();
          out().unbounded = kNames[kCachedContent];
        }
        return std::nullopt;
      default: {
        std::string_view tier;
        if (Error error = ReadText(kNames[kServiceTier], tier)) return error;
        if (absl::EqualsIgnoreCase(AbslView(tier), "priority")) {
          out().unbounded = kNames[kServiceTier];
        }
        return std::nullopt;
      }
    }
  }

  Error SkipOne() {
    json().Skip();
    return std::nullopt;
  }

  Error ReadWhole() {
    if (json().Peek() != JsonKind::kObject) return WrongType(kNames[kWhole], "an object");
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      const std::size_t at = json().ValueOffset();
      unsigned member = kContents;
      while (member <= kServiceTier && !IsRawNamed(key, kNames[member])) ++member;
      if (member > kServiceTier || member == kModels) {
        json().Skip();
      } else if (Error error = ReadOwnMember(member, at)) {
        return error;
      }
    }
    return std::nullopt;
  }

  // ---- Contents
  // ----------------------------------------------------------------------------------

  // One may stand for a list of one.
  Error ReadContents() {
    if (json().Peek() == JsonKind::kObject) {
      ReadContent();
      return std::nullopt;
    }
    if (json().Peek() != JsonKind::kArray)
      return WrongType(kNames[kContents], "a list of contents");
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() != JsonKind::kObject) {
        return WrongType(kNames[kContents], "a list of objects");
      }
      ReadContent();
    }
    if (json().ok() && out().messages == 0) {
      return Fault(ErrorCode::kInvalidParameter, kNames[kContents],
                   "`contents` must not be empty.");
    }
    return std::nullopt;
  }

  void ReadContent() {
    ++out().messages;
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (JsonEquals(key, "parts")) {
        ReadParts();
      } else {
        json().Skip();
      }
    }
  }

  void ReadParts() {
    if (json().Peek() == JsonKind::kObject) return ReadPart();
    if (json().Peek() != JsonKind::kArray) {
      json().Skip();
      return;
    }
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() == JsonKind::kObject) {
        ReadPart();
      } else {
        json().Skip();
      }
    }
  }

  // Counts what costs tokens that its bytes do not bound, in the results of tools too.
  void ReadPart() {
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (IsRawNamed(key, "inlineData") || IsRawNamed(key, "fileData")) {
        ReadMedia();
      } else if (IsRawNamed(key, "functionResponse") && json().Peek() == JsonKind::kObject) {
        ReadContentOfResult();
      } else if (IsRawNamed(key, "thoughtSignature") && json().Peek() == JsonKind::kString) {
        ReadSignature();
      } else {
        json().Skip();
      }
    }
  }

  void ReadContentOfResult() {
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (JsonEquals(key, "parts")) {
        ReadParts();
      } else {
        json().Skip();
      }
    }
  }

  void ReadMedia() {
    bool image = false;
    if (json().Peek() != JsonKind::kObject) {
      json().Skip();
      return;
    }
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      std::string_view type;
      if (!IsRawNamed(key, "mimeType") || json().Peek() != JsonKind::kString) {
        json().Skip();
      } else if (json().ReadString(type)) {
        image = type.starts_with("image/");
      }
    }
    ++(image ? out().images : out().files);
  }

  // What this gateway wrote for another maker's model, Google's must not see.
  void ReadSignature() {
    const std::size_t begin = json().ValueOffset();
    std::string_view raw;
    if (!json().ReadString(raw) || !raw.starts_with(kForeignThoughtPrefix)) return;
    out().foreign_signatures.push_back({begin, json().offset()});
  }

  // ---- Settings
  // ----------------------------------------------------------------------------------

  Error ReadConfig() {
    if (json().Peek() != JsonKind::kObject) {
      return WrongType(kNames[kGenerationConfig], "an object");
    }
    json().EnterObject();
    out().limit_object_open = json().offset();
    bool choices_seen = false;
    std::string_view key;
    while (json().NextMember(key)) {
      out().limit_object_empty = false;
      const std::size_t at = json().ValueOffset();
      Error error;
      if (IsRawNamed(key, "maxOutputTokens")) {
        if (out().max_tokens_value.present()) return Twice("generationConfig.maxOutputTokens");
        error = ReadLimit("generationConfig.maxOutputTokens", at, out().max_tokens_value);
      } else if (IsRawNamed(key, "candidateCount")) {
        if (choices_seen) return Twice("generationConfig.candidateCount");
        choices_seen = true;
        error = ReadChoices();
      } else {
        json().Skip();
      }
      if (error) return error;
    }
    return std::nullopt;
  }

  static GatewayError Twice(std::string_view param) {
    return Fault(ErrorCode::kInvalidJson, param,
                 absl::StrCat("`", AbslView(param), "` is given twice."));
  }

  Error ReadChoices() {
    if (SkipNull()) return std::nullopt;
    bool fits = false;
    if (json().Peek() != JsonKind::kNumber || !json().ReadInt64(out().choices, fits) || !fits ||
        out().choices < 1 || out().choices > kChoicesMax) {
      return WrongType("generationConfig.candidateCount",
                       absl::StrCat("an integer from 1 to ", kChoicesMax));
    }
    return std::nullopt;
  }

  // What is no function is run by the provider, for a fee or for tokens that nothing bounds.
  Error ReadGeminiTools() {
    if (SkipNull()) return std::nullopt;
    if (json().Peek() == JsonKind::kObject) {
      ReadTool();
      return std::nullopt;
    }
    if (json().Peek() != JsonKind::kArray) return WrongType(kNames[kTools], "a list of tools");
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() != JsonKind::kObject) return WrongType(kNames[kTools], "a list of objects");
      ReadTool();
    }
    return std::nullopt;
  }

  void ReadTool() {
    json().EnterObject();
    std::string_view key;
    while (json().NextMember(key)) {
      if (!IsRawNamed(key, "functionDeclarations")) {
        if (!SkipNull()) {
          ++out().tools;
          out().unbounded = kNames[kTools];
          json().Skip();
        }
      } else if (json().Peek() != JsonKind::kArray) {
        ++out().tools;
        json().Skip();
      } else {
        json().EnterArray();
        while (json().NextElement()) {
          ++out().tools;
          json().Skip();
        }
      }
    }
  }

  const CallHead& call_;
  unsigned seen_ = 0;
};

}  // namespace

std::optional<GatewayError> ScanGeminiRequest(std::string_view body, const CallHead& call,
                                              ScannedRequest& out) {
  out.Reset();
  return Scanner(body, call, out).Run();
}

}  // namespace tollgate::dataplane
