// The services over real gRPC, on a real store.
#include "billing/server.h"

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/time/clock.h"
#include "base/error_map.h"
#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/log.h"
#include "base/status_reason.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/lease/v1/lease.grpc.pb.h"
#include "tollgate/ledger/v1/ledger.grpc.pb.h"
#include "tollgate/usage/v1/usage.grpc.pb.h"

namespace tollgate::billing {
namespace {

using UsageStream =
    grpc::ClientReaderWriter<usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>;
using LeaseStream = grpc::ClientReaderWriter<lease::v1::LeaseRequest, lease::v1::LeaseResponse>;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    config_.listen = "127.0.0.1:0";
    config_.ops_listen = "";
    config_.data_dir = dir_.path();
    config_.shutdown_grace = absl::Seconds(1);
    Restart();
  }
  void Restart() {
    server_.reset();
    auto server = Server::Build(config_);
    ASSERT_OK(server.status());
    server_ = *std::move(server);
    ASSERT_OK(server_->Start());
    auto channel = Connect(server_->grpc_address(), {});
    ASSERT_OK(channel.status());
    ledger_ = ledger::v1::LedgerService::NewStub(*channel);
    lease_ = lease::v1::LeaseService::NewStub(*channel);
    usage_ = usage::v1::UsageService::NewStub(*channel);
  }

  // One call of the ledger: `Call(&Stub::TopUp, request, &response)`.
  template <typename Stub, typename Method, typename Request, typename Response>
  absl::Status Call(Stub& stub, Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
    return FromGrpc((stub.*method)(&context, request, response));
  }
  absl::Status TopUp(const std::string& id, std::int64_t amount, ledger::v1::Entry* entry) {
    ledger::v1::TopUpRequest request;
    request.set_workspace_id("ws_1");
    request.set_amount_nano_usd(amount);
    request.set_request_id(id);
    return Call(*ledger_, &ledger::v1::LedgerService::Stub::TopUp, request, entry);
  }
  ledger::v1::Wallet Wallet(const std::string& workspace = "ws_1") {
    ledger::v1::GetWalletRequest request;
    request.set_workspace_id(workspace);
    ledger::v1::Wallet wallet;
    EXPECT_OK(Call(*ledger_, &ledger::v1::LedgerService::Stub::GetWallet, request, &wallet));
    return wallet;
  }

  std::unique_ptr<LeaseStream> OpenLeases(grpc::ClientContext* context, std::uint64_t incarnation) {
    auto stream = lease_->Leases(context);
    lease::v1::LeaseRequest hello;
    hello.mutable_hello()->set_node_id("node_1");
    hello.mutable_hello()->set_incarnation(incarnation);
    hello.mutable_hello()->set_session("s" + std::to_string(incarnation));
    EXPECT_TRUE(stream->Write(hello));
    return stream;
  }
  lease::v1::Grant Want(LeaseStream& stream, std::int64_t need) {
    lease::v1::LeaseRequest request;
    request.mutable_want()->set_account("wallet/ws_1");
    request.mutable_want()->set_need_nano_usd(need);
    request.mutable_want()->set_want_nano_usd(need);
    request.mutable_want()->set_nonce(42);
    EXPECT_TRUE(stream.Write(request));
    lease::v1::LeaseResponse response;
    EXPECT_TRUE(stream.Read(&response));
    return response.grant();
  }

