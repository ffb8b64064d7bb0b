#include "dataplane/surface/route_table.h"

#include <string>

#include "dataplane/http/request_head.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

// A head that was read from `method path` and further lines.  Its bytes stay where they are.
struct Head {
  Head(const std::string& method, const std::string& target, const std::string& lines = "")
      : path(target.substr(0, target.find('?'))),
        bytes(method + " " + target + " HTTP/1.1\r\nhost: a\r\n" + lines + "\r\n") {
    EXPECT_EQ(ParseRequestHead(bytes, head), HeadError::kNone) << bytes;
  }
  Head(const Head&) = delete;

  std::string path;
  std::string bytes;
  RequestHead head;
};

std::string NameOf(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    default:
      return "POST";
  }
}

std::string SurfaceOf(const RouteTable& table, const Head& head) {
  const RouteMatch match = table.Find(head.head, head.path);
  if (match.surface == nullptr) return "none";
  return std::string(match.surface->name()) + (match.other_method ? ", other method" : "");
}

TEST(RouteTableTest, PatternsHaveOneStar) {
  std::string_view wildcard;
  EXPECT_TRUE(RouteTable::Matches("/v1beta/models/*:generateContent",
                                  "/v1beta/models/google/gemini:generateContent", wildcard));
  EXPECT_EQ(wildcard, "google/gemini");
  EXPECT_FALSE(
      RouteTable::Matches("/v1/models/*:generateContent", "/v1/models/:generateContent", wildcard));
  EXPECT_FALSE(RouteTable::Matches("/v1/models/*:generateContent", "/v1/models/gemini", wildcard));
  EXPECT_TRUE(RouteTable::Matches("/v1/models/*", "/v1/models/a", wildcard));
  EXPECT_EQ(wildcard, "a");
}

TEST(RouteTableTest, TheSurfacesPathsAreFound) {
  const RouteTable table(Surfaces());
  const Head chat("POST", "/v1/chat/completions");
  const RouteMatch match = table.Find(chat.head, chat.path);
  ASSERT_NE(match.surface, nullptr);
  EXPECT_EQ(match.surface->name(), "openai_chat");
  EXPECT_EQ(match.operation, SurfaceOperation::kGenerate);
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/chat/completions")), "openai_chat, other method");
  EXPECT_EQ(SurfaceOf(table, Head("POST", "/v1/chat/completions/x")), "none");
  EXPECT_EQ(SurfaceOf(table, Head("POST", "/v1/messages/count_tokens")), "anthropic_messages");
  EXPECT_EQ(SurfaceOf(table, Head("POST", "/api/v1/chat/completions")), "openrouter");
  EXPECT_EQ(SurfaceOf(table, Head("POST", "/v4/ai/language-model")), "ai_sdk_gateway");
}

TEST(RouteTableTest, ASharedPathIsTheClaimants) {
  const RouteTable table(Surfaces());
  const std::string anthropic = "anthropic-version: 2023-06-01\r\n";
  const std::string ai_sdk = "ai-gateway-protocol-version: 0.0.1\r\n";
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models")), "openai_chat");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models", anthropic)), "anthropic_messages");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models/a/b")), "openai_chat");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models/a/b", anthropic)), "anthropic_messages");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models", "x-goog-api-key: k\r\n")), "gemini");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/models?key=k")), "gemini");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/credits")), "openai_chat");
  EXPECT_EQ(SurfaceOf(table, Head("GET", "/v1/credits", ai_sdk)), "ai_sdk_gateway");
  // A claim is no path.
  EXPECT_EQ(SurfaceOf(table, Head("POST", "/v1/chat/completions", anthropic)), "openai_chat");
}

TEST(RouteTableTest, APathTellsItsMethods) {
  const RouteTable table(Surfaces());
  EXPECT_EQ(table.Allowed("/v1/chat/completions"), "POST");
  EXPECT_EQ(table.Allowed("/v1/models"), "GET");
  EXPECT_EQ(table.Allowed("/v1/responses/resp_1"), "GET, DELETE");
  EXPECT_EQ(table.Allowed("/v1/none"), "");
}

TEST(RouteTableTest, ALongerPatternGoesFirst) {
  const RouteTable table(Surfaces());
  const Head endpoints("GET", "/v1/models/acme/small/endpoints", "anthropic-version: 1\r\n");
  const RouteMatch match = table.Find(endpoints.head, endpoints.path);
  EXPECT_EQ(match.operation, SurfaceOperation::kListEndpoints);
  EXPECT_EQ(match.wildcard, "acme/small");
}

TEST(RouteTableTest, EachRouteIsAnsweredByASurfaceThatHasIt) {
  const RouteTable table(Surfaces());
  for (const Surface* surface : Surfaces()) {
    for (const SurfaceRoute& route : surface->routes()) {
      std::string path(route.pattern);
      if (const std::size_t star = path.find('*'); star != std::string::npos) {
        path.replace(star, 1, "some/model");
      }
      const Head head(NameOf(route.method), path);
      ASSERT_EQ(head.head.method, route.method);
      const RouteMatch match = table.Find(head.head, path);
      ASSERT_NE(match.surface, nullptr) << path;
      EXPECT_FALSE(match.other_method) << path;
      EXPECT_EQ(match.operation, route.operation) << path;
    }
  }
}

}  // namespace
}  // namespace tollgate::dataplane
