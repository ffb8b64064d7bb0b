#include "catalog/directory/directory.h"

#include <optional>

#include "base/error_map.h"
#include "catalog/import/json_tree.h"
#include "catalog/service/catalog_service.h"
#include "catalog/store/memory_catalog_store.h"
#include "catalog/wire/facts_proto.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace tollgate::catalog {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<script>alert('x')</script>\" onload=\"y & </title>";

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    Facts facts = TestFacts();
    facts.models[1].display_name = kHostile;
    facts.offerings[1].provider_model_id = kHostile;
    EXPECT_OK(book_->Import(facts, ImportMode::kApply));
  }

  HttpResponse Get(const std::string& path, std::map<std::string, std::string> query = {},
                   HttpHeaders headers = {{"Host", "prices.test"}}) {
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    request.headers = std::move(headers);
    return directory_->Answer(request);
  }
  static std::string Header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  FakeClock clock_{TestDay(10)};
  MemoryCatalogStore store_;
  std::unique_ptr<CatalogBook> book_ = *CatalogBook::Open(store_, clock_);
  std::unique_ptr<Directory> directory_ = *Directory::Create(*book_, clock_, "");
};

TEST_F(DirectoryTest, TheListHasModelsAndLowestPrices) {
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, testing::StartsWith("<!doctype html>"));
  EXPECT_THAT(page.body, HasSubstr("href=\"/models/acme/big\">Acme Big</a>"));
  EXPECT_THAT(page.body, HasSubstr("$2.00"));
  EXPECT_THAT(page.body, HasSubstr("rel=\"canonical\" href=\"http://prices.test/\""));
  EXPECT_THAT(page.body, HasSubstr("property=\"og:title\""));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
}

TEST_F(DirectoryTest, HostileNamesNeverBecomeMarkup) {
  for (const char* path : {"/", "/models/acme/small", "/providers/acme"}) {
    const HttpResponse page = Get(path);
    EXPECT_EQ(page.status, 200) << path;
    EXPECT_THAT(page.body, Not(HasSubstr("<script>"))) << path;
    // A quotation mark of the name; within a JSON string of the JSON-LD it has a backslash.
    EXPECT_THAT(page.body, Not(testing::ContainsRegex("[^\\\\]\" onload="))) << path;
    EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)")) << path;
  }
  // What is put into the JSON-LD element cannot end it.
  EXPECT_THAT(Get("/models/acme/small").body, HasSubstr("\\u003cscript\\u003ealert"));
  const HttpResponse search = Get("/", {{"q", kHostile}});
  EXPECT_THAT(search.body, Not(HasSubstr("<script")));
  EXPECT_THAT(search.body, Not(HasSubstr("\" onload=")));
  EXPECT_THAT(Get("/<script>").body, Not(HasSubstr("<script>")));
  EXPECT_THAT(Get("/", {}, {{"Host", "x\"><script>"}}).body, Not(HasSubstr("<script")));
}

TEST_F(DirectoryTest, FiltersAreAppliedAndShown) {
  const HttpResponse page = Get("/", {{"q", "big"}, {"max_price", "2"}});
  EXPECT_THAT(page.body, HasSubstr("<strong>1</strong> model,"));
  EXPECT_THAT(page.body, HasSubstr("value=\"big\""));
  EXPECT_THAT(page.body, HasSubstr("href=\"/?max_price=2\""));
  EXPECT_THAT(page.body, HasSubstr("noindex"));
  EXPECT_THAT(Get("/", {{"q", "zzz"}}).body, HasSubstr("No model fits"));
  EXPECT_THAT(Get("/", {{"max_price", "x"}}).body, HasSubstr("not a number"));
  EXPECT_THAT(Get("/", {{"vendor", "acme"}}).body, HasSubstr("value=\"acme\" selected"));
}

TEST_F(DirectoryTest, AModelPageHasEveryOffering) {
  const HttpResponse page = Get("/models/acme/big");
  EXPECT_THAT(page.body, HasSubstr("Provider acme"));
  EXPECT_THAT(page.body, HasSubstr("Provider resell"));
  EXPECT_THAT(page.body, HasSubstr("$15.00"));
  EXPECT_THAT(page.body, HasSubstr("2 providers"));
  EXPECT_THAT(page.body, HasSubstr("\"@type\":\"Product\""));
  EXPECT_THAT(page.body, HasSubstr("\"price\":\"2\""));
}

