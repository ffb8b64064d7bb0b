// The names of what providers keep: found again by any node, and by nobody else.
#include "dataplane/request/kept_name.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "dataplane/snapshot/config_image.h"
#include "dataplane/snapshot/snapshot.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/support/resources.h"

namespace tollgate::dataplane {
namespace {

using Kind = KeptName::Kind;

constexpr std::uint32_t kResponses = 1u << static_cast<unsigned>(WireFormat::kOpenAiResponses);

Peppers PeppersOf(const std::string& text) {
  auto peppers = Peppers::Parse(text, "test");
  CHECK(peppers.ok()) << peppers.status();
  return *std::move(peppers);
}
const std::string kFirst = absl::StrCat("1:", std::string(64, 'a'), "\n");
const std::string kSecond = absl::StrCat("2:", std::string(64, 'b'), "\n");

std::string NameAnswer(const Peppers& peppers, std::string_view workspace,
                       std::string_view credential, std::string_view id) {
  return KeptNameOf(peppers, KeptKind::kAnswer, workspace, credential, id);
}
std::string NameItem(const Peppers& peppers, std::string_view workspace,
                     std::string_view credential, std::string_view id) {
  return KeptNameOf(peppers, KeptKind::kItem, workspace, credential, id);
}

class KeptNameTest : public testing::Test {
 protected:
  // With the credentials that are named, of providers r1 and r2 that keep answers and of c1.
  void Publish(const std::vector<std::string>& credentials) {
    ConfigImage image(TestSealer());
    std::vector<config::v1::Resource> resources = {
        WorkspaceResource("ws_1"), WorkspaceResource("ws_2"),
        ProviderResource("r1", catalog::v1::FORMAT_OPENAI_RESPONSES),
        ProviderResource("r2", catalog::v1::FORMAT_OPENAI_RESPONSES), ProviderResource("c1")};
    for (const std::string& id : credentials) {
      const bool own = id.find("own") != std::string::npos;
      resources.push_back(CredentialResource(id, id.substr(0, 2), own ? "ws_1" : ""));
    }
    for (const auto& resource : resources) CHECK(image.Upsert(resource).ok());
    auto snapshot = image.Finish({1, ++revision_});
    CHECK(snapshot.ok()) << snapshot.status();
    snapshot_ = *std::move(snapshot);
  }

  KeptName Find(const Peppers& peppers, std::string_view workspace, std::string_view name,
                KeptKind kind = KeptKind::kAnswer) const {
    return ReadKeptName(peppers, snapshot_->catalog(), kResponses, kind, workspace, name);
  }

