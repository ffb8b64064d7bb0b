#include "dataplane/ir/signature.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

TEST(SignatureTest, OnesOwnIsShownAsItIs) {
  EXPECT_EQ(ShowSignature({kFamilyAnthropic, "abc"}, kFamilyAnthropic), "abc");
  const Signature read = ReadSignature("abc", kFamilyAnthropic);
  EXPECT_EQ(read.maker, kFamilyAnthropic);
  EXPECT_EQ(read.value, "abc");
}

TEST(SignatureTest, AnothersFindsItsWayBack) {
  const std::string shown = ShowSignature({kFamilyGoogle, "a.b=="}, kFamilyAnthropic);
  EXPECT_NE(shown, "a.b==");
  const Signature read = ReadSignature(shown, kFamilyAnthropic);
  EXPECT_EQ(read.maker, kFamilyGoogle);
  EXPECT_EQ(read.value, "a.b==");
}

TEST(SignatureTest, ABrokenPrefixIsNobodyElses) {
  EXPECT_EQ(ReadSignature("tollgate.", kFamilyOpenAi).maker, kFamilyOpenAi);
  EXPECT_EQ(ReadSignature("", kFamilyOpenAi).present(), false);
}

}  // namespace
}  // namespace tollgate::dataplane::ir
