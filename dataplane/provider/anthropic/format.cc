#include "dataplane/provider/format.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/anthropic/read.h"
#include "dataplane/provider/anthropic/write.h"

namespace tollgate::dataplane {
namespace {

// What translated requests are written for.
constexpr std::string_view kVersion = "2023-06-01";

class AnthropicMessages final : public ProviderFormat {
 public:
  std::string_view name() const override { return ir::kAnthropicMessages; }

  void AppendPath(const SendDecision&, std::string& out) const override { out += "/messages"; }

  void AppendHeaders(const std::vector<std::pair<std::string, std::string>>& passed,
                     std::string& lines) const override {
    bool version = false;
    for (const auto& [name, value] : passed) {
      version = version || name == "anthropic-version";
      absl::StrAppend(&lines, name, ": ", value, "\r\n");
    }
    if (!version) absl::StrAppend(&lines, "anthropic-version: ", AbslView(kVersion), "\r\n");
  }

  void Rewrite(const ScannedRequest& request, const Provider&, const SendDecision& decision,
               Splice& splice) const override {
    std::string text;
    AppendJsonString(text, decision.provider_model_id);
    splice.Replace(request.model_value.begin, request.model_value.end, text);
    for (const BodyRange& range : request.removed) splice.Remove(range.begin, range.end);
    if (decision.output_limit < 0) return;
    if (request.max_tokens_value.present()) {
      splice.Replace(request.max_tokens_value.begin, request.max_tokens_value.end,
                     absl::StrCat(decision.output_limit));
    } else {
      splice.Insert(request.object_open,
                    absl::StrCat("\"max_tokens\":", decision.output_limit, ","));
    }
  }

  AnswerFacts ReadAnswer(std::string_view body) const override { return ReadAnthropicFacts(body); }
  AnswerFacts ReadEvent(std::string_view data) const override { return ReadAnthropicFacts(data); }

  void WriteRequest(const ir::Request& request, const Provider&, const SendDecision& decision,
                    ir::Omissions& omissions, WrittenRequest& out) const override {
    AppendPath(decision, out.path);
    AppendHeaders({}, out.header_lines);
    WriteAnthropicRequest(request, decision, omissions, out);
  }

  bool TakesUrl(const ir::Media& media, const Provider& provider) const override {
    if (provider.quirks.no_image_url || !media.url.starts_with("https://")) return false;
    return media.kind == ir::Media::Kind::kImage || media.kind == ir::Media::Kind::kFile;
  }

  bool ReadResponse(std::string_view body, ir::Response& out) const override {
    return ReadAnthropicResponse(body, out);
  }
  std::unique_ptr<EventReader> NewEventReader() const override { return NewAnthropicEventReader(); }
  bool AppendCountPath(const SendDecision&, std::string& out) const override {
    out += "/messages/count_tokens";
    return true;
  }
  std::optional<std::int64_t> ReadTokenCount(std::string_view body) const override {
    JsonDocument document;
    if (!document.Parse(body)) return std::nullopt;
    return document.root()["input_tokens"].integer();
  }
  ProviderError ReadError(int status, std::string_view body) const override {
    return ReadAnthropicError(status, body);
  }
  ProviderRates ReadRates(const HeadFields& fields, absl::Time now) const override {
    return ReadAnthropicRates(fields, now);
  }
};

}  // namespace

const ProviderFormat& AnthropicMessagesFormat() {
  static const AnthropicMessages format;
  return format;
}

}  // namespace tollgate::dataplane
