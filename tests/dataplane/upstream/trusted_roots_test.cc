#include "dataplane/upstream/trusted_roots.h"

#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

TEST(TrustedRootsTest, AFileThatIsNotThereIsRefusedByName) {
  const auto roots = TrustedRoots::Load("/nowhere/roots.pem");
  ASSERT_FALSE(roots.ok());
  EXPECT_EQ(roots.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(roots.status().message().find("/nowhere/roots.pem"), std::string::npos);
}

TEST(TrustedRootsTest, AFileWithoutACertificateIsRefused) {
  const TempDir dir;
  const std::string path = dir.File("roots.pem");
  std::ofstream(path) << "no certificate\n";
  EXPECT_EQ(TrustedRoots::Load(path).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TrustedRootsTest, EveryWorkerGetsTheSameStore) {
  const auto roots = TrustedRoots::Load("");
  ASSERT_TRUE(roots.ok()) << roots.status();
  EXPECT_NE((*roots)->store(), nullptr);
  EXPECT_EQ((*roots)->store(), (*roots)->store());
}

}  // namespace
}  // namespace tollgate::dataplane
