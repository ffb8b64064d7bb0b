#include "dataplane/surface/ai_sdk_gateway/scan.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/surface/body_scanner.h"
#include "dataplane/surface/fault.h"

namespace tollgate::dataplane {
namespace {

// The members that are read, those that are required first.
enum Member : unsigned {
  kPrompt,
  kMaxOutputTokens,
  kTools,
  kProviderOptions,
  kMembers,
};
constexpr unsigned kRequired = kPrompt + 1;
constexpr std::string_view kNames[kMembers] = {"prompt", "maxOutputTokens", "tools",
                                               "providerOptions"};

// Options of `providerOptions.gateway` that only advise, or that ReadGatewayRequest() reads.
constexpr std::array<std::string_view, 4> kLater = {"sort", "caching", "speed", "safetyIdentifier"};
// Those that promise something when they are true.
constexpr std::array<std::string_view, 3> kPromises = {"zeroDataRetention",
                                                       "disallowPromptTraining", "hipaaCompliant"};

template <std::size_t N>
bool IsOneOf(const std::array<std::string_view, N>& names, std::string_view raw) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return JsonEquals(raw, name); });
}

class Scanner final : public BodyScanner {
 public:
  Scanner(std::string_view body, const CallHead& call, ScannedRequest& out)
      : BodyScanner(body, out) {
    out.model = call.model;
    out.stream = call.stream.value_or(false);
    out.include_usage = true;  // Answers of this surface always have it.
  }

  Error Run() { return ReadBody(kNames, kRequired); }

 private:
  // No body passes through.
  bool IsOwn(unsigned) const override { return false; }
  bool takes_families() const override { return true; }

  Error ReadMember(unsigned member, std::size_t at) override {
    BodyRange unused;
    switch (member) {
      case kPrompt:
        return ReadPrompt();
      case kMaxOutputTokens:
        return ReadLimit("maxOutputTokens", at, unused);
      case kTools:
        return ReadTools();
      default:
        return ReadProviderOptions();
    }
  }

  Error ReadOtherOption(std::string_view param, std::string_view key) override {
    if (IsOneOf(kLater, key)) {
      json().Skip();
      return std::nullopt;
    }
    if (IsOneOf(kPromises, key)) {
      const JsonKind kind = json().Peek();
      json().Skip();
      if (kind == JsonKind::kFalse || kind == JsonKind::kNull) return std::nullopt;
    }
    const std::string name = absl::StrCat(AbslView(param), ".", AbslView(key));
    return Unsupported(name, absl::StrCat("`", name, "` is not supported by this gateway."));
  }

  Error ReadPrompt() {
    if (json().Peek() != JsonKind::kArray) return WrongType("prompt", "a list of messages");
    json().EnterArray();
    while (json().NextElement()) {
      ++out().messages;
      if (json().Peek() != JsonKind::kObject) return WrongType("prompt", "a list of objects");
      ReadPart();
    }
    if (json().ok() && out().messages == 0) {
      return Fault(ErrorCode::kInvalidParameter, "prompt", "`prompt` must not be empty.");
    }
    return std::nullopt;
  }

  // A message, a part of one, or what a tool gave: counts what costs tokens that its bytes do not
  // bound.
  void ReadPart() {
    json().EnterObject();
    std::string_view key;
    std::string_view type;
    std::string_view media_type;
    while (json().NextMember(key)) {
      const JsonKind kind = json().Peek();
      if ((JsonEquals(key, "content") || JsonEquals(key, "value")) && kind == JsonKind::kArray) {
        ReadParts();
      } else if (JsonEquals(key, "output") && kind == JsonKind::kObject) {
        ReadPart();
      } else if (JsonEquals(key, "type") && kind == JsonKind::kString) {
        json().ReadString(type);
      } else if (JsonEquals(key, "mediaType") && kind == JsonKind::kString) {
        json().ReadString(media_type);
      } else {
        json().Skip();
      }
    }
    if (type.starts_with("image-") || media_type.starts_with("image")) {
      ++out().images;
    } else if (type == "media" || type.starts_with("file") || type == "reasoning-file") {
      ++out().files;
    }
  }

  void ReadParts() {
    json().EnterArray();
    while (json().NextElement()) {
      if (json().Peek() == JsonKind::kObject) {
        ReadPart();
      } else {
        json().Skip();
      }
    }
  }
};

}  // namespace

std::optional<GatewayError> ScanGatewayRequest(std::string_view body, const CallHead& call,
                                               ScannedRequest& out) {
  out.Reset();
  return Scanner(body, call, out).Run();
}

}  // namespace tollgate::dataplane
