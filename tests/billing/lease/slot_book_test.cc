#include "billing/lease/slot_book.h"

#include <string>
#include <vector>

#include "base/random.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

constexpr const char* kKey = "concurrent/key/key_1";

class SlotBookTest : public testing::Test {
 protected:
  // What the book says to a Want, as "<stream>:<granted>" or "<stream>:back".
  std::vector<std::string> Want(StreamId stream, std::int64_t wanted, std::int64_t returned = 0,
                                std::int64_t in_use = 0, std::int64_t limit = 2) {
    EXPECT_OK(book_.Take(stream, {.subject = kKey,
                                  .limit = limit,
                                  .in_use = in_use,
                                  .returned = returned,
                                  .wanted = wanted}));
    return Said();
  }

  std::vector<std::string> Said() {
    std::vector<std::string> said;
    for (const SlotGrant& answer : book_.TakeAnswers()) {
      EXPECT_EQ(answer.subject, kKey);
      said.push_back(std::to_string(answer.stream) + ":" +
                     (answer.recalled ? "back" : std::to_string(answer.granted)));
    }
    return said;
  }

  using Lines = std::vector<std::string>;
  SlotBook book_;
};

TEST_F(SlotBookTest, LendsNoMoreThanThereAre) {
  EXPECT_EQ(Want(1, 1), Lines{"1:1"});
  EXPECT_EQ(Want(2, 3), (Lines{"2:1", "1:back", "2:back"}));
  EXPECT_EQ(Want(3, 1), Lines{}) << "who has them knows already";
  EXPECT_EQ(Want(1, 0, 1), (Lines{"2:1", "2:back"})) << "who came first, and others wait still";
}

TEST_F(SlotBookTest, NobodyIsPassedOver) {
  EXPECT_EQ(Want(1, 2, 0, 0, 1), (Lines{"1:1", "1:back"}));
  Want(2, 2, 0, 0, 1);
  Want(3, 2, 0, 0, 1);
  std::string order;
  StreamId holder = 1;
  for (int i = 0; i < 9; ++i) {
    // Each wants two more whenever it gives its one back.
    const Lines said = Want(holder, 2, 1, 0, 1);
    ASSERT_FALSE(said.empty());
    ASSERT_EQ(said[0].substr(1), ":1");
    holder = static_cast<StreamId>(said[0][0] - '0');
    order += said[0][0];
  }
  EXPECT_EQ(order, "123123123") << "in turn";
}

TEST_F(SlotBookTest, WhatAStreamHeldIsFreeWhenItEnds) {
  Want(1, 2);
  EXPECT_EQ(Want(2, 1), Lines{"1:back"});
  book_.CloseStream(1);
  EXPECT_EQ(Said(), Lines{"2:1"});
  book_.CloseStream(2);
  book_.CloseStream(3);
  EXPECT_EQ(Said(), Lines{});
  EXPECT_EQ(book_.subjects(), 0u);
}

TEST_F(SlotBookTest, WhatRunsOnCountsEvenBeyondTheLimit) {
  Want(1, 2);
  EXPECT_EQ(Want(2, 0, 0, /*in_use=*/1), Lines{}) << "a node that has come back";
  EXPECT_EQ(Want(3, 1), (Lines{"1:back", "2:back"}));
  EXPECT_EQ(Want(1, 0, 1), Lines{}) << "still two of two";
  EXPECT_EQ(Want(2, 0, 1), Lines{"3:1"});
}

TEST_F(SlotBookTest, NothingIsKeptOfLimitsThatNobodyUses) {
  Want(1, 1);
  EXPECT_EQ(book_.subjects(), 1u);
  Want(1, 0, 1);
  EXPECT_EQ(book_.subjects(), 0u);
  Want(1, 0, 1);
  EXPECT_EQ(book_.subjects(), 0u) << "what was not lent does not come back";
}

TEST_F(SlotBookTest, RefusesWhatNoNodeSends) {
  const auto take = [this](SlotWant request) { return book_.Take(1, request); };
  for (const SlotWant& request : std::vector<SlotWant>{
           {.subject = "", .limit = 1},
           {.subject = std::string(kSlotSubjectBytesMax + 1, 'x'), .limit = 1},
           {.subject = "a", .limit = -1},
           {.subject = "a", .limit = kSlotsMax + 1},
           {.subject = "a", .limit = 1, .in_use = -1},
           {.subject = "a", .limit = 1, .returned = -1},
           {.subject = "a", .limit = 1, .wanted = kSlotsMax + 1}}) {
    EXPECT_THAT(take(request), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(book_.subjects(), 0u);
}

}  // namespace
}  // namespace tollgate::billing
