#include "dataplane/http/target.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

std::string Normal(std::string_view target) {
  std::string scratch;
  const auto path = NormalizePath(target, scratch);
  return path.has_value() ? std::string(*path) : "refused";
}

TEST(TargetTest, OneNormalization) {
  EXPECT_EQ(Normal("/v1/models"), "/v1/models");
  EXPECT_EQ(Normal("/v1/models?x=/../"), "/v1/models");
  EXPECT_EQ(Normal("/v1/models/a%2Fb"), "/v1/models/a/b");
  EXPECT_EQ(Normal("/v1/models/a%3Afree"), "/v1/models/a:free");
  EXPECT_EQ(Normal("/%76%31/models"), "/v1/models");
  EXPECT_EQ(Normal("/"), "/");
}

TEST(TargetTest, WhatCouldMeanTwoThingsIsRefused) {
  for (const char* target : {"//",
                             "/v1//models",
                             "/v1/models/",
                             "/v1/./models",
                             "/v1/../models",
                             "/v1/%2e%2e/models",
                             "/v1/%2E/models",
                             "/v1/%2fmodels",
                             "/v1%2f%2fmodels",
                             "/v1/%5cmodels",
                             "/v1/%00",
                             "/v1/%0d%0a",
                             "/v1/%252e",
                             "/v1/%",
                             "/v1/%2",
                             "/v1/%zz",
                             "/v1/%20x",
                             "/v1/%e9",
                             "/v1/%7f",
                             "/v1/%3fx",
                             "/v1/%23x",
                             "/..",
                             "/.",
                             "*",
                             ""}) {
    EXPECT_EQ(Normal(target), "refused") << target;
  }
}

TEST(TargetTest, QueryParameters) {
  EXPECT_EQ(QueryParameter("/x?id=a%20b+c&id=2", "id"), "a b c");
  EXPECT_EQ(QueryParameter("/x?a=1&id=2", "id"), "2");
  EXPECT_EQ(QueryParameter("/x?id", "id"), "");
  EXPECT_EQ(QueryParameter("/x", "id"), std::nullopt);
  EXPECT_EQ(QueryParameter("/x?id=%z", "id"), std::nullopt);
}

}  // namespace
}  // namespace tollgate::dataplane
