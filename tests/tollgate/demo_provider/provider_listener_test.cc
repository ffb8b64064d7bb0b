#include "tollgate/demo_provider/provider_listener.h"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tollgate/standalone/http_get.h"

namespace tollgate {
namespace {

using testing::HasSubstr;

TEST(ProviderListener, ServesManyConnectionsAtOnce) {
  ASSERT_OK_AND_ASSIGN(auto listener, ProviderListener::Start({}, [](const ProviderRequest& r) {
                         return WholeReply(200, "text/plain", r.target);
                       }));
  std::atomic<int> served = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        const auto body = HttpGet(listener->url() + "/x", {});
        if (body.ok() && *body == "/x") ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 8 * 20);
}

TEST(ProviderListener, SettlesAWholeReplyBeforeItsLastByte) {
  std::promise<ReplyProgress> settled;
  ASSERT_OK_AND_ASSIGN(auto listener, ProviderListener::Start({}, [&](const ProviderRequest&) {
                         Reply reply = WholeReply(200, "text/plain", "ok");
                         reply.steps.back().output_tokens = 7;
                         reply.settle = [&](const ReplyProgress& p) { settled.set_value(p); };
                         return reply;
                       }));
  ASSERT_OK(HttpGet(listener->url() + "/", {}).status());
  const ReplyProgress progress = settled.get_future().get();
  EXPECT_TRUE(progress.begun && progress.complete && progress.usage_sent);
  EXPECT_EQ(progress.output_tokens, 7);
}

// The client gives up after a second; the provider notices without writing anything.
TEST(ProviderListener, SettlesWhatItsPeerDidNotWaitFor) {
  std::promise<ReplyProgress> settled;
  ASSERT_OK_AND_ASSIGN(auto listener, ProviderListener::Start({}, [&](const ProviderRequest&) {
                         Reply reply = WholeReply(200, "text/plain", "never");
                         reply.steps.front().output_tokens = 3;
                         reply.steps.back().wait = absl::InfiniteDuration();
                         reply.settle = [&](const ReplyProgress& p) { settled.set_value(p); };
                         return reply;
                       }));
  EXPECT_FALSE(HttpGet(listener->url() + "/", {}).ok());
  const ReplyProgress progress = settled.get_future().get();
  EXPECT_TRUE(progress.begun);
  EXPECT_FALSE(progress.complete);
  EXPECT_FALSE(progress.usage_sent);
  EXPECT_EQ(progress.output_tokens, 3);
}

// What works on although its client has left charges for everything, before the first byte too.
TEST(ProviderListener, WorksOnForAPeerThatLeft) {
  std::promise<ReplyProgress> settled;
  ASSERT_OK_AND_ASSIGN(auto listener, ProviderListener::Start({}, [&](const ProviderRequest&) {
                         Reply reply = WholeReply(200, "text/plain", "never");
                         reply.steps.front().wait = absl::InfiniteDuration();
                         reply.steps.back().output_tokens = 5;
                         reply.works_on = true;
                         reply.settle = [&](const ReplyProgress& p) { settled.set_value(p); };
                         return reply;
                       }));
  EXPECT_FALSE(HttpGet(listener->url() + "/", {}).ok());
  const ReplyProgress progress = settled.get_future().get();
  EXPECT_TRUE(progress.begun);
  EXPECT_FALSE(progress.complete);
  EXPECT_EQ(progress.output_tokens, 5);
}

TEST(ProviderListener, StopsWhileARequestHangs) {
  std::promise<void> asked;
  ASSERT_OK_AND_ASSIGN(auto listener, ProviderListener::Start({}, [&](const ProviderRequest&) {
                         Reply reply = WholeReply(200, "text/plain", "never");
                         reply.steps.front().wait = absl::InfiniteDuration();
                         asked.set_value();
                         return reply;
                       }));
  const std::string url = listener->url();
  std::thread client([&] { EXPECT_FALSE(HttpGet(url + "/", {}).ok()); });
  asked.get_future().wait();
  listener->Stop();
  client.join();
}

ProviderListenerOptions At(const std::string& address) {
  ProviderListenerOptions options;
  options.address = address;
  return options;
}

TEST(ProviderListener, RefusesAddressesThatDoNotServe) {
  const auto answer = [](const ProviderRequest&) { return Reply(); };
  EXPECT_THAT(ProviderListener::Start(At("0.0.0.0:0"), answer),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("loopback")));
  EXPECT_THAT(ProviderListener::Start(At("nonsense"), answer),
              StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(auto first, ProviderListener::Start({}, answer));
  EXPECT_THAT(ProviderListener::Start(At("127.0.0.1:" + std::to_string(first->port())), answer),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace tollgate
