// A fixed workload through the data plane's request path, for valgrind to count instructions.
//
//   valgrind --tool=callgrind --separate-threads=yes request-path 40 20 20    (check.py does it)
//
// A whole worker with real sockets, a spool, a wallet and two hard budgets serves one connection,
// one request at a time: so many plain requests of 1 KB, so many streams of 20 chunks, and so many
// requests of 100 KB.  Client and provider have threads of their own, so the worker's thread alone
// is the data plane's cost; the difference between two runs is what the further requests cost,
// without start and warm-up.
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "tests/dataplane/support/gateway.h"
#include "tests/dataplane/support/resources.h"
#include "tests/dataplane/support/scripted_upstream.h"

namespace tollgate::dataplane {
namespace {

constexpr Money kPlenty = Money::FromNanoUsd(1'000'000'000'000'000);

std::string ChatBody(std::size_t bytes, bool stream) {
  std::string body = absl::StrCat(R"({"model":"acme/small","stream":)", stream ? "true" : "false",
                                  R"(,"max_tokens":64,"messages":[{"role":"user","content":")");
  const std::string_view tail = R"("}]})";
  while (body.size() + tail.size() < bytes) body += "The quick brown fox "[body.size() % 20];
  return body.append(tail);
}

UpstreamScript JsonScript() {
  return {
      .pieces = {HttpAnswer(200, "application/json", Completion(std::string(400, 'x'), 210, 60))}};
}

constexpr int kChunksPerStream = 20;

// Each event arrives apart, as from a model: the pause is long enough that under valgrind, on a
// busy machine, one is relayed before the next is there.  Events that come together cost less.
UpstreamScript StreamScript() {
  UpstreamScript script{.pieces = {StreamHead()}, .pause_ms = 15};
  for (int i = 0; i < kChunksPerStream - 1; ++i) {
    script.pieces.push_back(Chunk(DeltaEvent("some tokens of text")));
  }
  script.pieces.push_back(Chunk(DeltaEvent("", "stop")) + Chunk(UsageEvent(210, 60)) +
                          Chunk(kDoneEvent) + std::string(kLastChunk));
  return script;
}

void AddBudgets(TestGateway* gateway) {
  gateway->Publish({BudgetResource("budget-key", config::v1::SCOPE_KIND_KEY, "key_1", true,
                                   config::v1::PERIOD_NONE),
                    BudgetResource("budget-workspace", config::v1::SCOPE_KIND_WORKSPACE, "ws_1",
                                   true, config::v1::PERIOD_NONE)});
  for (const char* id : {"budget-key", "budget-workspace"}) {
    const Account* account = gateway->leases().Open(absl::StrCat("budget/", id, "/all"), id, true,
                                                    absl::InfiniteFuture());
    CHECK(account != nullptr);
    gateway->leases().Grant(*account, kPlenty, MonotonicTime::InfiniteFuture(),
                            LeaseShortage::kNone, kPlenty);
  }
}

void Serve(const std::string& body, const UpstreamScript& script, int count,
           ScriptedUpstream* upstream, TestGateway* gateway, TestClient* client) {
  const std::string request = gateway->Post(body);
  for (int i = 0; i < count; ++i) {
    upstream->Expect(script);
    client->Send(request);
    const ClientAnswer answer = client->ReadAnswer();
    CHECK(answer.status == 200 && answer.complete) << answer.status << answer.body;
  }
}

void Run(int plain, int streams, int large) {
  ScriptedUpstream upstream;
  GatewayOptions options;
  options.wallet_nano_usd = kPlenty.nano_usd();
  TestGateway gateway(upstream.base_url(), "", options);
  AddBudgets(&gateway);
  TestClient client(gateway.port());
  Serve(ChatBody(1015, false), JsonScript(), plain, &upstream, &gateway, &client);
  Serve(ChatBody(1015, true), StreamScript(), streams, &upstream, &gateway, &client);
  Serve(ChatBody(100'000, false), JsonScript(), large, &upstream, &gateway, &client);
}

}  // namespace
}  // namespace tollgate::dataplane

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  tollgate::dataplane::Run(std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]));
}
