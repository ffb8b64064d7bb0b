#include "dataplane/surface/route_table.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(RouteTableTest, PatternsHaveOneStar) {
  std::string_view wildcard;
  EXPECT_TRUE(RouteTable::Matches("/v1beta/models/*:generateContent",
                                  "/v1beta/models/google/gemini:generateContent", wildcard));
  EXPECT_EQ(wildcard, "google/gemini");
  EXPECT_FALSE(RouteTable::Matches("/v1/models/*:generateContent", "/v1/models/:generateContent",
                                   wildcard));
  EXPECT_FALSE(RouteTable::Matches("/v1/models/*:generateContent", "/v1/models/gemini", wildcard));
  EXPECT_TRUE(RouteTable::Matches("/v1/models/*", "/v1/models/a", wildcard));
  EXPECT_EQ(wildcard, "a");
}

TEST(RouteTableTest, TheSurfacesPathsAreFound) {
  const RouteTable table(Surfaces());
  const RouteMatch chat = table.Find(Method::kPost, "/v1/chat/completions");
  ASSERT_NE(chat.surface, nullptr);
  EXPECT_EQ(chat.surface->name(), "openai_chat");
  EXPECT_EQ(chat.operation, SurfaceOperation::kGenerate);
  EXPECT_FALSE(chat.other_method);
  EXPECT_TRUE(table.Find(Method::kGet, "/v1/chat/completions").other_method);
  EXPECT_EQ(table.Find(Method::kPost, "/v1/chat/completions/x").surface, nullptr);
}

TEST(RouteTableTest, NoTwoSurfacesClaimOnePath) {
  const RouteTable table(Surfaces());
  for (const Surface* surface : Surfaces()) {
    for (const SurfaceRoute& route : surface->routes()) {
      std::string path(route.pattern);
      if (const std::size_t star = path.find('*'); star != std::string::npos) {
        path.replace(star, 1, "some/model");
      }
      const RouteMatch match = table.Find(route.method, path);
      EXPECT_EQ(match.surface, surface) << path;
      EXPECT_FALSE(match.other_method) << path;
    }
  }
}

}  // namespace
}  // namespace tollgate::dataplane
