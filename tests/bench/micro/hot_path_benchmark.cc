// The pieces of the hot path by themselves.
//
//   bench-micro [--benchmark_filter=Scan]
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/file_system.h"
#include "base/random.h"
#include "base/seal.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/http/request_head.h"
#include "dataplane/http/sse.h"
#include "dataplane/meter/spool.h"
#include "dataplane/provider/format.h"
#include "dataplane/snapshot/config_image.h"
#include "dataplane/surface/openai_chat/scan.h"
#include "tests/bench/config/key_population.h"
#include "tests/bench/ledger/usage_batches.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

// What the OpenAI client for Python sends.
constexpr std::string_view kHead =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example.com\r\n"
    "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nAccept: application/json\r\n"
    "Content-Type: application/json\r\nUser-Agent: OpenAI/Python 2.8.1\r\n"
    "X-Stainless-Lang: python\r\nX-Stainless-Package-Version: 2.8.1\r\n"
    "X-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\n"
    "Authorization: Bearer tg_live_00000000000000000000000000000000000000\r\n"
    "Content-Length: 1015\r\n\r\n";

std::string ChatBody(std::size_t bytes) {
  std::string body =
      R"({"model":"bench/chat","max_tokens":1024,"messages":[{"role":"user","content":")";
  const std::string_view tail = R"("}]})";
  while (body.size() + tail.size() < bytes) body += "The quick brown fox "[body.size() % 20];
  return body.append(tail);
}

void BM_ParseRequestHead(benchmark::State& state) {
  for (auto _ : state) {
    RequestHead head;
    benchmark::DoNotOptimize(ParseRequestHead(kHead, head));
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(BM_ParseRequestHead);

void BM_ScanChatRequest(benchmark::State& state) {
  const std::string body = ChatBody(static_cast<std::size_t>(state.range(0)));
  ScannedRequest request;
  for (auto _ : state) {
    request.Reset();
    CHECK(!ScanChatRequest(body, request).has_value());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ScanChatRequest)->Arg(1015)->Arg(100'000);

void BM_ReadAnswer(benchmark::State& state) {
  const std::string answer = absl::StrCat(
      R"({"id":"chatcmpl-bench","object":"chat.completion","created":1795000000,)"
      R"("model":"bench-chat","choices":[{"index":0,"message":{"role":"assistant","content":")",
      std::string(400, 'x'), R"("},"logprobs":null,"finish_reason":"stop"}],)",
      R"("usage":{"prompt_tokens":210,"completion_tokens":60,"total_tokens":270}})");
  for (auto _ : state) {
    const AnswerFacts facts = OpenAiChatFormat().ReadAnswer(answer);
    CHECK(facts.usage.present);
  }
}
BENCHMARK(BM_ReadAnswer);

constexpr std::string_view kEvent =
    R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1795000000,)"
    R"("model":"bench-chat","choices":[{"index":0,"delta":{"content":"some tokens of text"},)"
    R"("finish_reason":null}]})"
    "\n\n";

void BM_SplitAndReadEvent(benchmark::State& state) {
  std::string scratch;
  SseSplitter splitter;
  for (auto _ : state) {
    CHECK_EQ(splitter.Next(kEvent), kEvent.size());
    const AnswerFacts facts = OpenAiChatFormat().ReadEvent(SseData(kEvent, scratch));
    CHECK(facts.has_choices);
  }
}
BENCHMARK(BM_SplitAndReadEvent);

// Digest of the key's text, and its place among a hundred thousand.
void BM_Authenticate(benchmark::State& state) {
  constexpr std::size_t kKeys = 100'000;
  static const Sealer& sealer = *new Sealer(*Sealer::Create(Secret(std::string(32, 'k'))));
  ConfigImage image(sealer);
  for (std::size_t i = 0; i < kKeys / bench::kKeysPerWorkspace; ++i) {
    CHECK(image.Upsert(bench::WorkspaceOf(i)).ok());
  }
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(image.Upsert(bench::KeyOf(i, false)).ok());
  const auto snapshot = *image.Finish({1, 1});
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 1024; ++i) texts.push_back(bench::KeyText(i * 97 % kKeys));
  const absl::Time now = absl::FromUnixSeconds(1'795'000'000);
  std::size_t i = 0;
  for (auto _ : state) {
    const auto who = Authenticate(texts[++i % texts.size()], *snapshot, bench::BenchPeppers(), now);
    CHECK(std::holds_alternative<Principal>(who));
  }
}
BENCHMARK(BM_Authenticate);

// A wallet and two hard budgets.
void BM_HoldAndSettle(benchmark::State& state) {
  const TempDir dir;
  auto table = LeaseTable::Open(RealFileSystem(), dir.File("leases"), 64, "boot");
  CHECK(table.ok()) << table.status();
  LeasePool pool(**table, RealClock(), {.incarnation = 1});
  pool.SetWake([] {});
  AccountSet accounts;
  for (const char* name : {bench::kWallet, bench::kKeyBudget, bench::kWorkspaceBudget}) {
    const bool wallet = name == bench::kWallet;
    const Account* account = pool.Open(name, wallet ? "" : "budget", true, absl::InfiniteFuture());
    constexpr Money kPlenty = Money::FromNanoUsd(std::int64_t{1} << 60);
    pool.Grant(*account, kPlenty, MonotonicTime::InfiniteFuture(), LeaseShortage::kNone, kPlenty);
    CHECK(accounts.Add(account));
  }
  for (auto _ : state) {
    Hold hold;
    CHECK(pool.TryHold(accounts, Money::FromNanoUsd(15'000'000), &hold).kind == HoldResult::kHeld);
    pool.Settle(std::move(hold), Money::FromNanoUsd(1000));
  }
}
BENCHMARK(BM_HoldAndSettle);

// The intent before an attempt and the final record after it.  The spool is emptied now and then,
// outside the time.
void BM_AppendIntentAndFinal(benchmark::State& state) {
  const TempDir dir;
  SpoolOptions options;
  options.folder = dir.File("spool");
  auto identity = NodeIdentity::Begin(RealFileSystem(), dir.File("node"), "boot",
                                      Durability::kProcess, 1, SystemRandom());
  CHECK(identity.ok()) << identity.status();
  auto spool = Spool::Open(RealFileSystem(), SystemRandom(), *identity, 1, options);
  CHECK(spool.ok()) << spool.status();
  Lane& lane = (*spool)->lane(0);
  const std::string record = bench::UsageRecordOf(0, 1).SerializeAsString();
  for (auto _ : state) {
    auto intent = lane.AppendIntent(record);
    while (!intent.ok()) {
      state.PauseTiming();
      (*spool)->Acknowledged(lane, lane.last_sequence());
      (*spool)->Upkeep();
      state.ResumeTiming();
      intent = lane.AppendIntent(record);
    }
    lane.AppendFinal(*std::move(intent), record);
  }
}
BENCHMARK(BM_AppendIntentAndFinal);

}  // namespace
}  // namespace tollgate::dataplane

BENCHMARK_MAIN();
