// Randomness as a dependency.  Programs pass SystemRandom(), tests pass SeededRandom.
#ifndef TOLLGATE_BASE_RANDOM_H_
#define TOLLGATE_BASE_RANDOM_H_

#include <cstdint>
#include <span>

namespace tollgate {

class Random {
 public:
  virtual ~Random() = default;

  // Fills `out` with independent uniform bytes.
  virtual void Fill(std::span<std::uint8_t> out) = 0;

  // Uniform over all 64-bit values.
  std::uint64_t Next64();

  // Uniform over [0, bound), without modulo bias.  REQUIRED: bound > 0.
  std::uint64_t Below(std::uint64_t bound);
};

// The operating system's cryptographic generator (getrandom).  Thread-safe, fit for keys and
// nonces.  Aborts when the kernel has no randomness to give: there is no safe fallback.
Random& SystemRandom();

// A deterministic generator (SplitMix64): the same seed gives the same bytes on any machine.
// For tests, simulation and jitter; never for secrets.  Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  void Fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_RANDOM_H_
