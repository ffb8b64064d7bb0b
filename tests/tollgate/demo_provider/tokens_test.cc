#include "tollgate/demo_provider/tokens.h"

#include <string>

#include "base/random.h"
#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(Tokens, CountsWordsInPiecesOfFourBytes) {
  const struct {
    const char* text;
    std::int64_t tokens;
  } kCases[] = {
      {"", 0}, {"a", 1}, {"four", 1}, {"fives", 2}, {"a b", 2}, {"You said:", 3}, {"   ", 1},
  };
  for (const auto& test_case : kCases) {
    EXPECT_EQ(CountTokens(test_case.text), test_case.tokens) << '"' << test_case.text << '"';
  }
}

TEST(Tokens, NeverCutsACharacter) {
  const std::string text = "äöüßäöü 日本語テキスト 🎉🎉";
  std::string_view rest = text;
  while (!rest.empty()) {
    rest.remove_prefix(FirstTokenBytes(rest));
    if (rest.empty()) break;
    EXPECT_NE(static_cast<unsigned char>(rest.front()) & 0xC0U, 0x80U);
  }
}

// The gateway's hold relies on it.
TEST(Tokens, AreNeverMoreThanBytes) {
  SeededRandom random(1);
  for (int i = 0; i < 1'000; ++i) {
    std::string text;
    for (std::uint64_t size = random.Below(40); size > 0; --size) {
      text += static_cast<char>(random.Below(256));
    }
    EXPECT_LE(CountTokens(text), static_cast<std::int64_t>(text.size()));
    EXPECT_EQ(CountTokens(text) == 0, text.empty());
  }
}

}  // namespace
}  // namespace tollgate
