// The network between machines: delays, losses, duplicates, overtaking, partitions.
//
// Streams are made of two wires (pipe.h).  Like TCP a wire keeps its order and loses nothing; with
// the faults of a seed it may, since the protocols claim to bear it, and then its stream breaks a
// little later, as one that lost something must.
#ifndef TOLLGATE_TESTS_SIM_NETWORK_H_
#define TOLLGATE_TESTS_SIM_NETWORK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "tests/sim/dice.h"
#include "tests/sim/report.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/swarm.h"

namespace tollgate::sim {

// Machines: nodes are numbered from 0.
inline constexpr int kBillingMachine = 100;
inline constexpr int kControlMachine = 101;

// A process, as others see it: whether it lives.  Shared by what it left on its way.
struct Life {
  bool alive = true;
  bool silent = false;  // Its machine lost power: nobody says goodbye for it.
};

// What a wire carries.
struct Parcel {
  std::uint64_t number = 0;  // Of those that keep their order; 0 for one that may overtake.
  std::function<void()> arrive;
};

// One direction of a stream.
struct Wire {
  Wire(int from_machine, int to_machine) : from(from_machine), to(to_machine) {}

  const int from;
  const int to;
  std::int64_t last_ns = 0;    // When the message sent last arrives.
  std::uint64_t sent = 0;      // The last number given.
  std::uint64_t arrived = 0;   // All up to this number have arrived.
  std::deque<Parcel> stalled;  // Arrived in a partition.
  // Arrived before one that a partition had held up, and waits for it.
  std::map<std::uint64_t, std::function<void()>> early;
  std::function<void()> lost_something;  // Breaks the stream.
};

class Network {
 public:
  Network(Scheduler& scheduler, Dice& dice, const Swarm& swarm, Report& report)
      : scheduler_(scheduler), dice_(dice), swarm_(swarm), report_(report) {}

  // Runs `arrive` when the message is there; or not, or twice.
  void Carry(const std::shared_ptr<Wire>& wire, std::function<void()> arrive);
  // The same without faults but delay and partition: what the operating system says of a stream.
  void CarrySurely(const std::shared_ptr<Wire>& wire, std::function<void()> arrive);

  void Partition(int a, int b);
  void Heal(int a, int b);
  bool Blocked(int a, int b) const { return blocked_.contains(Pair(a, b)); }

  // No more faults: every partition heals, nothing is lost.
  void BeGood();

  Scheduler& scheduler() { return scheduler_; }
  Dice& dice() { return dice_; }
  Report& report() { return report_; }

 private:
  static std::pair<int, int> Pair(int a, int b) { return {a < b ? a : b, a < b ? b : a}; }
  absl::Duration Delay();
  void Schedule(const std::shared_ptr<Wire>& wire, std::function<void()> arrive, bool ordered);
  // `after_last`: not before what was scheduled last.
  void SendOff(const std::shared_ptr<Wire>& wire, Parcel parcel, bool after_last);
  void Arrive(const std::shared_ptr<Wire>& wire, Parcel parcel);
  static void HandOver(Wire& wire, Parcel parcel);

  Scheduler& scheduler_;
  Dice& dice_;
  const Swarm& swarm_;
  Report& report_;
  bool good_ = false;
  std::set<std::pair<int, int>> blocked_;
  std::map<std::pair<int, int>, std::vector<std::shared_ptr<Wire>>> stalled_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_NETWORK_H_
