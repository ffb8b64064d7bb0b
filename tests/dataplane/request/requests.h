// Requests that the tests of the pipeline send, and what they look at.
#ifndef TOLLGATE_TESTS_DATAPLANE_REQUEST_REQUESTS_H_
#define TOLLGATE_TESTS_DATAPLANE_REQUEST_REQUESTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/support/gateway.h"

namespace tollgate::dataplane {

// What TestGateway grants to the wallet.
inline constexpr std::int64_t kWallet = 10'000'000'000;
inline constexpr std::string_view kBody =
    R"({"model":"acme/small","messages":[{"role":"user","content":"hi"}],"max_tokens":50})";
inline constexpr std::string_view kStreamBody =
    R"({"model":"acme/small","stream":true,"messages":[{"role":"user","content":"hi"}],)"
    R"("max_tokens":50})";
inline constexpr std::string_view kUsageBody =
    R"({"model":"acme/small","stream":true,"stream_options":{"include_usage":true},)"
    R"("messages":[{"role":"user","content":"hi"}],"max_tokens":50})";

inline std::string BodyOf(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

// How often `part` stands in a text.
inline int Occurrences(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// Whether the message of an error is a sentence, and its envelope names a generation.
inline void ExpectError(const ClientAnswer& answer, int status, const std::string& code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_THAT(answer.body, testing::HasSubstr("\"code\":\"" + code + "\""));
  EXPECT_THAT(answer.body, testing::HasSubstr("{\"error\":{\"message\":\""));
}

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_REQUEST_REQUESTS_H_
