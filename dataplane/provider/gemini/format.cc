#include "dataplane/provider/format.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/json/document.h"
#include "dataplane/provider/gemini/read.h"
#include "dataplane/provider/gemini/write.h"

namespace tollgate::dataplane {
namespace {

// Appends a model's name as a path segment (RFC 3986 section 3.3): what is not unreserved is
// escaped, slashes and colons too.
void AppendSegment(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

class Gemini final : public ProviderFormat {
 public:
  std::string_view name() const override { return ir::kGemini; }

  void AppendPath(const SendDecision& decision, std::string& out) const override {
    out += "/models/";
    AppendSegment(decision.provider_model_id, out);
    out += decision.stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  }

  // The model is in the path; where the body names it too, both must agree.
  void Rewrite(const ScannedRequest& request, const Provider&, const SendDecision& decision,
               Splice& splice) const override {
    if (request.model_value.present()) {
      std::string name;
      AppendJsonString(name, absl::StrCat("models/", AbslView(decision.provider_model_id)));
      splice.Replace(request.model_value.begin, request.model_value.end, name);
    }
    for (const BodyRange& range : request.removed) splice.Remove(range.begin, range.end);
    for (const BodyRange& range : request.foreign_signatures) {
      splice.Replace(range.begin, range.end,
                     absl::StrCat("\"", AbslView(kForeignThoughtSignature), "\""));
    }
    if (decision.output_limit >= 0) LimitOutput(request, decision.output_limit, splice);
  }

  AnswerFacts ReadAnswer(std::string_view body) const override { return ReadGeminiFacts(body); }
  AnswerFacts ReadEvent(std::string_view data) const override { return ReadGeminiFacts(data); }
  // The chunk with the reason to end is the last.
  bool has_end_marker() const override { return false; }

  void WriteRequest(const ir::Request& request, const Provider& provider,
                    const SendDecision& decision, ir::Omissions& omissions,
                    WrittenRequest& out) const override {
    AppendPath(decision, out.path);
    WriteGeminiRequest(request, provider, decision, omissions, out.body);
  }

  // It takes links to files that Google keeps, and no others.
  bool TakesUrl(const ir::Media& media, const Provider&) const override {
    return media.url.starts_with("https://generativelanguage.googleapis.com/") ||
           media.url.starts_with("https://www.youtube.com/") ||
           media.url.starts_with("https://youtu.be/");
  }

  bool ReadResponse(std::string_view body, ir::Response& out) const override {
    return ReadGeminiResponse(body, out);
  }
  std::unique_ptr<EventReader> NewEventReader() const override { return NewGeminiEventReader(); }
  bool AppendCountPath(const SendDecision& decision, std::string& out) const override {
    out += "/models/";
    AppendSegment(decision.provider_model_id, out);
    out += ":countTokens";
    return true;
  }
  std::optional<std::int64_t> ReadTokenCount(std::string_view body) const override {
    JsonDocument document;
    if (!document.Parse(body)) return std::nullopt;
    return document.root()["totalTokens"].integer();
  }

  ProviderError ReadError(int status, std::string_view body) const override {
    return ReadGeminiError(status, body);
  }

 private:
  static void LimitOutput(const ScannedRequest& request, std::int64_t limit, Splice& splice) {
    const BodyRange& given = request.max_tokens_value;
    if (given.present()) {
      splice.Replace(given.begin, given.end, absl::StrCat(limit));
    } else if (request.limit_object_open > 0) {
      splice.Insert(request.limit_object_open, absl::StrCat("\"maxOutputTokens\":", limit,
                                                            request.limit_object_empty ? "" : ","));
    } else {
      splice.Insert(request.object_open,
                    absl::StrCat("\"generationConfig\":{\"maxOutputTokens\":", limit, "},"));
    }
  }
};

}  // namespace

const ProviderFormat& GeminiFormat() {
  static const Gemini format;
  return format;
}

}  // namespace tollgate::dataplane
