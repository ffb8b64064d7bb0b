#include "dataplane/provider/format.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/provider/openai_chat/read.h"
#include "dataplane/provider/openai_responses/read.h"
#include "dataplane/provider/openai_responses/write.h"

namespace tollgate::dataplane {
namespace {

class OpenAiResponses final : public ProviderFormat {
 public:
  std::string_view name() const override { return ir::kOpenAiResponses; }

  void AppendPath(const SendDecision&, std::string& out) const override { out += "/responses"; }

  void Rewrite(const ScannedRequest& request, const Provider&, const SendDecision& decision,
               Splice& splice) const override {
    std::string text;
    AppendJsonString(text, decision.provider_model_id);
    splice.Replace(request.model_value.begin, request.model_value.end, text);
    for (const BodyRange& range : request.removed) splice.Remove(range.begin, range.end);
    if (!request.kept_response_sent.empty()) {
      splice.Replace(request.kept_response_value.begin, request.kept_response_value.end,
                     absl::StrCat("\"", AbslView(request.kept_response_sent), "\""));
    }
    for (const ScannedItemId& id : request.item_ids) {
      if (!id.rewritten) continue;
      if (id.sent.empty()) {
        splice.Remove(id.member.begin, id.member.end);
      } else {
        splice.Replace(id.value.begin, id.value.end, absl::StrCat("\"", AbslView(id.sent), "\""));
      }
    }
    if (decision.output_limit < 0) return;
    if (request.max_tokens_value.present()) {
      splice.Replace(request.max_tokens_value.begin, request.max_tokens_value.end,
                     absl::StrCat(decision.output_limit));
    } else {
      splice.Insert(request.object_open,
                    absl::StrCat("\"max_output_tokens\":", decision.output_limit, ","));
    }
  }

  bool AppendKeptPath(std::string_view id, std::string& out) const override {
    absl::StrAppend(&out, "/responses/", AbslView(id));
    return true;
  }

  AnswerFacts ReadAnswer(std::string_view body) const override {
    return ReadResponsesAnswerFacts(body);
  }
  AnswerFacts ReadEvent(std::string_view data) const override {
    return ReadResponsesEventFacts(data);
  }

  void WriteRequest(const ir::Request& request, const Provider& provider,
                    const SendDecision& decision, ir::Omissions& omissions,
                    WrittenRequest& out) const override {
    AppendPath(decision, out.path);
    WriteResponsesRequest(request, provider, decision, omissions, out.body);
  }

  bool TakesUrl(const ir::Media& media, const Provider& provider) const override {
    if (media.kind == ir::Media::Kind::kFile) return true;
    return media.kind == ir::Media::Kind::kImage && !provider.quirks.no_image_url;
  }

  bool ReadResponse(std::string_view body, ir::Response& out) const override {
    return ReadResponsesResponse(body, out);
  }
  std::unique_ptr<EventReader> NewEventReader() const override { return NewResponsesEventReader(); }

  // The envelope is that of chat completions, and so are the head's rates.
  ProviderError ReadError(int status, std::string_view body) const override {
    return ReadChatError(status, body);
  }
  ProviderRates ReadRates(const HeadFields& fields, absl::Time) const override {
    return ReadOpenAiRates(fields);
  }
};

}  // namespace

const ProviderFormat& OpenAiResponsesFormat() {
  static const OpenAiResponses format;
  return format;
}

}  // namespace tollgate::dataplane
