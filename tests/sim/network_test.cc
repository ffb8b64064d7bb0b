#include "tests/sim/network.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "tests/sim/pipe.h"

namespace tollgate::sim {
namespace {

using testing::ElementsAre;

constexpr int kNode = 0;

// Every message takes a millisecond; nothing is lost.
class NetworkTest : public testing::Test {
 protected:
  NetworkTest() { swarm_.delay_min = swarm_.delay_max = absl::Milliseconds(1); }

  // A message that notes that it is there.
  std::function<void()> Message(const std::string& text) {
    return [this, text] { arrived_.push_back(text); };
  }

  void At(absl::Duration time, Scheduler::Task task) {
    scheduler_.At(absl::ToInt64Nanoseconds(time), std::move(task));
  }

  void RunAll() {
    while (scheduler_.RunNext()) {
    }
  }

  Scheduler scheduler_;
  Dice dice_{1};
  Swarm swarm_;
  Report report_{scheduler_, /*traced=*/false, /*expected=*/""};
  Network network_{scheduler_, dice_, swarm_, report_};
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>(kNode, kBillingMachine);
  std::vector<std::string> arrived_;
};

TEST_F(NetworkTest, WhatWasOnItsWayWhenAPartitionHealedComesAfterWhatItHadHeldUp) {
  network_.Partition(kNode, kBillingMachine);
  network_.CarrySurely(wire_, Message("held up 1"));
  network_.CarrySurely(wire_, Message("held up 2"));
  At(absl::Microseconds(9'500), [this] {
    network_.CarrySurely(wire_, Message("on its way 1"));
    network_.CarrySurely(wire_, Message("on its way 2"));
  });
  At(absl::Milliseconds(10), [this] {
    network_.Heal(kNode, kBillingMachine);
    network_.CarrySurely(wire_, Message("sent after it"));
  });
  RunAll();
  EXPECT_THAT(arrived_, ElementsAre("held up 1", "held up 2", "on its way 1", "on its way 2",
                                    "sent after it"));
}

TEST_F(NetworkTest, TheOrderIsKeptThroughASecondPartition) {
  network_.Partition(kNode, kBillingMachine);
  network_.CarrySurely(wire_, Message("1"));
  At(absl::Microseconds(9'500), [this] { network_.CarrySurely(wire_, Message("2")); });
  At(absl::Milliseconds(10), [this] { network_.Heal(kNode, kBillingMachine); });
  At(absl::Microseconds(10'100), [this] { network_.Partition(kNode, kBillingMachine); });
  At(absl::Milliseconds(20), [this] { network_.Heal(kNode, kBillingMachine); });
  RunAll();
  EXPECT_THAT(arrived_, ElementsAre("1", "2"));
}

TEST_F(NetworkTest, WhatIsToOvertakeOvertakes) {
  swarm_.reorder = 1'000'000;
  scheduler_.At(0, [this] {
    network_.CarrySurely(wire_, Message("in order"));
    wire_->last_ns += 1'000'000;
    network_.CarrySurely(wire_, Message("in order, later"));
    network_.Carry(wire_, Message("overtakes"));
  });
  RunAll();
  EXPECT_THAT(arrived_, ElementsAre("in order", "overtakes", "in order, later"));
}

// Else it would be open for ever, and its machine be taken for connected.
TEST_F(NetworkTest, AStreamThatItsClientGivesUpAsAPartitionHealsEndsAtTheServer) {
  using TextPipe = Pipe<std::string, std::string>;
  const auto client = std::make_shared<Life>();
  const auto server = std::make_shared<Life>();
  network_.Partition(kNode, kBillingMachine);
  std::unique_ptr<dataplane::Link<std::string>> link = TextPipe::Open(
      network_, client, kNode, kBillingMachine, [server] { return server; },
      [this](const std::shared_ptr<TextPipe>& pipe) {
        Message("accepted")();
        pipe->server.on_message = [](const std::shared_ptr<std::string>&) {};
        pipe->server.on_closed = Message("closed");
        return absl::OkStatus();
      },
      {.on_message = [](const std::string&) {}, .on_closed = [](const absl::Status&) {}});
  At(absl::Microseconds(9'500), [&link] { link.reset(); });
  At(absl::Milliseconds(10), [this] { network_.Heal(kNode, kBillingMachine); });
  RunAll();
  EXPECT_THAT(arrived_, ElementsAre("accepted", "closed"));
}

}  // namespace
}  // namespace tollgate::sim