TEST_F(DirectoryTest, ETagsSpareTheBody) {
  const HttpResponse page = Get("/models/acme/big");
  const std::string etag = Header(page, "ETag");
  ASSERT_FALSE(etag.empty());
  EXPECT_THAT(Header(page, "Cache-Control"), HasSubstr("max-age=60"));
  for (const std::string& value : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    const HttpResponse again =
        Get("/models/acme/big", {}, {{"Host", "prices.test"}, {"If-None-Match", value}});
    EXPECT_EQ(again.status, 304) << value;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(Header(again, "ETag"), etag);
  }
  Facts change;
  change.offerings = {TestOffering("acme", "acme/big", 9, TestDay(5))};
  ASSERT_OK(book_->Import(change, ImportMode::kApply));
  const HttpResponse changed =
      Get("/models/acme/big", {}, {{"Host", "prices.test"}, {"If-None-Match", etag}});
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(Header(changed, "ETag"), etag);
}

TEST_F(DirectoryTest, AssetsAreNamedByTheirContentsAndKept) {
  const std::string body = Get("/").body;
  const std::size_t at = body.find("/assets/style.");
  ASSERT_NE(at, std::string::npos);
  const std::string path = body.substr(at, body.find('"', at) - at);
  const HttpResponse style = Get(path);
  EXPECT_EQ(style.status, 200);
  EXPECT_EQ(style.content_type, "text/css; charset=utf-8");
  EXPECT_THAT(Header(style, "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(Get("/assets/style.000000000000.css").status, 404);
}

TEST_F(DirectoryTest, JsonTwinsSayWhatGrpcSays) {
  const HttpResponse response = Get("/models/acme/big.json");
  EXPECT_EQ(response.content_type, "application/json; charset=utf-8");
  ASSERT_OK_AND_ASSIGN(const JsonValue model, ParseJson(response.body));
  const auto snapshot = book_->snapshot();
  const v1::Model wanted = ToProto(snapshot->state.models.at("acme/big"));
  EXPECT_EQ(model.Text("id"), wanted.id());
  EXPECT_EQ(model.Text("display_name"), wanted.display_name());
  EXPECT_EQ(model.Find("context_tokens_max")->text, std::to_string(wanted.context_tokens_max()));
  EXPECT_EQ(model.Find("input_modalities")->items.size(),
            static_cast<std::size_t>(wanted.input_modalities_size()));
  ASSERT_EQ(model.Find("offerings")->items.size(), 2u);
  for (const JsonValue& item : model.Find("offerings")->items) {
    const v1::Offering offering =
        ToProto(snapshot->state.offerings.at(std::string(item.Text("id"))));
    EXPECT_EQ(item.Text("provider_id"), offering.provider_id());
    EXPECT_EQ(item.Text("provider_model_id"), offering.provider_model_id());
    const JsonValue& version = item.Find("price_versions")->items.at(0);
    EXPECT_EQ(version.Text("id"), offering.price_versions(0).id());
    EXPECT_EQ(version.Text("effective_time"), "2026-01-01T00:00:00Z");
    const auto& components = version.Find("components")->items;
    ASSERT_EQ(components.size(),
              static_cast<std::size_t>(offering.price_versions(0).components_size()));
    for (std::size_t i = 0; i < components.size(); ++i) {
      const auto& component = offering.price_versions(0).components(static_cast<int>(i));
      EXPECT_EQ(components[i].Text("price_pico_usd_per_unit"),
                std::to_string(component.price_pico_usd_per_unit()));
      EXPECT_EQ(components[i].Text("direction"), i == 0 ? "input" : "output");
    }
  }
}

TEST_F(DirectoryTest, AcceptChoosesTheForm) {
  EXPECT_EQ(Get("/providers", {}, {{"Accept", "application/json"}}).content_type,
            "application/json; charset=utf-8");
  EXPECT_EQ(Get("/providers", {}, {{"Accept", "text/html,application/json"}}).content_type,
            "text/html; charset=utf-8");
  EXPECT_OK(ParseJson(Get("/models.json", {{"q", "small"}}).body));
  EXPECT_OK(ParseJson(Get("/providers.json").body));
  EXPECT_OK(ParseJson(Get("/providers/acme.json").body));
  EXPECT_EQ(Get("/models/no/such.json").status, 404);
  EXPECT_OK(ParseJson(Get("/models/no/such.json").body));
}

TEST_F(DirectoryTest, SitemapAndRobots) {
  const HttpResponse sitemap = Get("/sitemap.xml");
  EXPECT_THAT(sitemap.body, HasSubstr("<loc>http://prices.test/models/acme/big</loc>"));
  EXPECT_THAT(sitemap.body, HasSubstr("<loc>http://prices.test/providers/resell</loc>"));
  EXPECT_THAT(Get("/robots.txt").body, HasSubstr("Sitemap: http://prices.test/sitemap.xml"));
}

TEST_F(DirectoryTest, RefusesOtherMethodsAndUnknownPaths) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/";
  EXPECT_EQ(directory_->Answer(request).status, 405);
  for (const char* path :
       {"/nothing", "/models/", "/models/acme", "/providers/x", "/../etc/passwd", "/assets/", ""}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_THAT(Header(Get("/"), "Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

}  // namespace
}  // namespace tollgate::catalog
