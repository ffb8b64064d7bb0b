#include "dataplane/surface/surface.h"

#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/surface/anthropic_messages/answer.h"
#include "dataplane/surface/anthropic_messages/models.h"
#include "dataplane/surface/anthropic_messages/request.h"
#include "dataplane/surface/anthropic_messages/scan.h"

namespace tollgate::dataplane {
namespace {

constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1/messages", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1/messages/count_tokens", SurfaceOperation::kCountTokens},
    {Method::kGet, "/v1/models", SurfaceOperation::kListModels},
    {Method::kGet, "/v1/models/*", SurfaceOperation::kGetModel},
};

// By the statuses that the API's own errors come with.
std::string_view ErrorTypeOf(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
    case 529:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

class AnthropicMessages final : public Surface {
 public:
  std::string_view name() const override { return "anthropic_messages"; }
  std::uint32_t formats() const override {
    return 1u << static_cast<unsigned>(WireFormat::kAnthropic);
  }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  bool Claims(const RequestHead& head) const override {
    return head.fields.Find("anthropic-version").data() != nullptr;
  }

  // Where both are sent, Anthropic itself takes x-api-key.
  std::string_view ReadKey(const RequestHead& head, std::string& scratch) const override {
    const std::string_view key = head.fields.Find("x-api-key");
    return key.data() != nullptr ? key : Surface::ReadKey(head, scratch);
  }

  std::optional<GatewayError> ReadHead(const RequestHead& head, std::string_view, std::string_view,
                                       CallHead& call) const override {
    for (const std::string_view name : {"anthropic-version", "anthropic-beta"}) {
      const std::string_view value = head.fields.Find(name);
      if (!value.empty()) call.passed.emplace_back(name, value);
    }
    call.version = head.fields.Find("anthropic-version");
    return std::nullopt;
  }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead&,
                                   ScannedRequest& out) const override {
    return ScanMessagesRequest(body, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead&,
                                          const ScannedRequest&, ir::Request& out) const override {
    return ReadMessagesRequest(body, out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteMessagesAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewMessagesStreamWriter(context);
  }

  void AppendStreamStop(const StreamStop& stop, std::string_view generation_id,
                        std::string& out) const override {
    AppendMessagesStop(stop, generation_id, out);
  }

  // Streams of this format have their end marker, or are cut: Anthropic's always send it.
  void AppendStreamEnd(std::string& out) const override {
    out += "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
  }

  void AppendCost(std::string_view usd, std::string& out) const override {
    absl::StrAppend(&out, "\"cost\":", AbslView(usd));
  }

  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    absl::StrAppend(&out, "{\"type\":\"error\",\"error\":{\"type\":\"",
                    AbslView(ErrorTypeOf(error.http_status())), "\",\"message\":");
    AppendJsonString(out, error.text());
    if (!error.param.empty()) {
      out += ",\"param\":";
      AppendJsonString(out, error.param);
    }
    out += ",\"code\":";
    AppendJsonString(out, error.provider_code.empty() ? RowOf(error.code).name
                                                      : std::string_view(error.provider_code));
    out += '}';
    if (!generation_id.empty()) {
      absl::StrAppend(&out, ",\"request_id\":\"", AbslView(generation_id), "\"");
    }
    out += '}';
  }

  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    out += "event: error\ndata: ";
    AppendError(error, generation_id, out);
    out += "\n\n";
  }

  std::string_view request_id_field() const override { return "request-id"; }
  void AppendRates(const ProviderRates& rates, absl::Time now, std::string& lines) const override {
    AppendAnthropicRates(rates, now, lines);
  }

  std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                              const ModelListQuery& query,
                                              std::string& out) const override {
    return WriteMessagesModels(models, query, out);
  }
  void AppendModel(const ListedModel& model, const ModelListQuery&,
                   std::string& out) const override {
    WriteMessagesModel(model, out);
  }
  void AppendTokenCount(std::int64_t input_tokens, std::string& out) const override {
    absl::StrAppend(&out, "{\"input_tokens\":", input_tokens, "}");
  }
};

}  // namespace

const Surface& AnthropicMessagesSurface() {
  static const AnthropicMessages surface;
  return surface;
}

}  // namespace tollgate::dataplane
