#include "base/shutdown.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

TEST(ShutdownTest, ASignalEndsTheWait) {
  for (int signal : {SIGTERM, SIGINT}) {
    ShutdownSignal shutdown;
    EXPECT_FALSE(shutdown.requested());
    ASSERT_EQ(kill(getpid(), signal), 0);
    shutdown.Wait();
    EXPECT_TRUE(shutdown.requested());
  }
}

TEST(ShutdownTest, ARequestEndsTheWaitOfAnotherThread) {
  ShutdownSignal shutdown;
  std::thread waiter([&] { shutdown.Wait(); });
  shutdown.Request();
  waiter.join();
  EXPECT_TRUE(shutdown.requested());
  shutdown.Wait();
}

TEST(ShutdownTest, ASecondSigtermIsNoMoreThanTheFirst) {
  ShutdownSignal shutdown;
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  shutdown.Wait();
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_TRUE(shutdown.requested());
}

void InterruptTwice() {
  ShutdownSignal shutdown;
  kill(getpid(), SIGINT);
  shutdown.Wait();
  kill(getpid(), SIGINT);
  pause();
}

TEST(ShutdownDeathTest, ASecondInterruptEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(InterruptTwice(), testing::ExitedWithCode(130), "");
}

void WriteToAClosedPipe() {
  ShutdownSignal shutdown;
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  close(ends[0]);
  const bool refused = write(ends[1], "x", 1) == -1;
  std::_Exit(refused ? 0 : 1);
}

TEST(ShutdownDeathTest, ABrokenPipeIsAnErrorAndNoDeath) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(WriteToAClosedPipe(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tollgate
