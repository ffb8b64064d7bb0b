#include "billing/store/generation_index.h"

#include <algorithm>

#include "billing/store/row_codec.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

// Lines of texts that stand one after another.
class Lines {
 public:
  explicit Lines(std::uint64_t first) { run.first_sequence = first; }
  void Add(const std::string& workspace, const std::string& key, const std::string& generation,
           std::uint32_t attempt = 1) {
    UsageLine& line = run.lines.emplace_back();
    line.workspace_id = Put(workspace);
    line.key_id = Put(key);
    line.generation_id = Put(generation);
    line.attempt = attempt;
  }

  UsageRun run;

 private:
  UsageLine::Part Put(const std::string& text) {
    run.rows += text;
    return {static_cast<std::uint32_t>(run.rows.size() - text.size()),
            static_cast<std::uint32_t>(text.size())};
  }
};

TEST(GenerationIndexTest, ARowHasWhatOneCommitHasOfOneBucket) {
  Lines first(10);
  first.Add("ws_1", "key_1", "gen_01K0000AB");
  first.Add("ws_1", "key_2", "gen_01K0000AA", 2);
  first.Add("ws_1", "key_1", "gen_01K0000BA");
  Lines second(20);
  second.Add("ws_1", "", "gen_01K0000AC");
  GenerationIndex index;
  index.Add(first.run);
  index.Add(second.run);
  std::vector<std::string> found;
  std::vector<std::string> keys;
  for (const GenerationIndex::Row& row : index.TakeRows()) {
    keys.push_back(row.Key());
    ASSERT_OK_AND_ASSIGN(const GenerationRow read, DecodeGenerationRow(row.Key(), row.value));
    EXPECT_EQ(read.listed.back().sequence, *SequenceAtEnd(row.Key()));
    std::string text = read.workspace_id + " " + read.key_id + " " + read.bucket + ":";
    for (const ListedGeneration& one : read.listed) {
      text += " " + one.id + "#" + std::to_string(one.attempt) + "@" + std::to_string(one.sequence);
    }
    found.push_back(text);
  }
  EXPECT_THAT(
      found,
      testing::UnorderedElementsAre(
          "ws_1  gen_01K0000A: gen_01K0000AB#1@10 gen_01K0000AA#2@11 gen_01K0000AC#1@20",
          "ws_1 key_1 gen_01K0000A: gen_01K0000AB#1@10",
          "ws_1 key_2 gen_01K0000A: gen_01K0000AA#2@11", "ws_1  gen_01K0000B: gen_01K0000BA#1@12",
          "ws_1 key_1 gen_01K0000B: gen_01K0000BA#1@12"));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_TRUE(index.TakeRows().empty());
}

TEST(GenerationIndexTest, FindsTheAttemptsOfOneGeneration) {
  Lines run(10);
  run.Add("ws_1", "", "gen_01K0000AB");
  run.Add("ws_1", "", "gen_01K0000ABC");
  run.Add("ws_1", "", "gen_01K0000AB", 2);
  GenerationIndex index;
  index.Add(run.run);
  const std::vector<GenerationIndex::Row> rows = index.TakeRows();
  ASSERT_EQ(rows.size(), 1u);
  std::vector<ListedGeneration> found;
  EXPECT_OK(FindInGenerationRow(rows[0].Key(), rows[0].value, "gen_01K0000AB", found));
  EXPECT_THAT(found, testing::ElementsAre(ListedGeneration{"gen_01K0000AB", 1, 10},
                                          ListedGeneration{"gen_01K0000AB", 2, 12}));
}

TEST(GenerationIndexTest, KeysSortAsTheIdsInThem) {
  const auto key = [](const char* id) {
    return GenerationBucketPrefix("ws", "key", GenerationBucket(id)) + SequenceKey(~0ull);
  };
  EXPECT_LT(key("gen_A"), key("gen_AB"));
  EXPECT_LT(key("gen_AB"), key("gen_B"));
  EXPECT_LT(key("gen_01K0000AB"), key("gen_01K0000BA"));
  EXPECT_EQ(key("gen_01K0000AB"), key("gen_01K0000AZZZ"));
}

TEST(GenerationIndexTest, WhatWasNotWrittenIsDataLoss) {
  Lines run(10);
  run.Add("ws_1", "key_1", "gen_01K0000AB");
  GenerationIndex index;
  index.Add(run.run);
  const GenerationIndex::Row row = index.TakeRows().at(0);
  const std::string key = row.Key();
  const std::string value = row.value;
  const auto kLoss = absl::StatusCode::kDataLoss;
  EXPECT_OK(DecodeGenerationRow(key, value));
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_THAT(DecodeGenerationRow(key, value.substr(0, size)), StatusIs(kLoss)) << size;
  }
  EXPECT_THAT(DecodeGenerationRow(key.substr(1 + key.find('\0')), value), StatusIs(kLoss));
  EXPECT_THAT(DecodeGenerationRow(key.substr(0, key.size() - 1), value), StatusIs(kLoss));
  std::string other = key;
  ++other.back();
  EXPECT_THAT(DecodeGenerationRow(other, value), StatusIs(kLoss)) << "it ends with another one";
}

}  // namespace
}  // namespace tollgate::billing
