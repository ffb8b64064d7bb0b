#include "base/api_key.h"

#include <sys/stat.h>

#include <set>

#include "base/file_system.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kHexA(64, 'a');
const std::string kHexB(64, 'b');

TEST(ApiKeyTest, GeneratedKeysLookLikeKeysAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const Secret key = GenerateApiKey(SystemRandom());
    EXPECT_EQ(key.size(), kApiKeyChars);
    EXPECT_TRUE(LooksLikeApiKey(key.Reveal()));
    seen.emplace(key.Reveal());
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(ApiKeyTest, TheFormatIsStable) {
  // Checksum computed apart, with zlib.crc32 of Python.
  EXPECT_TRUE(LooksLikeApiKey("tg_live_0123456789ABCDEFGHIJKLMNOPQRSTUV2ALRRa"));
}

TEST(ApiKeyTest, AnyOneCharacterChangedIsRefused) {
  SeededRandom random(1);
  const Secret secret = GenerateApiKey(random);
  const std::string key(secret.Reveal());
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string changed = key;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(LooksLikeApiKey(changed)) << i;
    changed[i] = '-';
    EXPECT_FALSE(LooksLikeApiKey(changed)) << i;
  }
}

TEST(ApiKeyTest, OtherLengthsAreRefused) {
  SeededRandom random(1);
  const Secret secret = GenerateApiKey(random);
  const std::string key(secret.Reveal());
  EXPECT_FALSE(LooksLikeApiKey(""));
  EXPECT_FALSE(LooksLikeApiKey(key + "0"));
  for (std::size_t i = 0; i < key.size(); ++i) EXPECT_FALSE(LooksLikeApiKey(key.substr(0, i)));
}

TEST(PeppersTest, TheHighestIdIsCurrentAndAllDigest) {
  ASSERT_OK_AND_ASSIGN(const Peppers peppers,
                       Peppers::Parse("# two\n1:" + kHexA + "\n\n 3 : " + kHexB + " \r\n", "p"));
  EXPECT_EQ(peppers.current_id(), 3u);
  EXPECT_THAT(peppers.ids(), ElementsAre(3u, 1u));
  ASSERT_OK_AND_ASSIGN(const std::string pepper, HexDecode(kHexA));
  EXPECT_EQ(peppers.Digest(1, "key"), HmacSha256(pepper, "key"));
  EXPECT_NE(peppers.Digest(3, "key"), peppers.Digest(1, "key"));
  EXPECT_EQ(peppers.Digest(2, "key"), std::nullopt);
}

TEST(PeppersTest, RefusesWhatIsUnsafe) {
  const struct {
    std::string text;
    const char* message;
  } kCases[] = {
      {"", "no pepper"},
      {"# nothing\n", "no pepper"},
      {"1:", "at least 32"},
      {"1:" + kHexA.substr(2), "at least 32"},
      {"1:" + kHexA.substr(1), "not hexadecimal"},
      {"1:zz" + kHexA, "not hexadecimal"},
      {kHexA, "id:hex"},
      {"0:" + kHexA, "id:hex"},
      {"-1:" + kHexA, "id:hex"},
      {"1:" + kHexA + "\n1:" + kHexB, "p:2: pepper 1 is given twice"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Peppers::Parse(c.text, "p"),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.text;
  }
  std::string many;
  for (std::size_t i = 1; i <= kPeppersMax + 1; ++i) many += std::to_string(i) + ":" + kHexA + "\n";
  EXPECT_THAT(Peppers::Parse(many, "p"), StatusIs(StatusCode::kInvalidArgument));
}

TEST(PeppersTest, MessagesDoNotQuoteThePepper) {
  const absl::Status status = Peppers::Parse("1:secret" + kHexA, "p").status();
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
}

TEST(PeppersTest, AGeneratedFileLoadsAndIsPrivate) {
  TempDir dir;
  const std::string path = dir.File("peppers");
  ASSERT_OK(GeneratePepperFile(path));
  ASSERT_OK_AND_ASSIGN(const Peppers peppers, Peppers::Load(path));
  EXPECT_EQ(peppers.current_id(), 1u);
  EXPECT_THAT(GeneratePepperFile(path), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(Peppers::Load(path), StatusIs(StatusCode::kPermissionDenied, HasSubstr("chmod")));
}

}  // namespace
}  // namespace tollgate
