// Gemini's generateContent as a surface: paths, keys, errors and lists.
#include <optional>
#include <string>
#include <vector>

#include "dataplane/http/request_head.h"
#include "dataplane/surface/route_table.h"
#include "dataplane/surface/surface.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

const Surface& Gemini() { return GeminiSurface(); }

// A head that was read from `method target` and further lines, and what the surface takes of it.
class GeminiHeadTest : public testing::Test {
 protected:
  // The operation that the target is for; nullopt when it is not this surface's.
  std::optional<SurfaceOperation> Route(const std::string& method, const std::string& target,
                                        const std::string& lines = "") {
    path_ = target.substr(0, target.find('?'));
    bytes_ = method + " " + target + " HTTP/1.1\r\nhost: a\r\n" + lines + "\r\n";
    EXPECT_EQ(ParseRequestHead(bytes_, head_), HeadError::kNone) << bytes_;
    const RouteMatch match = table_.Find(head_, path_);
    if (match.surface != &Gemini() || match.other_method) return std::nullopt;
    call_.Reset();
    error_ = Gemini().ReadHead(head_, path_, match.wildcard, call_);
    return match.operation;
  }

  std::string Key() {
    const std::string_view key = Gemini().ReadKey(head_, scratch_);
    return key.data() == nullptr ? "none" : std::string(key);
  }

  RouteTable table_{Surfaces()};
  std::string path_;
  std::string bytes_;
  RequestHead head_;
  CallHead call_;
  std::optional<GatewayError> error_;
  std::string scratch_;
};

TEST_F(GeminiHeadTest, ModelAndOperationAreInThePath) {
  for (const std::string prefix : {"/v1/models/", "/v1beta/models/", "/v1/", "/v1beta/"}) {
    EXPECT_EQ(Route("POST", prefix + "acme/m:generateContent"), SurfaceOperation::kGenerate);
    EXPECT_EQ(call_.model, "acme/m");
    EXPECT_EQ(call_.stream, false);
    EXPECT_EQ(Route("POST", prefix + "acme/m:free:streamGenerateContent?alt=sse"),
              SurfaceOperation::kGenerate);
    EXPECT_EQ(call_.model, "acme/m:free");
    EXPECT_EQ(call_.stream, true);
    EXPECT_EQ(call_.framing, "");
    EXPECT_EQ(Route("POST", prefix + "m:countTokens"), SurfaceOperation::kCountTokens);
    EXPECT_EQ(call_.stream, std::nullopt);
  }
  EXPECT_EQ(Route("POST", "/v1beta/models/m:embedContent"), std::nullopt);
  EXPECT_EQ(Route("GET", "/v1beta/models/m:generateContent"), SurfaceOperation::kGetModel)
      << "a name with a colon";
}

TEST_F(GeminiHeadTest, AStreamIsAnArrayUnlessEventsAreAskedFor) {
  Route("POST", "/v1beta/models/m:streamGenerateContent");
  EXPECT_EQ(call_.framing, kArrayFraming);
  EXPECT_TRUE(Gemini().stream_content_type(call_).starts_with("application/json"));
  Route("POST", "/v1beta/models/m:streamGenerateContent?alt=json");
  EXPECT_EQ(call_.framing, kArrayFraming);
  Route("POST", "/v1beta/models/m:streamGenerateContent?key=k&alt=sse");
  EXPECT_TRUE(Gemini().stream_content_type(call_).starts_with("text/event-stream"));
  Route("POST", "/v1beta/models/m:streamGenerateContent?alt=proto");
  ASSERT_TRUE(error_.has_value());
  EXPECT_EQ(error_->param, "alt");
}

TEST_F(GeminiHeadTest, ANameThatIsTooLongIsRefused) {
  Route("POST", "/v1beta/models/" + std::string(300, 'm') + ":generateContent");
  ASSERT_TRUE(error_.has_value());
  EXPECT_EQ(error_->param, "model");
}

TEST_F(GeminiHeadTest, TheKeyIsInOneOfThreePlaces) {
  const std::string target = "/v1beta/models/m:generateContent";
  Route("POST", target, "x-goog-api-key: a\r\nauthorization: Bearer b\r\n");
  EXPECT_EQ(Key(), "a");
  Route("POST", target + "?alt=sse&key=tg%5Fc", "authorization: Bearer b\r\n");
  EXPECT_EQ(Key(), "tg_c") << "decoded";
  Route("POST", target, "authorization: Bearer b\r\n");
  EXPECT_EQ(Key(), "b");
  Route("POST", target);
  EXPECT_EQ(Key(), "none");
}

TEST_F(GeminiHeadTest, TheListUnderV1IsGeminisForItsClientsOnly) {
  EXPECT_EQ(Route("GET", "/v1/models", "authorization: Bearer b\r\n"), std::nullopt);
  EXPECT_EQ(Route("GET", "/v1/models", "x-goog-api-key: a\r\n"), SurfaceOperation::kListModels);
  EXPECT_EQ(Route("GET", "/v1/models?key=a"), SurfaceOperation::kListModels);
  EXPECT_EQ(Route("GET", "/v1/models/acme/m", "x-goog-api-key: a\r\n"),
            SurfaceOperation::kGetModel);
  EXPECT_EQ(call_.model, "acme/m");
  EXPECT_EQ(Route("GET", "/v1beta/models"), SurfaceOperation::kListModels);
}

