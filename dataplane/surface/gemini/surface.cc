#include "dataplane/surface/surface.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/json_text.h"
#include "base/string_views.h"
#include "dataplane/http/target.h"
#include "dataplane/json/writer.h"
#include "dataplane/limits.h"
#include "dataplane/surface/fault.h"
#include "dataplane/surface/gemini/answer.h"
#include "dataplane/surface/gemini/models.h"
#include "dataplane/surface/gemini/request.h"
#include "dataplane/surface/gemini/scan.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kStreamVerb = ":streamGenerateContent";
constexpr std::string_view kCountVerb = ":countTokens";

// Clients of the AI SDK leave `models/` out in front of a name that has a slash.
constexpr SurfaceRoute kRoutes[] = {
    {Method::kPost, "/v1beta/models/*:generateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1beta/models/*:streamGenerateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1beta/models/*:countTokens", SurfaceOperation::kCountTokens},
    {Method::kPost, "/v1/models/*:generateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1/models/*:streamGenerateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1/models/*:countTokens", SurfaceOperation::kCountTokens},
    {Method::kPost, "/v1beta/*:generateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1beta/*:streamGenerateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1beta/*:countTokens", SurfaceOperation::kCountTokens},
    {Method::kPost, "/v1/*:generateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1/*:streamGenerateContent", SurfaceOperation::kGenerate},
    {Method::kPost, "/v1/*:countTokens", SurfaceOperation::kCountTokens},
    {Method::kGet, "/v1beta/models", SurfaceOperation::kListModels},
    {Method::kGet, "/v1beta/models/*", SurfaceOperation::kGetModel},
    {Method::kGet, "/v1/models", SurfaceOperation::kListModels},
    {Method::kGet, "/v1/models/*", SurfaceOperation::kGetModel},
};

