#include "base/digest.h"

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tollgate {
namespace {

using absl::StatusCode;

std::string Hex(const Sha256Digest& digest) { return HexEncode(DigestView(digest)); }

TEST(DigestTest, Sha256KnownAnswers) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, HmacKnownAnswers) {
  // RFC 4231, cases 1, 2 and 6 (a key longer than a block).
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(DigestTest, OneHmacKeyServesManyMessages) {
  const HmacKey key("pepper");
  const HmacKey copy = key;
  for (std::size_t length : {0u, 1u, 55u, 56u, 64u, 1000u}) {
    const std::string message(length, 'm');
    EXPECT_EQ(key.Digest(message), HmacSha256("pepper", message));
    EXPECT_EQ(copy.Digest(message), key.Digest(message));
  }
}

TEST(DigestTest, ConstantTimeEqualCompares) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
  EXPECT_TRUE(ConstantTimeEqual(Sha256("a"), Sha256("a")));
  EXPECT_FALSE(ConstantTimeEqual(Sha256("a"), Sha256("b")));
}

TEST(EncodingTest, Hex) {
  EXPECT_EQ(HexEncode(std::string("\x00\x7f\xff", 3)), "007fff");
  EXPECT_THAT(HexDecode("007FfF"), IsOkAndHolds(std::string("\x00\x7f\xff", 3)));
  EXPECT_THAT(HexDecode("0"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(HexDecode("0g"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(EncodingTest, Base64) {
  // RFC 4648 section 10.
  const struct {
    const char* bytes;
    const char* text;
  } kCases[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"foobar", "Zm9vYmFy"}};
  for (const auto& c : kCases) {
    EXPECT_EQ(Base64Encode(c.bytes), c.text);
    EXPECT_THAT(Base64Decode(c.text), IsOkAndHolds(std::string(c.bytes)));
  }
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==",
                           "Zm9v\n", "Zm9-", "Zm 9"}) {
    EXPECT_THAT(Base64Decode(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace tollgate