  std::unique_ptr<UsageStream> OpenUsage(grpc::ClientContext* context, std::uint64_t incarnation,
                                         const std::string& session = "") {
    auto stream = usage_->ReportUsage(context);
    usage::v1::ReportUsageRequest hello;
    hello.mutable_hello()->set_node_id("node_1");
    hello.mutable_hello()->set_incarnation(incarnation);
    hello.mutable_hello()->set_session(session.empty() ? "s" + std::to_string(incarnation)
                                                       : session);
    hello.mutable_hello()->add_lanes()->set_incarnation(1);
    EXPECT_TRUE(stream->Write(hello));
    return stream;
  }
  static std::string Record(const std::string& generation, std::uint32_t attempt,
                            std::int64_t charge) {
    usage::v1::UsageRecord record;
    record.set_generation_id(generation);
    record.set_attempt(attempt);
    record.set_workspace_id("ws_1");
    record.set_key_id("key_1");
    record.set_model_id("m");
    record.set_provider_id("p");
    record.set_usage_source(usage::v1::USAGE_SOURCE_PROVIDER);
    record.set_outcome(usage::v1::ATTEMPT_OUTCOME_SUCCESS);
    record.set_charge_nano_usd(charge);
    record.set_cost_nano_usd(charge);
    usage::v1::Hold* hold = record.add_holds();
    hold->set_account("wallet/ws_1");
    hold->set_leased(true);
    hold->set_lease_incarnation(1);
    return record.SerializeAsString();
  }
  static usage::v1::ReportUsageRequest Batch(std::uint64_t first,
                                             const std::vector<std::string>& records) {
    usage::v1::ReportUsageRequest request;
    request.mutable_batch()->mutable_lane()->set_incarnation(1);
    request.mutable_batch()->set_first_sequence(first);
    for (const std::string& record : records) request.mutable_batch()->add_records(record);
    return request;
  }

  TempDir dir_;
  Config config_;
  std::string token_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ledger::v1::LedgerService::Stub> ledger_;
  std::unique_ptr<lease::v1::LeaseService::Stub> lease_;
  std::unique_ptr<usage::v1::UsageService::Stub> usage_;
};

