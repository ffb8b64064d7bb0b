#include "dataplane/http/timer_wheel.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(TimerWheelTest, FiresOnceAndNeverEarly) {
  for (const std::int64_t timeout : {0, 1, 49, 50, 1000, 25'550, 25'600, 60'000, 3'600'000}) {
    std::int64_t now = 1'000'013;
    TimerWheel wheel(now);
    int fired = 0;
    TimerEntry entry([&] { ++fired; });
    wheel.ArmMs(entry, timeout);
    const std::int64_t armed = now;
    while (fired == 0 && now < armed + timeout + 1000) {
      now += 10;
      wheel.Advance(now);
    }
    EXPECT_EQ(fired, 1) << timeout;
    EXPECT_GE(now - armed, timeout);
    EXPECT_LE(now - armed, timeout + 3 * kTimerTickMs);
    EXPECT_FALSE(entry.armed());
    wheel.Advance(now + 100'000);
    EXPECT_EQ(fired, 1);
  }
}

TEST(TimerWheelTest, MovingClearingAndDestroying) {
  TimerWheel wheel(0);
  int fired = 0;
  TimerEntry moved([&] { fired += 1; });
  TimerEntry cleared([&] { fired += 10; });
  auto destroyed = std::make_unique<TimerEntry>([&] { fired += 100; });
  wheel.ArmMs(moved, 1000);
  wheel.ArmMs(cleared, 1000);
  wheel.ArmMs(*destroyed, 1000);
  wheel.ArmMs(moved, 5000);  // Later: found when its slot comes up.
  TimerWheel::Clear(cleared);
  destroyed.reset();
  wheel.Advance(2000);
  EXPECT_EQ(fired, 0);
  wheel.ArmMs(moved, 100);  // Nearer.
  wheel.Advance(2400);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheelTest, CallbacksMayArmAndClearOthers) {
  TimerWheel wheel(0);
  std::vector<int> order;
  std::unique_ptr<TimerEntry> other;
  TimerEntry again([&] { order.push_back(2); });
  TimerEntry first([&] {
    order.push_back(1);
    if (other != nullptr) TimerWheel::Clear(*other);
    wheel.ArmMs(again, 100);
  });
  other = std::make_unique<TimerEntry>([&] { order.push_back(3); });
  wheel.ArmMs(*other, 200);
  wheel.ArmMs(first, 100);
  wheel.Advance(10'000);
  wheel.Advance(20'000);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(TimerWheelTest, ALongPauseOfTheLoopLosesNothing) {
  TimerWheel wheel(0);
  int fired = 0;
  std::vector<std::unique_ptr<TimerEntry>> entries;
  for (int i = 0; i < 1000; ++i) {
    entries.push_back(std::make_unique<TimerEntry>([&] { ++fired; }));
    wheel.ArmMs(*entries.back(), i * 100);
  }
  wheel.Advance(1'000'000);
  EXPECT_EQ(fired, 1000);
}

}  // namespace
}  // namespace tollgate::dataplane
