#include "dataplane/surface/surface.h"

#include "dataplane/surface/openai_completions/answer.h"
#include "dataplane/surface/openai_completions/request.h"

namespace tollgate::dataplane {
namespace {

constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1/completions", SurfaceOperation::kGenerate},
};

// No provider's format: every request is translated.
class OpenAiCompletions final : public Surface {
 public:
  std::string_view name() const override { return "openai_completions"; }
  std::uint32_t formats() const override { return 0; }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead&,
                                   ScannedRequest& out) const override {
    return ScanCompletionsRequest(body, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest&, ir::Request& out) const override {
    return ReadCompletionsRequest(body, out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteCompletionsAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewCompletionsStreamWriter(context);
  }

  // Errors and end markers are those of chat completions.
  void AppendStreamEnd(std::string& out) const override {
    OpenAiChatSurface().AppendStreamEnd(out);
  }
  void AppendCost(std::string_view usd, std::string& out) const override {
    OpenAiChatSurface().AppendCost(usd, out);
  }
  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    OpenAiChatSurface().AppendError(error, generation_id, out);
  }
  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    OpenAiChatSurface().AppendStreamError(error, generation_id, out);
  }
};

}  // namespace

const Surface& OpenAiCompletionsSurface() {
  static const OpenAiCompletions surface;
  return surface;
}

}  // namespace tollgate::dataplane