TEST_F(ServerTest, ARequestsMoneyFromTopUpToGeneration) {
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 1000, &entry));
  EXPECT_EQ(entry.sequence(), 1u);
  EXPECT_EQ(entry.balance_nano_usd(), 1000);
  grpc::ClientContext lease_context;
  auto leases = OpenLeases(&lease_context, 1);
  const lease::v1::Grant grant = Want(*leases, 400);
  EXPECT_EQ(grant.granted_nano_usd(), 400);
  EXPECT_EQ(grant.nonce(), 42u);
  EXPECT_EQ(grant.ttl().seconds(), 60);

  grpc::ClientContext usage_context;
  auto usage = OpenUsage(&usage_context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  EXPECT_EQ(response.welcome().lanes(0).sequence(), 0u);
  for (int repeat = 0; repeat < 2; ++repeat) {  // The second time as if the Ack was lost.
    ASSERT_TRUE(usage->Write(Batch(1, {Record("gen_A", 1, 30), Record("gen_A", 2, 70)})));
    ASSERT_TRUE(usage->Read(&response));
    EXPECT_EQ(response.ack().lane().sequence(), 2u);
    EXPECT_EQ(response.ack().quarantined(), 0u);
  }
  const ledger::v1::Wallet wallet = Wallet();
  EXPECT_EQ(wallet.balance_nano_usd(), 900);
  EXPECT_EQ(wallet.available_nano_usd(), 600);
  EXPECT_EQ(wallet.held_nano_usd(), 300);
  EXPECT_EQ(wallet.spent_nano_usd(), 100);
  EXPECT_EQ(wallet.credited_nano_usd(), 1000);

  ledger::v1::GetGenerationRequest get;
  get.set_id("gen_A");
  get.set_workspace_id("ws_1");
  ledger::v1::Generation generation;
  const auto kGet = &ledger::v1::LedgerService::Stub::GetGeneration;
  ASSERT_OK(Call(*ledger_, kGet, get, &generation));
  EXPECT_EQ(generation.attempts_size(), 2);
  EXPECT_EQ(generation.charge_nano_usd(), 100);
  get.set_workspace_id("ws_2");
  EXPECT_THAT(Call(*ledger_, kGet, get, &generation), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ServerTest, WhatAKeyHasUsed) {
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 1000, &entry));
  grpc::ClientContext usage_context;
  auto usage = OpenUsage(&usage_context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  usage::v1::UsageRecord own;
  ASSERT_TRUE(own.ParseFromString(Record("gen_B", 1, 0)));
  own.set_byok(true);
  own.set_market_cost_nano_usd(5);
  own.mutable_request_time()->set_seconds(1'767'225'600 + 86'400);  // A Friday.
  ASSERT_TRUE(usage->Write(Batch(1, {Record("gen_A", 1, 30), own.SerializeAsString()})));
  ASSERT_TRUE(usage->Read(&response));
  ASSERT_EQ(response.ack().quarantined(), 0u);

  const auto kGet = &ledger::v1::LedgerService::Stub::GetKeyUsage;
  ledger::v1::GetKeyUsageRequest get;
  get.set_workspace_id("ws_1");
  get.set_key_id("key_1");
  ledger::v1::KeyUsage used;
  ASSERT_OK(Call(*ledger_, kGet, get, &used));
  EXPECT_EQ(used.charged_nano_usd(), 30);
  EXPECT_EQ(used.byok_nano_usd(), 5);
  EXPECT_EQ(used.day().start_time().seconds(), 1'767'225'600 + 86'400);
  EXPECT_EQ(used.day().charged_nano_usd(), 0) << "the first came in long before";
  EXPECT_EQ(used.day().byok_nano_usd(), 5);
  EXPECT_EQ(used.week().start_time().seconds(), 1'767'225'600 - 3 * 86'400);
  EXPECT_EQ(used.month().start_time().seconds(), 1'767'225'600);
  get.set_key_id("key_2");
  ASSERT_OK(Call(*ledger_, kGet, get, &used));
  EXPECT_FALSE(used.has_day());
  EXPECT_EQ(used.charged_nano_usd(), 0);
  get.set_key_id("");
  EXPECT_THAT(Call(*ledger_, kGet, get, &used), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServerTest, TopUpIsIdempotentAlsoAfterARestart) {
  ledger::v1::Entry first;
  ledger::v1::Entry again;
  ASSERT_OK(TopUp("r1", 1000, &first));
  Restart();
  ASSERT_OK(TopUp("r1", 1000, &again));
  EXPECT_EQ(first.SerializeAsString(), again.SerializeAsString());
  const absl::Status other = TopUp("r1", 1001, &again);
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(ReasonOf(other), "EXISTS_WITH_DIFFERENT_CONTENTS");
  EXPECT_EQ(Wallet().balance_nano_usd(), 1000);
  EXPECT_EQ(Wallet("ws_2").balance_nano_usd(), 0);
}

TEST_F(ServerTest, ListsTheStatementInPages) {
  ledger::v1::Entry entry;
  for (int i = 0; i < 5; ++i) ASSERT_OK(TopUp("r" + std::to_string(i), 10 + i, &entry));
  grpc::ClientContext context;
  auto leases = OpenLeases(&context, 1);
  Want(*leases, 10);
  ledger::v1::ListEntriesRequest request;
  request.set_workspace_id("ws_1");
  request.set_page_size(2);
  std::vector<std::uint64_t> sequences;
  const auto kList = &ledger::v1::LedgerService::Stub::ListEntries;
  do {
    ledger::v1::ListEntriesResponse page;
    ASSERT_OK(Call(*ledger_, kList, request, &page));
    for (const auto& one : page.entries()) sequences.push_back(one.sequence());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(sequences, testing::ElementsAre(5, 4, 3, 2, 1));  // Without the lease's grant.
  request.add_kinds(ledger::v1::ENTRY_KIND_LEASE_GRANT);
  ledger::v1::ListEntriesResponse page;
  ASSERT_OK(Call(*ledger_, kList, request, &page));
  EXPECT_EQ(page.entries_size(), 1);
  request.set_page_token("nonsense");
  EXPECT_THAT(Call(*ledger_, kList, request, &page), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServerTest, EndsUsageStreamsWithAReason) {
  const struct {
    const char* what;
    usage::v1::ReportUsageRequest request;
    absl::StatusCode code;
    std::string reason;
  } kRows[] = {
      {"gap", Batch(2, {Record("gen_A", 1, 1)}), absl::StatusCode::kFailedPrecondition,
       "SEQUENCE_GAP"},
      {"empty", Batch(1, {}), absl::StatusCode::kInvalidArgument, ""},
      {"nothing", {}, absl::StatusCode::kInvalidArgument, ""},
  };
  for (const auto& row : kRows) {
    grpc::ClientContext context;
    auto stream = OpenUsage(&context, 1);
    usage::v1::ReportUsageResponse response;
    ASSERT_TRUE(stream->Read(&response));
    stream->Write(row.request);
    EXPECT_FALSE(stream->Read(&response)) << row.what;
    const absl::Status status = FromGrpc(stream->Finish());
    EXPECT_EQ(status.code(), row.code) << row.what;
    EXPECT_EQ(ReasonOf(status), row.reason) << row.what;
  }
}

TEST_F(ServerTest, ACopiedSpoolIsRefused) {
  grpc::ClientContext first_context;
  auto first = OpenUsage(&first_context, 1, "first");
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(first->Read(&response));
  grpc::ClientContext second_context;
  auto second = OpenUsage(&second_context, 1, "second");
  EXPECT_FALSE(second->Read(&response));
  EXPECT_EQ(ReasonOf(FromGrpc(second->Finish())), "SOURCE_IN_USE");
}

TEST_F(ServerTest, ARestartedNodeClosesItsFormerIncarnation) {
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 1000, &entry));
  {
    grpc::ClientContext context;
    auto leases = OpenLeases(&context, 1);
    Want(*leases, 400);
    context.TryCancel();
    leases->Finish();
  }
  Restart();  // Billing too.
  grpc::ClientContext context;
  auto usage = OpenUsage(&context, 2);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  ASSERT_TRUE(usage->Write(Batch(1, {Record("gen_A", 1, 30)})));
  ASSERT_TRUE(usage->Read(&response));
  EXPECT_EQ(Wallet().held_nano_usd(), 370);
  usage::v1::ReportUsageRequest close;
  close.mutable_close_incarnation()->set_incarnation(1);
  auto* end = close.mutable_close_incarnation()->add_lanes();
  end->mutable_lane()->set_incarnation(1);
  end->set_sequence(1);
  ASSERT_TRUE(usage->Write(close));
  ASSERT_TRUE(usage->Read(&response));
  EXPECT_EQ(response.incarnation_closed().incarnation(), 1u);
  EXPECT_EQ(Wallet().available_nano_usd(), 970);
}

TEST_F(ServerTest, AWaitingWantIsAnsweredWhenTheWaitIsOver) {
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 100, &entry));
  grpc::ClientContext context;
  auto holder = OpenLeases(&context, 1);
  Want(*holder, 100);
  grpc::ClientContext other_context;
  auto other = lease_->Leases(&other_context);
  lease::v1::LeaseRequest hello;
  hello.mutable_hello()->set_node_id("node_2");
  hello.mutable_hello()->set_incarnation(1);
  ASSERT_TRUE(other->Write(hello));
  const lease::v1::Grant grant = Want(*other, 50);
  EXPECT_EQ(grant.shortage(), lease::v1::SHORTAGE_RESERVED);
  lease::v1::LeaseResponse recall;
  ASSERT_TRUE(holder->Read(&recall));
  EXPECT_EQ(recall.recall().account(), "wallet/ws_1");
}

