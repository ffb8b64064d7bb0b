#include "tests/sim/network.h"

#include <algorithm>

namespace tollgate::sim {

absl::Duration Network::Delay() {
  absl::Duration delay = dice_.Between(swarm_.delay_min, swarm_.delay_max);
  if (!good_ && dice_.Chance(swarm_.spike)) {
    delay += dice_.Between(absl::Milliseconds(20), absl::Seconds(1));
  }
  return delay;
}

void Network::Carry(const std::shared_ptr<Wire>& wire, std::function<void()> arrive) {
  if (!good_) {
    if (dice_.Chance(swarm_.lose)) {
      report_.Event("network", "lost a message ", wire->from, " -> ", wire->to);
      scheduler_.After(dice_.Between(absl::Milliseconds(10), absl::Seconds(2)),
                       [wire] { wire->lost_something(); });
      return;
    }
    if (dice_.Chance(swarm_.duplicate)) Schedule(wire, arrive, dice_.Chance(500'000));
    if (dice_.Chance(swarm_.reorder)) return Schedule(wire, std::move(arrive), /*ordered=*/false);
  }
  Schedule(wire, std::move(arrive), /*ordered=*/true);
}

void Network::CarrySurely(const std::shared_ptr<Wire>& wire, std::function<void()> arrive) {
  Schedule(wire, std::move(arrive), /*ordered=*/true);
}

void Network::Schedule(const std::shared_ptr<Wire>& wire, std::function<void()> arrive,
                       bool ordered) {
  SendOff(wire, {ordered ? ++wire->sent : 0, std::move(arrive)}, ordered);
}

void Network::SendOff(const std::shared_ptr<Wire>& wire, Parcel parcel, bool after_last) {
  std::int64_t at = scheduler_.now_ns() + absl::ToInt64Nanoseconds(Delay());
  if (after_last) {
    at = std::max(at, wire->last_ns + 1);
    wire->last_ns = at;
  }
  scheduler_.At(
      at, [this, wire, parcel = std::move(parcel)]() mutable { Arrive(wire, std::move(parcel)); });
}

void Network::Arrive(const std::shared_ptr<Wire>& wire, Parcel parcel) {
  if (!Blocked(wire->from, wire->to) && wire->stalled.empty()) {
    return HandOver(*wire, std::move(parcel));
  }
  if (wire->stalled.empty()) stalled_[Pair(wire->from, wire->to)].push_back(wire);
  wire->stalled.push_back(std::move(parcel));
}

// What was on its way when a partition healed may come before what the partition had held up.
void Network::HandOver(Wire& wire, Parcel parcel) {
  if (parcel.number > wire.arrived + 1) {
    wire.early.emplace(parcel.number, std::move(parcel.arrive));
    return;
  }
  if (parcel.number != 0) ++wire.arrived;
  parcel.arrive();
  while (!wire.early.empty() && wire.early.begin()->first == wire.arrived + 1) {
    const std::function<void()> arrive = std::move(wire.early.begin()->second);
    wire.early.erase(wire.early.begin());
    ++wire.arrived;
    arrive();
  }
}

void Network::Partition(int a, int b) {
  report_.Event("network", "partition ", a, " | ", b);
  blocked_.insert(Pair(a, b));
}

void Network::Heal(int a, int b) {
  if (blocked_.erase(Pair(a, b)) == 0) return;
  report_.Event("network", "healed ", a, " - ", b);
  std::vector<std::shared_ptr<Wire>> wires = std::move(stalled_[Pair(a, b)]);
  stalled_.erase(Pair(a, b));
  for (const std::shared_ptr<Wire>& wire : wires) {
    std::deque<Parcel> parcels = std::move(wire->stalled);
    wire->stalled.clear();
    for (Parcel& parcel : parcels) SendOff(wire, std::move(parcel), /*after_last=*/true);
  }
}

void Network::BeGood() {
  good_ = true;
  while (!blocked_.empty()) {
    const auto [a, b] = *blocked_.begin();
    Heal(a, b);
  }
}

}  // namespace tollgate::sim
