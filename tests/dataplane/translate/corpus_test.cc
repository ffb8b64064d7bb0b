// Replays what fuzzing begins with: every transcript, whole, cut and with bytes changed, through
// every parser.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/dataplane/translate/fuzz_targets.h"
#include "tests/dataplane/translate/transcripts.h"

namespace tollgate::dataplane {
namespace {

std::vector<std::string> Corpus() {
  std::vector<std::string> corpus;
  for (const Case& c : AllCases()) {
    for (const char* file : {"request.in", "answer.in", "stream.in", "error.in"}) {
      if (c.Has(file)) corpus.push_back(c.Read(file));
    }
  }
  return corpus;
}

class CorpusTest : public testing::TestWithParam<FuzzTarget> {};

TEST_P(CorpusTest, SurvivesTheTranscripts) {
  const std::vector<std::string> corpus = Corpus();
  EXPECT_GT(corpus.size(), 5u);
  for (const std::string& text : corpus) GetParam().run(text);
}

TEST_P(CorpusTest, SurvivesWhatIsBroken) {
  // Some 40 places in each text: cut there, and with that byte changed.
  constexpr std::size_t kPlaces = 40;
  constexpr char kChanges[] = {'\0', '"', '{', '[', '\\', '9', ',', '\n', '\x80'};
  std::size_t turn = 0;
  for (const std::string& text : Corpus()) {
    const std::size_t step = text.size() / kPlaces + 1;
    for (std::size_t at = 0; at < text.size(); at += step) {
      GetParam().run(std::string_view(text).substr(0, at));
      std::string changed = text;
      changed[at] = kChanges[turn++ % sizeof(kChanges)];
      GetParam().run(changed);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, CorpusTest,
                         testing::ValuesIn(FuzzTargets().begin(), FuzzTargets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace tollgate::dataplane
