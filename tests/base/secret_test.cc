#include "base/secret.h"

#include <string>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<std::string, Secret>);

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
static_assert(!Printable<Secret>);
static_assert(!Comparable<Secret>);

TEST(SecretTest, HoldsAndMoves) {
  Secret secret("token");
  EXPECT_EQ(secret.Reveal(), "token");
  EXPECT_EQ(secret.size(), 5u);
  Secret moved = std::move(secret);
  EXPECT_EQ(moved.Reveal(), "token");
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): moved-from is empty.
  Secret other("old");
  other = std::move(moved);
  EXPECT_EQ(other.Reveal(), "token");
  Secret clone = other.Clone();
  EXPECT_EQ(clone.Reveal(), "token");
  EXPECT_TRUE(Secret().empty());
}

TEST(SecretTest, TakeWipesTheOriginal) {
  std::string original = "short";  // Within the string object itself.
  const char* bytes = original.data();
  const Secret secret = Secret::Take(std::move(original));
  EXPECT_EQ(secret.Reveal(), "short");
  EXPECT_TRUE(original.empty());  // NOLINT(bugprone-use-after-move): the promise under test.
  EXPECT_EQ(std::string(bytes, 5), std::string(5, '\0'));
}

}  // namespace
}  // namespace tollgate
