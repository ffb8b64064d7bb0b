#include "dataplane/surface/surface.h"

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/surface/openai_chat/answer.h"
#include "dataplane/surface/openai_chat/models.h"
#include "dataplane/surface/openai_chat/request.h"
#include "dataplane/surface/openai_chat/scan.h"

namespace tollgate::dataplane {
namespace {

constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1/chat/completions", SurfaceOperation::kGenerate},
    {Method::kGet, "/v1/models", SurfaceOperation::kListModels},
    {Method::kGet, "/v1/models/*", SurfaceOperation::kGetModel},
    {Method::kGet, "/v1/credits", SurfaceOperation::kCredits},
    {Method::kGet, "/v1/generation", SurfaceOperation::kGeneration},
    {Method::kGet, "/v1/key", SurfaceOperation::kKey},
    {Method::kGet, "/v1/quotas", SurfaceOperation::kQuota},
    {Method::kPost, "/v1/quotas", SurfaceOperation::kQuota},
    {Method::kPatch, "/v1/quotas", SurfaceOperation::kQuota},
    {Method::kDelete, "/v1/quotas", SurfaceOperation::kQuota},
    {Method::kPost, "/v1/estimate", SurfaceOperation::kEstimate},
};

class OpenAiChat final : public Surface {
 public:
  std::string_view name() const override { return "openai_chat"; }
  std::uint32_t formats() const override {
    return 1u << static_cast<unsigned>(WireFormat::kOpenAiChat);
  }

  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead&,
                                   ScannedRequest& out) const override {
    return ScanChatRequest(body, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest&, ir::Request& out) const override {
    return ReadChatRequest(body, out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteChatAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewChatStreamWriter(context);
  }

  // The generation id stands within `error` too: SDKs keep that object and drop its siblings.
  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    const ErrorRow& row = RowOf(error.code);
    out += "{\"error\":{\"message\":";
    AppendJsonString(out, error.text());
    absl::StrAppend(&out, ",\"type\":\"", AbslView(row.type), "\",\"param\":");
    if (error.param.empty()) {
      out += "null";
    } else {
      AppendJsonString(out, error.param);
    }
    out += ",\"code\":";
    AppendJsonString(
        out, error.provider_code.empty() ? row.name : std::string_view(error.provider_code));
    if (!generation_id.empty()) {
      absl::StrAppend(&out, ",\"generation_id\":\"", AbslView(generation_id),
                      "\"},\"generationId\":\"", AbslView(generation_id), "\"}");
    } else {
      out += "}}";
    }
  }

  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    out += "data: ";
    AppendError(error, generation_id, out);
    out += "\n\n";
  }

  void AppendStreamStop(const StreamStop& stop, std::string_view generation_id,
                        std::string& out) const override {
    AppendChunkHead(stop, generation_id, out);
    for (std::int64_t i = 0; i < stop.choices; ++i) {
      absl::StrAppend(&out, i == 0 ? "" : ",", "{\"index\":", i,
                      ",\"delta\":{},\"finish_reason\":\"length\"}");
    }
    std::string reason;
    JsonWriter json(reason);
    json.BeginObject();
    WriteStopped(*stop.cost.stopped, generation_id, json);
    json.EndObject();
    out += "],";
    out.append(reason, 1);  // Its member alone.
    out += "\n\n";
    if (stop.include_usage) {
      AppendChunkHead(stop, generation_id, out);
      out += "],\"usage\":";
      JsonWriter usage(out);
      WriteChatUsage(stop.cost, usage);
      out += "}\n\n";
    }
    AppendStreamEnd(out);
  }

  std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                              const ModelListQuery& query,
                                              std::string& out) const override {
    WriteOpenAiModels(models, query.now, out);
    return std::nullopt;
  }
  void AppendModel(const ListedModel& model, const ModelListQuery& query,
                   std::string& out) const override {
    WriteOpenAiModel(model, query.now, out);
  }

  void AppendStreamEnd(std::string& out) const override { out += "data: [DONE]\n\n"; }

  void AppendCost(std::string_view usd, std::string& out) const override {
    out += "\"cost\":";
    out += usd;
  }

 private:
  // A chunk up to its list of choices.
  static void AppendChunkHead(const StreamStop& stop, std::string_view generation_id,
                              std::string& out) {
    out += "data: {\"id\":";
    // As it stands in the provider's JSON; without an event of the provider's, our own.
    absl::StrAppend(
        &out, "\"", AbslView(stop.response_id.empty() ? generation_id : stop.response_id), "\"",
        ",\"object\":\"chat.completion.chunk\",\"created\":", stop.created, ",\"model\":");
    AppendJsonString(out, stop.model);
    out += ",\"choices\":[";
  }
};

}  // namespace

const Surface& OpenAiChatSurface() {
  static const OpenAiChat surface;
  return surface;
}

}  // namespace tollgate::dataplane
