// The service through gRPC, within the process.
#include "catalog/service/catalog_service.h"

#include <memory>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error_map.h"
#include "base/metrics.h"
#include "catalog/price/price_version.h"
#include "catalog/server.h"
#include "catalog/wire/facts_proto.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/catalog/facts_for_tests.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::catalog {
namespace {

class CatalogServiceTest : public testing::Test {
 protected:
  explicit CatalogServiceTest(Config config = {}) {
    config.listen = "127.0.0.1:0";
    config.directory_listen = "";
    config.ops_listen = "";
    config.seed = false;
    auto server = Server::Build(std::move(config), {.clock = &clock_, .metrics = nullptr});
    EXPECT_OK(server);
    server_ = *std::move(server);
    EXPECT_OK(server_->Start());
    stub_ = v1::CatalogService::NewStub(server_->InProcessChannel());
  }

  absl::StatusOr<v1::ImportResponse> Import(const Facts& facts, bool dry_run = false,
                                            const std::string& token = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::ImportRequest request;
    *request.mutable_facts() = ToProto(facts);
    request.set_dry_run(dry_run);
    v1::ImportResponse response;
    const absl::Status status = FromGrpc(stub_->Import(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  v1::ListOfferingsResponse ListOfferings(const v1::ListOfferingsRequest& request) {
    grpc::ClientContext context;
    v1::ListOfferingsResponse response;
    EXPECT_OK(FromGrpc(stub_->ListOfferings(&context, request, &response)));
    return response;
  }

  FakeClock clock_{TestDay(10)};
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::CatalogService::Stub> stub_;
};

TEST_F(CatalogServiceTest, ImportsAndReadsBack) {
  ASSERT_OK_AND_ASSIGN(const v1::ImportResponse response, Import(TestFacts()));
  EXPECT_EQ(response.created(), 7);
  EXPECT_EQ(response.price_versions_created(), 3);
  grpc::ClientContext context;
  v1::GetModelRequest request;
  request.set_id("acme/big");
  v1::Model model;
  ASSERT_OK(FromGrpc(stub_->GetModel(&context, request, &model)));
  EXPECT_EQ(FromProto(model), TestFacts().models[0]);
  ASSERT_OK_AND_ASSIGN(const v1::ImportResponse again, Import(TestFacts()));
  EXPECT_EQ(again.created() + again.updated() + again.price_versions_created(), 0);
}

TEST_F(CatalogServiceTest, ADryRunChangesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::ImportResponse response, Import(TestFacts(), true));
  EXPECT_EQ(response.created(), 7);
  EXPECT_EQ(ListOfferings({}).offerings_size(), 0);
}

TEST_F(CatalogServiceTest, FormerPricesAreReadById) {
  ASSERT_OK(Import(TestFacts()));
  const std::string former = PriceVersionId("acme:acme/big", TestDay(0),
                                            TestVersion(3'000'000, TestDay(0)).version.components);
  Facts change;
  change.offerings = {TestOffering("acme", "acme/big", 9, TestDay(12))};
  ASSERT_OK(Import(change));
  v1::ListOfferingsRequest list;
  list.set_provider_id("acme");
  list.set_model_id("acme/big");
  ASSERT_EQ(ListOfferings(list).offerings_size(), 1);
  EXPECT_EQ(ListOfferings(list).offerings(0).price_versions_size(), 2);  // In force, announced.
  clock_.Advance(absl::Hours(24 * 3));
  ASSERT_EQ(ListOfferings(list).offerings(0).price_versions_size(), 1);
  EXPECT_NE(ListOfferings(list).offerings(0).price_versions(0).id(), former);
  grpc::ClientContext context;
  v1::GetPriceVersionRequest request;
  request.set_id(former);
  pricing::v1::PriceVersion version;
  ASSERT_OK(FromGrpc(stub_->GetPriceVersion(&context, request, &version)));
  EXPECT_EQ(version.components(0).price_pico_usd_per_unit(), 3'000'000);
}

TEST_F(CatalogServiceTest, PagesHoldEachFactOnce) {
  ASSERT_OK(Import(TestFacts()));
  std::set<std::string> ids;
  v1::ListOfferingsRequest request;
  request.set_page_size(2);
  int pages = 0;
  do {
    const v1::ListOfferingsResponse response = ListOfferings(request);
    for (const v1::Offering& offering : response.offerings()) {
      EXPECT_TRUE(ids.insert(offering.id()).second);
    }
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty() && pages < 9);
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(pages, 2);
}

TEST_F(CatalogServiceTest, RefusesBadRequests) {
  grpc::ClientContext context;
  v1::ListModelsRequest list;
  list.set_page_size(-1);
  v1::ListModelsResponse listed;
  EXPECT_THAT(FromGrpc(stub_->ListModels(&context, list, &listed)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  grpc::ClientContext context2;
  list.set_page_size(1);
  list.set_page_token("not base64!");
  EXPECT_THAT(FromGrpc(stub_->ListModels(&context2, list, &listed)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  grpc::ClientContext context3;
  v1::GetModelRequest get;
  get.set_id("no/such");
  v1::Model model;
  EXPECT_THAT(FromGrpc(stub_->GetModel(&context3, get, &model)),
              StatusIs(absl::StatusCode::kNotFound));
  Facts bad = TestFacts();
  bad.models[1].type = "magic";
  const auto refused = Import(bad);
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kInvalidArgument, testing::HasSubstr("acme/small")));
  EXPECT_EQ(ReasonOf(refused.status()), "INVALID_FACT");
  EXPECT_EQ(ListOfferings({}).offerings_size(), 0);  // All or nothing.
}

// Reads of a Watch block until something comes: a deadline makes a silent stream a failure.
class Watcher {
 public:
  Watcher(v1::CatalogService::Stub& stub, const std::vector<std::string>& providers) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::WatchRequest request;
    for (const std::string& id : providers) request.add_provider_ids(id);
    reader_ = stub.Watch(&context_, request);
  }
  v1::Facts Next() {
    v1::WatchResponse response;
    EXPECT_TRUE(reader_->Read(&response));
    return response.facts();
  }
  absl::Status End() {
    v1::WatchResponse response;
    while (reader_->Read(&response)) {
    }
    return FromGrpc(reader_->Finish());
  }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader_;
};

TEST_F(CatalogServiceTest, WatchSendsTheFactsAtOnceAndOnChange) {
  ASSERT_OK(Import(TestFacts()));
  Watcher watcher(*stub_, {"resell", "later"});
  v1::Facts facts = watcher.Next();
  ASSERT_EQ(facts.offerings_size(), 1);
  EXPECT_EQ(facts.offerings(0).id(), "resell:acme/big");
  ASSERT_EQ(facts.models_size(), 1);
  EXPECT_EQ(facts.models(0).id(), "acme/big");
  EXPECT_EQ(facts.providers_size(), 1);
  // A change elsewhere is not sent; the next message is the one after it.
  Facts elsewhere;
  elsewhere.offerings = {TestOffering("acme", "acme/small", 5, TestDay(5))};
  ASSERT_OK(Import(elsewhere));
  Facts here;
  here.providers = {TestProvider("later")};
  here.offerings = {TestOffering("later", "acme/small", 5)};
  ASSERT_OK(Import(here));
  facts = watcher.Next();
  EXPECT_EQ(facts.providers_size(), 2);
  EXPECT_EQ(facts.offerings_size(), 2);
  EXPECT_EQ(facts.models_size(), 2);
  watcher.Cancel();
  EXPECT_THAT(watcher.End(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(CatalogServiceTest, StoppingEndsWatches) {
  Watcher watcher(*stub_, {"acme"});
  EXPECT_EQ(watcher.Next().offerings_size(), 0);
  std::thread stop([this] { server_->Stop(); });
  EXPECT_THAT(watcher.End(), StatusIs(absl::StatusCode::kUnavailable));
  stop.join();
}

TEST_F(CatalogServiceTest, WatchersAreLimited) {
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (std::size_t i = 0; i < kWatchersMax; ++i) {
    watchers.push_back(std::make_unique<Watcher>(*stub_, std::vector<std::string>{"acme"}));
    watchers.back()->Next();
  }
  Watcher one_more(*stub_, {"acme"});
  EXPECT_THAT(one_more.End(), StatusIs(absl::StatusCode::kResourceExhausted));
  for (auto& watcher : watchers) watcher->Cancel();
}

class CatalogServiceWithTokenTest : public CatalogServiceTest {
 protected:
  static Config WithToken() {
    Config config;
    config.admin_tokens = {Sha256("secret-token")};
    return config;
  }
  CatalogServiceWithTokenTest() : CatalogServiceTest(WithToken()) {}
};

TEST_F(CatalogServiceWithTokenTest, ImportNeedsTheToken) {
  EXPECT_THAT(Import(TestFacts()), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Import(TestFacts(), false, "wrong"), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_OK(Import(TestFacts(), false, "secret-token"));
  EXPECT_EQ(ListOfferings({}).offerings_size(), 3);  // Reading is open.
}

TEST(CatalogServerTest, TheSeedComesOnceAndStaysAfterARestart) {
  TempDir folder;
  Config config;
  config.listen = "127.0.0.1:0";
  config.directory_listen = "127.0.0.1:0";
  config.ops_listen = "127.0.0.1:0";
  config.data_dir = folder.File("catalog");
  for (const char* run : {"first", "second"}) {
    const MonotonicTime begin = RealClock().Monotonic();
    ASSERT_OK_AND_ASSIGN(const auto server, Server::Build(config));
    RecordProperty(absl::StrCat(run, "_build_ms"),
                   static_cast<int>(absl::ToInt64Milliseconds(RealClock().Monotonic() - begin)));
    ASSERT_OK(server->Start());
    const auto stub = v1::CatalogService::NewStub(server->InProcessChannel());
    grpc::ClientContext context;
    v1::ListProvidersRequest request;
    request.set_page_size(kPageSizeMax);
    v1::ListProvidersResponse response;
    ASSERT_OK(FromGrpc(stub->ListProviders(&context, request, &response)));
    EXPECT_GE(response.providers_size(), 23) << run;
    EXPECT_FALSE(server->addresses().directory_url.empty());
    EXPECT_FALSE(server->addresses().ops_url.empty());
    server->Stop();
    server->Stop();
  }
}

}  // namespace
}  // namespace tollgate::catalog
