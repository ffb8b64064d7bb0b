// The one source of chance of a simulation: the same seed, the same run.
#ifndef TOLLGATE_TESTS_SIM_DICE_H_
#define TOLLGATE_TESTS_SIM_DICE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/time/time.h"
#include "base/random.h"

namespace tollgate::sim {

class Dice final : public Random {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0x1234567u) {}

  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t Raw() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t word = state_;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
    return word ^ (word >> 31);
  }

  void Fill(std::span<std::uint8_t> out) override {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) word = Raw();
      out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
    }
  }

  // Uniform over lowest..highest, but for a bias of no consequence.
  std::int64_t Between(std::int64_t lowest, std::int64_t highest) {
    const auto width = static_cast<std::uint64_t>(highest - lowest) + 1;
    return lowest + static_cast<std::int64_t>(Raw() % width);
  }
  absl::Duration Between(absl::Duration lowest, absl::Duration highest) {
    return absl::Nanoseconds(
        Between(absl::ToInt64Nanoseconds(lowest), absl::ToInt64Nanoseconds(highest)));
  }
  std::size_t Index(std::size_t size) { return static_cast<std::size_t>(Raw() % size); }
  // True so many times in a million.
  bool Chance(std::int64_t per_million) {
    return per_million > 0 && Between(0, 999'999) < per_million;
  }

  // Says which numbers come next, and with them how many were drawn.
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_DICE_H_