TEST_F(ServerTest, ListsAndResolvesLeases) {
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 100, &entry));
  {
    grpc::ClientContext context;
    auto leases = OpenLeases(&context, 1);
    Want(*leases, 60);
  }
  Restart();
  lease::v1::ListLeasesResponse list;
  ASSERT_OK(Call(*lease_, &lease::v1::LeaseService::Stub::ListLeases,
                 lease::v1::ListLeasesRequest(), &list));
  ASSERT_EQ(list.leases_size(), 1);
  EXPECT_EQ(list.leases(0).state(), lease::v1::Lease::STATE_SUSPENDED);
  lease::v1::ResolveLeaseRequest resolve;
  resolve.set_account("wallet/ws_1");
  resolve.set_node_id("node_1");
  resolve.set_incarnation(1);
  lease::v1::Lease lease;
  ASSERT_OK(Call(*lease_, &lease::v1::LeaseService::Stub::ResolveLease, resolve, &lease));
  EXPECT_EQ(lease.state(), lease::v1::Lease::STATE_CLOSED);
  EXPECT_EQ(Wallet().available_nano_usd(), 100);
}

TEST_F(ServerTest, WhoResolvesALeaseIsInTheJournalAndLogged) {
  config_.admin_tokens = {{"ops", AdminRole::kAdmin, Sha256("secret-admin")}};
  token_ = "secret-admin";
  Restart();
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 100, &entry));
  {
    grpc::ClientContext context;
    auto leases = OpenLeases(&context, 1);
    Want(*leases, 60);
  }
  Restart();
  const std::string log = dir_.File("log");
  ASSERT_OK(ConfigureLog({.path = log}));
  lease::v1::ResolveLeaseRequest resolve;
  resolve.set_account("wallet/ws_1");
  resolve.set_node_id("node_1");
  resolve.set_incarnation(1);
  resolve.set_request_id("case-7");
  lease::v1::Lease lease;
  const absl::Status resolved =
      Call(*lease_, &lease::v1::LeaseService::Stub::ResolveLease, resolve, &lease);
  ASSERT_OK(ConfigureLog({}));
  ASSERT_OK(resolved);
  ASSERT_OK_AND_ASSIGN(const std::string text, RealFileSystem().ReadFile(log));
  EXPECT_THAT(text, testing::HasSubstr(R"("event":"lease_resolved","by":"ops",)"
                                       R"("account":"wallet/ws_1","node_id":"node_1",)"
                                       R"("incarnation":1,"freed_nano_usd":)"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("secret-admin")));
  Restart();
  const auto kList = &ledger::v1::LedgerService::Stub::ListEntries;
  ledger::v1::ListEntriesResponse page;
  ASSERT_OK(Call(*ledger_, kList, ledger::v1::ListEntriesRequest(), &page));
  ASSERT_EQ(page.entries_size(), 1);
  EXPECT_EQ(page.entries(0).kind(), ledger::v1::ENTRY_KIND_RESOLUTION);
  EXPECT_EQ(page.entries(0).actor(), "ops");
  EXPECT_EQ(page.entries(0).postings(0).account(), "resolved/wallet/ws_1");
  EXPECT_THAT(page.entries(0).description(), testing::EndsWith("; request case-7"));
  ledger::v1::ListEntriesRequest of_workspace;
  of_workspace.set_workspace_id("ws_1");
  ASSERT_OK(Call(*ledger_, kList, of_workspace, &page));
  ASSERT_EQ(page.entries_size(), 2);
  EXPECT_EQ(page.entries(0).kind(), ledger::v1::ENTRY_KIND_LOSS);
  EXPECT_EQ(page.entries(0).actor(), "ops");
  EXPECT_EQ(page.entries(1).actor(), "ops");  // The top-up.
}

