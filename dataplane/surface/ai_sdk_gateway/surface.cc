// The AI SDK's own protocol for gateways: POST {base}/language-model and GET {base}/config, in the
// shapes of ai 5, 6 and 7, and at the origin what the SDK asks for there.
// Source: @ai-sdk/gateway 2, 3 and 4.
#include "dataplane/surface/surface.h"

#include "dataplane/json/writer.h"
#include "dataplane/limits.h"
#include "dataplane/surface/ai_sdk_gateway/answer.h"
#include "dataplane/surface/ai_sdk_gateway/request.h"
#include "dataplane/surface/ai_sdk_gateway/scan.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/model_price.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kModelHeader = "ai-language-model-id";
constexpr std::string_view kStreamHeader = "ai-language-model-streaming";
constexpr std::string_view kVersionHeader = "ai-language-model-specification-version";
constexpr std::string_view kProtocolHeader = "ai-gateway-protocol-version";

constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1/ai/language-model", SurfaceOperation::kGenerate},
    {Method::kPost, "/v3/ai/language-model", SurfaceOperation::kGenerate},
    {Method::kPost, "/v4/ai/language-model", SurfaceOperation::kGenerate},
    {Method::kGet, "/v1/ai/config", SurfaceOperation::kListModels},
    {Method::kGet, "/v3/ai/config", SurfaceOperation::kListModels},
    {Method::kGet, "/v4/ai/config", SurfaceOperation::kListModels},
    {Method::kGet, "/v1/credits", SurfaceOperation::kCredits},
    {Method::kGet, "/v1/generation", SurfaceOperation::kGeneration},
    {Method::kGet, "/v1/report", SurfaceOperation::kReport},
};

// The specification that the clients of a base speak: of ai 5, 6 and 7.
std::string_view VersionOfPath(std::string_view path) {
  if (path.starts_with("/v3/")) return "3";
  return path.starts_with("/v4/") ? "4" : "2";
}

class AiSdkGateway final : public Surface {
 public:
  std::string_view name() const override { return "ai_sdk_gateway"; }
  std::uint32_t formats() const override { return 0; }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  bool Claims(const RequestHead& head) const override {
    return head.fields.Find(kProtocolHeader).data() != nullptr;
  }

  // A client may use any base: where it says which specification it speaks, that counts.
  std::optional<GatewayError> ReadHead(const RequestHead& head, std::string_view path,
                                       std::string_view, CallHead& call) const override {
    const std::string_view stated = head.fields.Find(kVersionHeader);
    call.version = stated.empty() ? VersionOfPath(path) : stated;
    if (call.version != "2" && call.version != "3" && call.version != "4") {
      return WrongType(kVersionHeader, "2, 3 or 4");
    }
    if (head.method != Method::kPost) return std::nullopt;
    call.model = head.fields.Find(kModelHeader);
    if (call.model.empty()) return Missing(kModelHeader);
    if (call.model.size() > kModelNameBytesMax) {
      return WrongType(kModelHeader, "a name of at most 256 bytes");
    }
    call.stream = head.fields.Find(kStreamHeader) == "true";
    return std::nullopt;
  }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead& call,
                                   ScannedRequest& out) const override {
    return ScanGatewayRequest(body, call, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest&, ir::Request& out) const override {
    return ReadGatewayRequest(body, out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteGatewayAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewGatewayStreamWriter(context);
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
    WriteGatewayError(error, false, json);
    if (!generation_id.empty()) json.Member("generationId").String(generation_id);
    json.EndObject();
  }
  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    out += "data: ";
    JsonWriter json(out);
    json.BeginObject();
    json.Member("type").String("error");
    json.Member("error");
    WriteGatewayError(error, true, json);
    if (!generation_id.empty()) json.Member("generationId").String(generation_id);
    json.EndObject();
    out += "\n\n";
  }

  // One entry that a client cannot read makes the whole list fail.
  std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                              const ModelListQuery& query,
                                              std::string& out) const override {
    JsonWriter json(out);
    json.BeginObject();
    json.Member("models").BeginArray();
    for (const ListedModel& model : models) WriteModel(model, query, json);
    json.EndArray();
    json.EndObject();
    return std::nullopt;
  }

 private:
  static void WriteModel(const ListedModel& listed, const ModelListQuery& query, JsonWriter& json) {
    const auto price = [&](std::string_view name, std::int64_t TokenUsage::*field) {
      json.Member(name).String(ShownPrice(*listed.price, field, query.now));
    };
    json.BeginObject();
    json.Member("id").String(listed.name);
    json.Member("name").String(ShownName(*listed.model));
    json.Member("description").Null();
    json.Member("pricing").BeginObject();
    price("input", &TokenUsage::input_text);
    price("output", &TokenUsage::output_text);
    price("input_cache_read", &TokenUsage::cache_read);
    price("input_cache_write", &TokenUsage::cache_write_5m);
    json.EndObject();
    json.Member("specification").BeginObject();
    json.Member("specificationVersion").String("v" + query.call->version);
    json.Member("provider").String("gateway");
    json.Member("modelId").String(listed.name);
    json.EndObject();
    json.Member("modelType").String(listed.model->type);
    json.EndObject();
  }
};

}  // namespace

const Surface& AiSdkGatewaySurface() {
  static const AiSdkGateway surface;
  return surface;
}

}  // namespace tollgate::dataplane
