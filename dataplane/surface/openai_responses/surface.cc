#include "dataplane/surface/surface.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/surface/openai_responses/answer.h"
#include "dataplane/surface/openai_responses/passed_stream.h"
#include "dataplane/surface/openai_responses/request.h"
#include "dataplane/surface/openai_responses/scan.h"

namespace tollgate::dataplane {
namespace {

constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1/responses", SurfaceOperation::kGenerate},
    {Method::kGet, "/v1/responses/*", SurfaceOperation::kKeptAnswer},
    {Method::kDelete, "/v1/responses/*", SurfaceOperation::kKeptAnswer},
    {Method::kGet, "/v1/responses/*/input_items", SurfaceOperation::kKeptAnswer},
    {Method::kPost, "/v1/responses/*/cancel", SurfaceOperation::kKeptAnswer},
};

class OpenAiResponses final : public Surface {
 public:
  std::string_view name() const override { return "openai_responses"; }
  std::uint32_t formats() const override {
    return 1u << static_cast<unsigned>(WireFormat::kOpenAiResponses);
  }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead&,
                                   ScannedRequest& out) const override {
    return ScanResponsesRequest(body, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest& scan,
                                          ir::Request& out) const override {
    return ReadResponsesRequest(body, scan, out);
  }

  std::string_view ParamName(std::string_view param) const override {
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"messages", "input"},
        {"response_format", "text.format"},
        {"verbosity", "text.verbosity"},
        {"max_tokens", "max_output_tokens"},
        {"reasoning_effort", "reasoning.effort"},
        {"logprobs", "include"}};
    for (const auto& [neutral, own] : kNames) {
      if (neutral == param) return own;
    }
    return param;
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteResponsesAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewResponsesStreamWriter(context);
  }

  bool keeps_answers() const override { return true; }
  std::unique_ptr<PassedStream> NewPassedStream() const override { return NewPassedResponses(); }

  void AppendStreamStop(const StreamStop& stop, std::string_view generation_id,
                        std::string& out) const override {
    AppendResponsesStop(stop, generation_id, stop.events, {}, out);
  }
  // Streams of this format have their terminal event, or are cut.
  void AppendStreamEnd(std::string&) const override {}

  void AppendCost(std::string_view usd, std::string& out) const override {
    absl::StrAppend(&out, "\"cost\":", AbslView(usd));
  }

  // OpenAI has one envelope for all of its API.
  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    OpenAiChatSurface().AppendError(error, generation_id, out);
  }
  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    AppendResponsesError(error, generation_id, 0, out);
  }
  void AppendNumberedStreamError(const GatewayError& error, std::int64_t events,
                                 std::string_view generation_id, std::string& out) const override {
    AppendResponsesError(error, generation_id, events, out);
  }
};

}  // namespace

const Surface& OpenAiResponsesSurface() {
  static const OpenAiResponses surface;
  return surface;
}

}  // namespace tollgate::dataplane