// Google's canonical codes (google/rpc/code.proto) by the statuses that they come with.
std::string_view StatusName(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 402:
      return "FAILED_PRECONDITION";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 405:
    case 501:
      return "UNIMPLEMENTED";
    case 409:
      return "ABORTED";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 499:
      return "CANCELLED";
    case 502:
    case 503:
    case 529:
      return "UNAVAILABLE";
    case 408:
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

// A duration as JSON has it: "2.5s".
std::string DurationText(absl::Duration duration) {
  const std::int64_t ms = std::max<std::int64_t>(absl::ToInt64Milliseconds(duration), 1);
  std::string text = absl::StrCat(ms / 1000);
  if (ms % 1000 != 0) absl::StrAppend(&text, ".", absl::Dec(ms % 1000, absl::kZeroPad3));
  return text + "s";
}

void WriteErrorInfo(const GatewayError& error, std::string_view generation_id, JsonWriter& json) {
  const std::string_view code = RowOf(error.code).name;
  json.BeginObject();
  json.Member("@type").String("type.googleapis.com/google.rpc.ErrorInfo");
  json.Member("reason").String(absl::AsciiStrToUpper(AbslView(code)));
  json.Member("domain").String("tollgate");
  json.Member("metadata").BeginObject();
  json.Member("code").String(code);
  if (!error.provider_code.empty()) json.Member("providerCode").String(error.provider_code);
  if (!error.budget_id.empty()) json.Member("budgetId").String(error.budget_id);
  if (!generation_id.empty()) json.Member("generationId").String(generation_id);
  json.EndObject();
  json.EndObject();
}

void WriteDetails(const GatewayError& error, std::string_view generation_id, JsonWriter& json) {
  json.Member("details").BeginArray();
  WriteErrorInfo(error, generation_id, json);
  if (!error.param.empty()) {
    json.BeginObject();
    json.Member("@type").String("type.googleapis.com/google.rpc.BadRequest");
    json.Member("fieldViolations").BeginArray();
    json.BeginObject();
    json.Member("field").String(error.param);
    json.Member("description").String(error.text());
    json.EndObject();
    json.EndArray();
    json.EndObject();
  }
  if (error.retry_after.has_value()) {
    json.BeginObject();
    json.Member("@type").String("type.googleapis.com/google.rpc.RetryInfo");
    json.Member("retryDelay").String(DurationText(*error.retry_after));
    json.EndObject();
  }
  json.EndArray();
}

class Gemini final : public Surface {
 public:
  std::string_view name() const override { return "gemini"; }
  std::uint32_t formats() const override {
    return 1u << static_cast<unsigned>(WireFormat::kGemini);
  }
  std::span<const SurfaceRoute> routes() const override { return kRoutes; }

  bool Claims(const RequestHead& head) const override {
    return head.fields.Find("x-goog-api-key").data() != nullptr ||
           QueryParameter(head.path_and_query, "key").has_value();
  }

  std::string_view ReadKey(const RequestHead& head, std::string& scratch) const override {
    const std::string_view key = head.fields.Find("x-goog-api-key");
    if (key.data() != nullptr) return key;
    if (std::optional<std::string> query = QueryParameter(head.path_and_query, "key")) {
      scratch = *std::move(query);
      return scratch;
    }
    return Surface::ReadKey(head, scratch);
  }

  std::optional<GatewayError> ReadHead(const RequestHead& head, std::string_view path,
                                       std::string_view wildcard, CallHead& call) const override {
    if (wildcard.size() > kModelNameBytesMax) {
      return WrongType("model", absl::StrCat("a name of at most ", kModelNameBytesMax, " bytes"));
    }
    call.model = wildcard;
    if (path.ends_with(kCountVerb)) return std::nullopt;
    call.stream = path.ends_with(kStreamVerb);
    if (!*call.stream) return std::nullopt;
    const std::string framing = QueryParameter(head.path_and_query, "alt").value_or("json");
    if (framing == "json") {
      call.framing = kArrayFraming;
    } else if (framing != "sse") {
      return WrongType("alt", "sse or json");
    }
    return std::nullopt;
  }

  std::optional<GatewayError> Scan(std::string_view body, const CallHead& call,
                                   ScannedRequest& out) const override {
    return ScanGeminiRequest(body, call, out);
  }
  std::optional<GatewayError> ReadRequest(std::string_view body, const CallHead& call,
                                          const ScannedRequest&, ir::Request& out) const override {
    return ReadGeminiRequest(body, call, out);
  }

  void WriteAnswer(const ir::Response& response, const AnswerContext& context,
                   const AnswerCost& cost, std::string& out) const override {
    WriteGeminiAnswer(response, context, cost, out);
  }
  std::unique_ptr<StreamWriter> NewStreamWriter(const AnswerContext& context) const override {
    return NewGeminiStreamWriter(context);
  }
  std::string_view stream_content_type(const CallHead& call) const override {
    return call.framing == kArrayFraming ? "application/json; charset=utf-8" : "text/event-stream";
  }

  void AppendStreamStop(const StreamStop& stop, std::string_view generation_id,
                        std::string& out) const override {
    out += "data: ";
    JsonWriter json(out);
    json.BeginObject();
    json.Member("candidates").BeginArray();
    for (std::int64_t i = 0; i < stop.choices; ++i) {
      json.BeginObject();
      json.Member("content").BeginObject();
      json.Member("parts").BeginArray();
      WriteGeminiText({}, false, {}, json);
      json.EndArray();
      json.Member("role").String("model");
      json.EndObject();
      json.Member("finishReason").String("MAX_TOKENS");
      json.Member("index").Integer(i);
      json.EndObject();
    }
    json.EndArray();
    json.Member("usageMetadata");
    WriteGeminiUsage(stop.cost, json);
    json.Member("modelVersion").String(stop.model);
    json.Member("responseId");
    if (stop.response_id.empty()) {
      json.String(generation_id);
    } else {
      json.Raw(absl::StrCat("\"", AbslView(stop.response_id), "\""));
    }
    if (stop.cost.stopped != nullptr) WriteStopped(*stop.cost.stopped, generation_id, json);
    json.EndObject();
    out += "\r\n\r\n";
  }

  // The last answer in small is the end.
  void AppendStreamEnd(std::string&) const override {}

  void AppendCost(std::string_view usd, std::string& out) const override {
    absl::StrAppend(&out, "\"cost\":", AbslView(usd));
  }

  void AppendError(const GatewayError& error, std::string_view generation_id,
                   std::string& out) const override {
    JsonWriter json(out);
    json.BeginObject();
    json.Member("error").BeginObject();
    json.Member("code").Integer(error.http_status());
    json.Member("message").String(error.text());
    json.Member("status").String(StatusName(error.http_status()));
    WriteDetails(error, generation_id, json);
    json.EndObject();
    json.EndObject();
  }

  void AppendStreamError(const GatewayError& error, std::string_view generation_id,
                         std::string& out) const override {
    out += "data: ";
    AppendError(error, generation_id, out);
    out += "\r\n\r\n";
  }

  std::optional<GatewayError> AppendModelList(std::span<const ListedModel> models,
                                              const ModelListQuery& query,
                                              std::string& out) const override {
    return AppendGeminiModels(models, query, out);
  }
  void AppendModel(const ListedModel& model, const ModelListQuery&,
                   std::string& out) const override {
    AppendGeminiModel(model, out);
  }

  void AppendTokenCount(std::int64_t input_tokens, std::string& out) const override {
    absl::StrAppend(
        &out, "{\"totalTokens\":", input_tokens,
        ",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":", input_tokens, "}]}");
  }
};

}  // namespace

const Surface& GeminiSurface() {
  static const Gemini surface;
  return surface;
}

}  // namespace tollgate::dataplane
