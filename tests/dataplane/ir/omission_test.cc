#include "dataplane/ir/omission.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

TEST(OmissionTest, AFeatureIsNamedOnce) {
  Omissions omissions("gemini");
  omissions.LeftOut("seed");
  omissions.LeftOut("seed");
  omissions.Changed("seed", "It was rounded.");
  ASSERT_EQ(omissions.warnings().size(), 2u);
  EXPECT_EQ(omissions.warnings()[0].details,
            "`seed` was left out: Gemini's generateContent cannot express it.");
  EXPECT_EQ(omissions.warnings()[1].kind, Warning::Kind::kCompatibility);
  EXPECT_FALSE(omissions.refused());
}

TEST(OmissionTest, TheFirstRefusalCounts) {
  Omissions omissions("gemini");
  omissions.Refuse("n", "One only.");
  omissions.Refuse("tools");
  EXPECT_TRUE(omissions.refused());
  EXPECT_EQ(omissions.refused_param(), "n");
  EXPECT_EQ(omissions.refusal(), "One only.");
}

TEST(OmissionTest, NothingUnknownIsDroppedInSilence) {
  const Extras extras = {{kOpenAiChat, "prediction", "{}", false},
                         {kFamilyAnthropic, "thinking", "{}", false},
                         {kGemini, "safetySettings", "[]", false},
                         {kOpenAiChat, "audio", "{}", true}};
  Omissions kept("openai_chat");
  OmitExtras(extras, {kOpenAiChat}, kept);
  ASSERT_EQ(kept.warnings().size(), 1u);
  EXPECT_EQ(kept.warnings()[0].feature, "safetySettings");
  EXPECT_FALSE(kept.refused());
  Omissions others("gemini");
  OmitExtras(extras, {kGemini}, others);
  EXPECT_EQ(others.warnings()[0].feature, "prediction");
  EXPECT_EQ(others.refused_param(), "audio");
}

}  // namespace
}  // namespace tollgate::dataplane::ir
