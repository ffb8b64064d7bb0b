// OpenRouter's chat completions: OpenAI's in another envelope.  Since requests, usage and errors
// differ in their members, no body passes through.
#include "dataplane/surface/surface.h"

#include "dataplane/json/writer.h"
#include "dataplane/surface/openai_chat/answer.h"
#include "dataplane/surface/openai_chat/request.h"
#include "dataplane/surface/openai_chat/scan.h"
#include "dataplane/surface/openrouter/error.h"
#include "dataplane/surface/openrouter/models.h"
#include "dataplane/surface/openrouter/request.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kPrefix = "/api/v1/";
constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/api/v1/chat/completions", SurfaceOperation::kGenerate},
    {Method::kGet, "/api/v1/models", SurfaceOperation::kListModels},
    {Method::kGet, "/api/v1/models/user", SurfaceOperation::kListModels},
    {Method::kGet, "/api/v1/model/*", SurfaceOperation::kGetModel},
    {Method::kGet, "/api/v1/models/*/endpoints", SurfaceOperation::kListEndpoints},
    {Method::kGet, "/v1/models/*/endpoints", SurfaceOperation::kListEndpoints},
    {Method::kGet, "/api/v1/generation", SurfaceOperation::kGeneration},
    {Method::kGet, "/api/v1/credits", SurfaceOperation::kCredits},
    {Method::kGet, "/api/v1/key", SurfaceOperation::kKey},
    {Method::kGet, "/api/v1/auth/key", SurfaceOperation::kKey},  // Its older name.
};

void WriteChunkError(const GatewayError& error, JsonWriter& json) {
  WriteOpenRouterError(error, {}, json);
}

constexpr ChatShape kShape = {.openrouter = true, .write_error = WriteChunkError};

class OpenRouter final : public Surface {
 public:
  std::string_view name() const override { return "openrouter"; }
  std::uint32_t formats() const override { return 0; }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  // Whatever is below the base of its clients.
  bool Claims(const RequestHead& head) const override {
    return head.path_and_query.starts_with(kPrefix);
  }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead&,
                                   ScannedRequest& out) const override {
    if (auto error = ScanChatRequest(body, out, ReadOpenRouterOption)) return error;
    out.include_usage = true;  // Streams of this surface always have it.
    return std::nullopt;
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest&, ir::Request& out) const override {
    if (auto error = ReadChatRequest(body, out)) return error;
    return TakeOpenRouterMembers(out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteChatAnswer(response, context, cost, out, kShape);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewChatStreamWriter(context, kShape);
  }
  std::string_view keep_alive(const CallHead&) const override {
    return ": OPENROUTER PROCESSING\n\n";
  }

  void AppendStreamEnd(std::string& out) const override { out += "data: [DONE]\n\n"; }
  void AppendCost(std::string_view usd, std::string& out) const override {
    out += "\"cost\":";
    out += usd;
  }

  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    JsonWriter json(out);
    json.BeginObject();
    json.Member("error");
    WriteOpenRouterError(error, generation_id, json);
    json.EndObject();
  }
  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    out += "data: ";
    AppendError(error, generation_id, out);
    out += "\n\n";
  }

  void AppendRates(const ProviderRates& rates, absl::Time now, std::string& lines) const override {
    AppendOpenRouterRates(rates, now, lines);
  }

  std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                              const ModelListQuery& query,
                                              std::string& out) const override {
    WriteOpenRouterModels(models, query.now, out);
    return std::nullopt;
  }
  void AppendModel(const ListedModel& model, const ModelListQuery& query,
                   std::string& out) const override {
    WriteOpenRouterModel(model, query.now, out);
  }
  void AppendEndpoints(std::span<const ListedModel> endpoints, const ModelListQuery& query,
                       std::string& out) const override {
    WriteOpenRouterEndpoints(endpoints, query.now, out);
  }
  // What was ever paid in is what was spent and what is left.
  void AppendCredits(Money balance, Money total_used, std::string& out) const override {
    JsonWriter json(out);
    json.BeginObject();
    json.Member("data").BeginObject();
    json.Member("total_credits").Raw((balance + total_used).ToUsdString());
    json.Member("total_usage").Raw(total_used.ToUsdString());
    json.EndObject();
    json.EndObject();
  }
};

}  // namespace

const Surface& OpenRouterSurface() {
  static const OpenRouter surface;
  return surface;
}

}  // namespace tollgate::dataplane