TEST_F(ServerTest, MoneyNeedsATokenOnceOneIsConfigured) {
  config_.admin_tokens = {{"ops", AdminRole::kAdmin, Sha256("secret-admin")},
                          {"eyes", AdminRole::kViewer, Sha256("secret-viewer")}};
  Restart();
  ledger::v1::Entry entry;
  EXPECT_THAT(TopUp("r1", 1, &entry), StatusIs(absl::StatusCode::kUnauthenticated));
  token_ = "secret-viewer";
  EXPECT_THAT(TopUp("r1", 1, &entry), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(Wallet().balance_nano_usd(), 0);
  token_ = "secret-admin";
  EXPECT_OK(TopUp("r1", 1, &entry));
}

TEST_F(ServerTest, StopsWhileStreamsAreOpen) {
  grpc::ClientContext lease_context;
  auto leases = OpenLeases(&lease_context, 1);
  grpc::ClientContext usage_context;
  auto usage = OpenUsage(&usage_context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  server_->Stop();
  EXPECT_FALSE(usage->Read(&response));
  EXPECT_THAT(FromGrpc(usage->Finish()), StatusIs(absl::StatusCode::kUnavailable));
  lease::v1::LeaseResponse lease_response;
  EXPECT_FALSE(leases->Read(&lease_response));
  EXPECT_THAT(FromGrpc(leases->Finish()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ServerTest, WhatCannotBeReadIsQuarantinedAndTheLaneGoesOn) {
  grpc::ClientContext context;
  auto usage = OpenUsage(&context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  ASSERT_TRUE(usage->Write(Batch(1, {"\xff", Record("gen_A", 1, 30), Record("", 1, 30)})));
  ASSERT_TRUE(usage->Read(&response));
  EXPECT_EQ(response.ack().lane().sequence(), 3u);
  EXPECT_EQ(response.ack().quarantined(), 2u);
  ASSERT_TRUE(usage->Write(Batch(4, {Record("gen_B", 1, 30)})));
  ASSERT_TRUE(usage->Read(&response));
  EXPECT_EQ(response.ack().lane().sequence(), 4u);
}

TEST_F(ServerTest, RefundsAndCreditByRpc) {
  using Stub = ledger::v1::LedgerService::Stub;
  ledger::v1::Entry entry;
  ASSERT_OK(TopUp("r1", 1000, &entry));
  grpc::ClientContext lease_context;
  auto leases = OpenLeases(&lease_context, 1);
  Want(*leases, 400);
  grpc::ClientContext usage_context;
  auto usage = OpenUsage(&usage_context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  ASSERT_TRUE(usage->Write(Batch(1, {Record("gen_A", 1, 30)})));
  ASSERT_TRUE(usage->Read(&response));

  ledger::v1::RefundRequest refund;
  refund.set_workspace_id("ws_1");
  refund.set_generation_id("gen_A");
  refund.set_request_id("refund-1");
  EXPECT_THAT(Call(*ledger_, &Stub::Refund, refund, &entry),  // Nobody said why.
              StatusIs(absl::StatusCode::kInvalidArgument));
  refund.set_description("the answer was cut");
  ASSERT_OK(Call(*ledger_, &Stub::Refund, refund, &entry));
  EXPECT_EQ(entry.kind(), ledger::v1::ENTRY_KIND_REFUND);
  EXPECT_EQ(entry.generation_id(), "gen_A");
  EXPECT_EQ(Wallet().balance_nano_usd(), 1000);
  refund.set_request_id("refund-2");
  EXPECT_EQ(ReasonOf(Call(*ledger_, &Stub::Refund, refund, &entry)), "REFUND_EXCEEDS_CHARGE");
  refund.set_generation_id("gen_X");
  EXPECT_THAT(Call(*ledger_, &Stub::Refund, refund, &entry), StatusIs(absl::StatusCode::kNotFound));

  ledger::v1::GrantCreditRequest credit;
  credit.set_workspace_id("ws_1");
  credit.set_amount_nano_usd(70);
  credit.set_request_id("credit-1");
  EXPECT_THAT(Call(*ledger_, &Stub::GrantCredit, credit, &entry),
              StatusIs(absl::StatusCode::kInvalidArgument));
  credit.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now()) + 3600);
  ASSERT_OK(Call(*ledger_, &Stub::GrantCredit, credit, &entry));
  EXPECT_EQ(Wallet().promotional_nano_usd(), 70);
  EXPECT_EQ(Wallet().balance_nano_usd(), 1070);
  Restart();
  ledger::v1::ListCreditsRequest list;
  list.set_workspace_id("ws_1");
  ledger::v1::ListCreditsResponse credits;
  ASSERT_OK(Call(*ledger_, &Stub::ListCredits, list, &credits));
  ASSERT_EQ(credits.credits_size(), 1);
  EXPECT_EQ(credits.credits(0).remaining_nano_usd(), 70);
  EXPECT_EQ(credits.credits(0).expire_time().seconds(), credit.expire_time().seconds());
}

TEST_F(ServerTest, AccountsOfABudgetAreListed) {
  grpc::ClientContext context;
  auto usage = OpenUsage(&context, 1);
  usage::v1::ReportUsageResponse response;
  ASSERT_TRUE(usage->Read(&response));
  usage::v1::UsageRecord record;
  ASSERT_TRUE(record.ParseFromString(Record("gen_A", 1, 0)));
  usage::v1::Hold* hold = record.mutable_holds(0);
  hold->set_account("budget/bud_1/2026-11/key_1");
  hold->set_leased(false);
  hold->set_drawn_nano_usd(25);
  ASSERT_TRUE(usage->Write(Batch(1, {record.SerializeAsString()})));
  ASSERT_TRUE(usage->Read(&response));
  ledger::v1::ListAccountsRequest list;
  list.set_budget_id("bud_1");
  ledger::v1::ListAccountsResponse page;
  ASSERT_OK(Call(*ledger_, &ledger::v1::LedgerService::Stub::ListAccounts, list, &page));
  ASSERT_EQ(page.accounts_size(), 1);
  EXPECT_EQ(page.accounts(0).account(), "budget/bud_1/2026-11/key_1");
  EXPECT_EQ(page.accounts(0).settled_nano_usd(), 25);
  EXPECT_EQ(page.accounts(0).cap_nano_usd(), -1);  // No such budget is configured here.
}

}  // namespace
}  // namespace tollgate::billing