class GeminiErrorTest : public testing::Test {
 protected:
  std::string Body(const GatewayError& error) {
    std::string out;
    Gemini().AppendError(error, "gen_1", out);
    return out;
  }
};

TEST_F(GeminiErrorTest, IsOfGooglesApis) {
  GatewayError error;
  error.code = ErrorCode::kRateLimited;
  error.retry_after = absl::Milliseconds(2500);
  EXPECT_EQ(
      Body(error),
      R"({"error":{"code":429,"message":"Too many requests or tokens a minute; try again after )"
      R"(the stated time.","status":"RESOURCE_EXHAUSTED","details":[{"@type":)"
      R"("type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","domain":)"
      R"("tollgate","metadata":{"code":"rate_limit_exceeded","generationId":"gen_1"}},{"@type":)"
      R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2.500s"}]}})");
}

TEST_F(GeminiErrorTest, NamesTheFieldAndTheProvidersCode) {
  GatewayError error;
  error.code = ErrorCode::kProviderRejected;
  error.message = "no \"x\"";
  error.param = "contents[0]";
  error.provider_code = "INVALID_ARGUMENT";
  const std::string body = Body(error);
  EXPECT_NE(body.find(R"("status":"INVALID_ARGUMENT")"), std::string::npos);
  EXPECT_NE(body.find(R"("providerCode":"INVALID_ARGUMENT")"), std::string::npos);
  EXPECT_NE(body.find(R"("fieldViolations":[{"field":"contents[0]","description":"no \"x\""}])"),
            std::string::npos)
      << body;
}

TEST_F(GeminiErrorTest, EveryErrorHasAStatus) {
  for (const ErrorRow& row : ErrorTable()) {
    GatewayError error;
    error.code = row.code;
    JsonDocument document;
    const std::string body = Body(error);
    ASSERT_TRUE(document.Parse(body)) << body;
    EXPECT_EQ(document.root()["error"]["code"].integer(), row.status);
    EXPECT_FALSE(document.root()["error"]["status"].string().empty());
  }
}

TEST_F(GeminiErrorTest, EndsAStreamAsAnEvent) {
  GatewayError error;
  error.code = ErrorCode::kStopped;
  std::string out;
  Gemini().AppendStreamError(error, "gen_1", out);
  EXPECT_TRUE(out.starts_with(R"(data: {"error":{"code":503,)")) << out;
  EXPECT_TRUE(out.ends_with("}\r\n\r\n"));
}

class GeminiModelsTest : public testing::Test {
 protected:
  GeminiModelsTest() {
    model_.id = "acme/m";
    model_.display_name = "M";
    model_.type = "language";
    model_.capabilities = {"reasoning"};
    model_.context_tokens_max = 1000;
    model_.output_tokens_max = 100;
    for (const std::string_view name : {"fast", "acme/a", "acme/b"}) {
      listed_.push_back({.name = name, .model = &model_});
    }
  }

  // The names on a page, and the token of the next.
  std::string Page(const std::string& target) {
    std::string out;
    ModelListQuery query;
    query.path_and_query = target;
    error_ = Gemini().AppendModelList(listed_, query, out);
    if (error_.has_value()) return "refused";
    JsonDocument document;
    EXPECT_TRUE(document.Parse(out)) << out;
    std::string names;
    for (const JsonValue model : document.root()["models"].elements()) {
      names += std::string(model["name"].string()) + " ";
    }
    return names + "| " + std::string(document.root()["nextPageToken"].string());
  }

  Model model_;
  std::vector<ListedModel> listed_;
  std::optional<GatewayError> error_;
};

TEST_F(GeminiModelsTest, AModelInGeminisShape) {
  std::string out;
  Gemini().AppendModel(listed_[0], {}, out);
  EXPECT_EQ(out, R"({"name":"models/fast","baseModelId":"acme/m","version":"1","displayName":"M",)"
                 R"("inputTokenLimit":1000,"outputTokenLimit":100,"supportedGenerationMethods":)"
                 R"(["generateContent","countTokens"],"thinking":true})");
}

TEST_F(GeminiModelsTest, PagesGoOnWhereTheyWere) {
  EXPECT_EQ(Page("/v1beta/models"), "models/fast models/acme/a models/acme/b | ");
  EXPECT_EQ(Page("/v1beta/models?pageSize=2"), "models/fast models/acme/a | acme/a");
  EXPECT_EQ(Page("/v1beta/models?pageSize=2&pageToken=acme%2Fa"), "models/acme/b | ");
  EXPECT_EQ(Page("/v1beta/models?pageSize=0"), "models/fast models/acme/a models/acme/b | ");
  EXPECT_EQ(Page("/v1beta/models?pageToken=gone"), "refused");
  EXPECT_EQ(error_->param, "pageToken");
  EXPECT_EQ(Page("/v1beta/models?pageSize=many"), "refused");
}

TEST_F(GeminiModelsTest, ATokenCount) {
  std::string out;
  Gemini().AppendTokenCount(12, out);
  EXPECT_EQ(out,
            R"({"totalTokens":12,"promptTokensDetails":[{"modality":"TEXT","tokenCount":12}]})");
}

}  // namespace
}  // namespace tollgate::dataplane
