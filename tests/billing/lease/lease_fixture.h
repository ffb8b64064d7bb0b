// A lease book with nodes that behave, for the tests of its two halves.
#ifndef TOLLGATE_TESTS_BILLING_LEASE_LEASE_FIXTURE_H_
#define TOLLGATE_TESTS_BILLING_LEASE_LEASE_FIXTURE_H_

#include <string>
#include <vector>

#include "base/status_reason.h"
#include "billing/lease/lease_book.h"
#include "tests/billing/lease/draw.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {

inline constexpr const char* kWallet = "wallet/ws_1";

inline Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

class LeaseFixture : public testing::Test {
 protected:
  // Opens stream `id` for incarnation `incarnation` of `node`.
  void Open(StreamId id, const std::string& node, std::uint64_t incarnation = 1) {
    ASSERT_OK(book_.OpenStream(id, {node, incarnation, ""}));
  }
  void Fund(std::int64_t amount) { ASSERT_OK(book_.Credit(kWallet, Nano(amount), now_)); }

  // Sends a Want and takes the messages that follow.
  std::vector<LeaseMessage> Want(StreamId id, WantRequest request) {
    if (request.account.empty()) request.account = kWallet;
    EXPECT_OK(book_.Want(id, request, now_));
    return book_.TakeEffects().messages;
  }
  // The same where one Grant must be the whole answer.
  GrantAnswer Ask(StreamId id, WantRequest request) {
    const std::vector<LeaseMessage> messages = Want(id, std::move(request));
    EXPECT_EQ(messages.size(), 1u);
    if (messages.empty() || !std::holds_alternative<GrantAnswer>(messages[0].content)) {
      ADD_FAILURE() << "no Grant";
      return {};
    }
    EXPECT_EQ(messages[0].stream, id);
    return std::get<GrantAnswer>(messages[0].content);
  }
  WantRequest Need(std::int64_t amount, std::int64_t granted = 0, std::int64_t released = 0) {
    WantRequest request;
    request.granted = Nano(granted);
    request.released = Nano(released);
    request.need = request.want = Nano(amount);
    request.nonce = ++nonce_;
    return request;
  }
  void Advance(absl::Duration time) {
    now_.wall += time;
    now_.monotonic += time;
  }

  LeaseBook book_;
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1'000'000'000)};
  std::uint64_t nonce_ = 0;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_LEASE_LEASE_FIXTURE_H_
