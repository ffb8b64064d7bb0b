#include "base/seal.h"

#include <sys/stat.h>

#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using absl::StatusCode;

Sealer MakeSealer(char key_byte = 'k') {
  return *Sealer::Create(Secret(std::string(kSealKeyBytes, key_byte)));
}

TEST(SealTest, OpensWhatItSealed) {
  const Sealer sealer = MakeSealer();
  for (const std::string& plaintext : {std::string(), std::string("sk-provider"),
                                       std::string(10'000, 'x'), std::string("\0\1", 2)}) {
    const std::string sealed = sealer.Seal(plaintext, "cred_1");
    EXPECT_EQ(sealed.size(), plaintext.size() + kSealOverheadBytes);
    ASSERT_OK_AND_ASSIGN(const Secret opened, sealer.Open(sealed, "cred_1"));
    EXPECT_EQ(opened.Reveal(), plaintext);
  }
}

TEST(SealTest, TwoSealsOfOneValueDiffer) {
  const Sealer sealer = MakeSealer();
  EXPECT_NE(sealer.Seal("same", ""), sealer.Seal("same", ""));
}

TEST(SealTest, RefusesAnyAlteration) {
  const Sealer sealer = MakeSealer();
  const std::string sealed = sealer.Seal("sk-provider", "cred_1");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(sealer.Open(altered, "cred_1").ok()) << i;
    EXPECT_FALSE(sealer.Open(sealed.substr(0, i), "cred_1").ok()) << i;
  }
}

TEST(SealTest, RefusesAnotherKeyAnotherUseAndAnotherVersion) {
  const Sealer sealer = MakeSealer();
  std::string sealed = sealer.Seal("sk-provider", "cred_1");
  EXPECT_THAT(sealer.Open(sealed, "cred_2"), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(MakeSealer('o').Open(sealed, "cred_1"), StatusIs(StatusCode::kDataLoss));
  sealed[0] = 2;
  EXPECT_THAT(sealer.Open(sealed, "cred_1"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(sealer.Open("short", "cred_1"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(SealTest, LoadsAGeneratedKeyFileAndRefusesUnsafeOnes) {
  TempDir dir;
  const std::string path = dir.File("seal.key");
  ASSERT_OK(GenerateSealKeyFile(path));
  EXPECT_THAT(GenerateSealKeyFile(path), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const Sealer first, Sealer::Load(path));
  ASSERT_OK_AND_ASSIGN(const Sealer second, Sealer::Load(path));
  EXPECT_OK(second.Open(first.Seal("x", "a"), "a"));
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(Sealer::Load(path), StatusIs(StatusCode::kPermissionDenied));
  for (const std::string& contents :
       {std::string(62, 'a'), std::string(66, 'a'), std::string(64, 'g'), std::string(32, 'a')}) {
    ASSERT_OK(RealFileSystem().WriteFileAtomically(path, contents, kModePrivate));
    EXPECT_THAT(Sealer::Load(path), StatusIs(StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(Sealer::Create(Secret("short")), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace tollgate
