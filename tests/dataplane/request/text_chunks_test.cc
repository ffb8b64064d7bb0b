#include "dataplane/request/text_chunks.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(TextChunksTest, WhatStandsThereDoesNotMove) {
  TextChunks chunks;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string_view> views;
    for (std::size_t i = 0; i < 2000; ++i) {
      const std::size_t bytes = i % 97 + (i % 500 == 499 ? 50'000 : 0);
      std::string& text = chunks.Room(bytes);
      const std::size_t begin = text.size();
      text.append(bytes, static_cast<char>('a' + i % 26));
      views.push_back(std::string_view(text).substr(begin));
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
      const std::size_t bytes = i % 97 + (i % 500 == 499 ? 50'000 : 0);
      ASSERT_EQ(views[i], std::string(bytes, static_cast<char>('a' + i % 26))) << i;
    }
    chunks.Clear();
  }
}

TEST(TextChunksTest, NeighboursStandBehindEachOther) {
  TextChunks chunks;
  const std::string_view first = chunks.Room(3).append("abc");
  const std::string& second = chunks.Room(3).append("def");
  EXPECT_EQ(second, "abcdef");
  EXPECT_EQ(first.data(), second.data());
}

TEST(TextChunksTest, MemoryIsUsedAgainUnlessThereIsMuch) {
  TextChunks chunks;
  const char* const begin = chunks.Room(1).append("a").data();
  chunks.Clear();
  EXPECT_EQ(chunks.Room(1).data(), begin);
  chunks.Room(10'000).append(10'000, 'x');  // Another piece, larger, which is kept instead.
  chunks.Clear();
  EXPECT_GE(chunks.Room(1).capacity(), 10'000u);
  chunks.Room(1'000'000).append(1'000'000, 'x');
  chunks.Clear();
  EXPECT_LT(chunks.Room(1).capacity(), 10'000u);
}

}  // namespace
}  // namespace tollgate::dataplane