  Peppers peppers_ = PeppersOf(kFirst);
  std::uint64_t revision_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(KeptNameTest, TheCredentialThatMadeItIsFound) {
  Publish({"r1_a", "r1_b", "r2_a", "r2_own", "c1_a"});
  for (const std::string id : {"r1_a", "r1_b", "r2_a", "r2_own"}) {
    const std::string name = NameAnswer(peppers_, "ws_1", id, "resp_68.x:Y-9");
    const KeptName kept = Find(peppers_, "ws_1", name);
    ASSERT_EQ(kept.kind, Kind::kFound) << id;
    EXPECT_EQ(kept.credential->id, id);
    EXPECT_EQ(kept.provider_id, "resp_68.x:Y-9");
  }
  // Of another format: nothing is kept there.
  EXPECT_EQ(Find(peppers_, "ws_1", NameAnswer(peppers_, "ws_1", "c1_a", "r")).kind,
            Kind::kCredentialGone);
}

TEST_F(KeptNameTest, ItSaysWhichCredentialToNobody) {
  const std::string a = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  EXPECT_THAT(a, testing::MatchesRegex("resp_tg[0-9a-f]{40}_resp_1"));
  EXPECT_EQ(a, NameAnswer(peppers_, "ws_1", "r1_a", "resp_1")) << "always the same";
  // Nothing of the name but the provider's id is common to two answers of one credential.
  const std::string b = NameAnswer(peppers_, "ws_1", "r1_a", "resp_2");
  EXPECT_NE(a.substr(7, 24), b.substr(7, 24));
  EXPECT_NE(a.substr(31, 16), b.substr(31, 16));
}

TEST_F(KeptNameTest, AnotherWorkspaceHasNoUseOfIt) {
  Publish({"r1_a"});
  const std::string name = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  EXPECT_EQ(Find(peppers_, "ws_2", name).kind, Kind::kOfAnother);
  EXPECT_EQ(Find(PeppersOf(kSecond), "ws_1", name).kind, Kind::kOfAnother)
      << "what another gateway named";
  for (std::size_t i = 7; i < name.size(); ++i) {  // The last answer's name does for no other.
    if (i == 47) continue;                         // The separator.
    std::string changed = name;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_NE(Find(peppers_, "ws_1", changed).kind, Kind::kFound) << i;
  }
}

TEST_F(KeptNameTest, WhatNoGatewayNamedIsForeign) {
  Publish({"r1_a"});
  const std::string name = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  for (const std::string& foreign :
       {std::string(), std::string("resp_1"), std::string("resp_tg"), name.substr(0, 47),
        name.substr(0, 48), name.substr(0, 47) + "-resp_1", "x" + name}) {
    EXPECT_EQ(Find(peppers_, "ws_1", foreign).kind, Kind::kForeign) << foreign;
  }
  EXPECT_EQ(Find(peppers_, "ws_1", name + "/../x").kind, Kind::kOfAnother);
}

TEST_F(KeptNameTest, ACredentialThatIsGoneIsToldApart) {
  Publish({"r1_a", "r1_b"});
  const std::string name = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  Publish({"r1_b"});
  EXPECT_EQ(Find(peppers_, "ws_1", name).kind, Kind::kCredentialGone);
}

TEST_F(KeptNameTest, NamesOutliveARotationAsLongAsKeysDo) {
  Publish({"r1_a"});
  const std::string old_name = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  const Peppers both = PeppersOf(kFirst + kSecond);
  EXPECT_EQ(Find(both, "ws_1", old_name).kind, Kind::kFound);
  const std::string name = NameAnswer(both, "ws_1", "r1_a", "resp_1");
  EXPECT_NE(name, old_name);
  EXPECT_EQ(Find(PeppersOf(kSecond), "ws_1", name).kind, Kind::kFound);
}

TEST_F(KeptNameTest, IdsThatNoPathTakesHaveNoName) {
  for (const std::string& id :
       {std::string(), std::string("a/b"), std::string("a b"), std::string("a\\u0062"),
        std::string("a%2f"), std::string(kProviderIdBytesMax + 1, 'x')}) {
    EXPECT_EQ(NameAnswer(peppers_, "ws_1", "r1_a", id), "") << id;
  }
}

TEST_F(KeptNameTest, AnItemsNameBeginsAsItsIdDoes) {
  Publish({"r1_a", "r1_b"});
  for (const auto& [id, prefix] :
       std::vector<std::pair<std::string, std::string>>{{"msg_68a", "msg"},
                                                        {"rs_0-1", "rs"},
                                                        {"fc_68:a.b", "fc"},
                                                        {"mcpr_1", "mcpr"},
                                                        {"68a", "item"},
                                                        {"_68a", "item"},
                                                        {"anIdWithoutAnythingInFront_1", "item"}}) {
    const std::string name = NameItem(peppers_, "ws_1", "r1_b", id);
    EXPECT_THAT(name, testing::MatchesRegex(prefix + "_tg[0-9a-f]{40}_.*")) << id;
    EXPECT_TRUE(name.ends_with("_" + id)) << name;
    EXPECT_TRUE(IsKeptName(KeptKind::kItem, name));
    EXPECT_FALSE(IsKeptName(KeptKind::kItem, id));
    const KeptName kept = Find(peppers_, "ws_1", name, KeptKind::kItem);
    ASSERT_EQ(kept.kind, Kind::kFound) << name;
    EXPECT_EQ(kept.credential->id, "r1_b");
    EXPECT_EQ(kept.provider_id, id);
    EXPECT_EQ(Find(peppers_, "ws_2", name, KeptKind::kItem).kind, Kind::kOfAnother);
    EXPECT_EQ(Find(peppers_, "ws_1", "x" + name, KeptKind::kItem).kind, Kind::kOfAnother);
  }
}

TEST_F(KeptNameTest, AnItemsNameDoesForNoAnswer) {
  Publish({"r1_a"});
  const std::string answer = NameAnswer(peppers_, "ws_1", "r1_a", "resp_1");
  const std::string item = NameItem(peppers_, "ws_1", "r1_a", "resp_1");
  EXPECT_NE(answer, item);
  EXPECT_EQ(Find(peppers_, "ws_1", item).kind, Kind::kOfAnother);
  EXPECT_EQ(Find(peppers_, "ws_1", answer, KeptKind::kItem).kind, Kind::kOfAnother);
}

TEST_F(KeptNameTest, ItIsOfOneCredentialOnly) {
  Publish({"r1_a", "r1_b"});
  const Peppers both = PeppersOf(kFirst + kSecond);
  const std::string name = NameItem(peppers_, "ws_1", "r1_a", "msg_1");
  const auto id_of = [&](std::string_view workspace, std::string_view credential,
                         const std::string& text) {
    return ProviderIdOf(both, KeptKind::kItem, workspace, credential, text);
  };
  EXPECT_EQ(id_of("ws_1", "r1_a", name), "msg_1");
  EXPECT_EQ(id_of("ws_1", "r1_b", name), "");
  EXPECT_EQ(id_of("ws_2", "r1_a", name), "");
  EXPECT_EQ(id_of("ws_1", "r1_a", "msg_1"), "");
  EXPECT_EQ(id_of("ws_1", "r1_a", name.substr(0, name.size() - 1)), "");
  for (const std::size_t at : {0, 6, 29, 30, 45}) {  // The type, and either tag from end to end.
    std::string changed = name;
    changed[at] = changed[at] == '0' ? '1' : '0';
    EXPECT_EQ(id_of("ws_1", "r1_a", changed), "") << at;
  }
}

TEST_F(KeptNameTest, TheLikelyCredentialIsOnlyALikelyOne) {
  Publish({"r1_a", "r1_b"});
  const auto find = [&](const std::string& name, const Credential* likely) {
    return ReadKeptName(peppers_, snapshot_->catalog(), kResponses, KeptKind::kItem, "ws_1", name,
                        likely);
  };
  const Credential* a = find(NameItem(peppers_, "ws_1", "r1_a", "msg_1"), nullptr).credential;
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(find(NameItem(peppers_, "ws_1", "r1_a", "msg_2"), a).credential, a);
  EXPECT_EQ(find(NameItem(peppers_, "ws_1", "r1_b", "msg_3"), a).credential->id, "r1_b");
  EXPECT_EQ(find(NameItem(peppers_, "ws_1", "r1_c", "msg_4"), a).kind, Kind::kCredentialGone);
}

}  // namespace
}  // namespace tollgate::dataplane
