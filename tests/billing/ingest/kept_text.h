// Usage records are views; tests that make texts for them have them kept here.
#ifndef TOLLGATE_TESTS_BILLING_INGEST_KEPT_TEXT_H_
#define TOLLGATE_TESTS_BILLING_INGEST_KEPT_TEXT_H_

#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace tollgate::billing {

// A view that lives as long as the process.
inline std::string_view Keep(std::string text) {
  static std::deque<std::string> kept;
  return kept.emplace_back(std::move(text));
}

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_INGEST_KEPT_TEXT_H_
