#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/check.h"

namespace tollgate {
namespace {

class KernelRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const ssize_t got = getrandom(out.data(), out.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      CHECK_GT(got, 0) << "getrandom: " << std::strerror(errno);
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

std::uint64_t Random::Next64() {
  std::array<std::uint8_t, 8> bytes;
  Fill(bytes);
  std::uint64_t value = 0;
  for (std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::uint64_t Random::Below(std::uint64_t bound) {
  CHECK_GT(bound, 0u);
  // The first 2^64 mod bound values would make small results likelier; draw again.
  const std::uint64_t unfair = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t value = Next64();
    if (value >= unfair) return value % bound;
  }
}

Random& SystemRandom() {
  static KernelRandom* const random = new KernelRandom;
  return *random;
}

void SeededRandom::Fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) {
      // SplitMix64 (Steele, Lea, Flood 2014).
      state_ += 0x9E3779B97F4A7C15u;
      word = state_;
      word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
      word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
      word ^= word >> 31;
    }
    out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
}

}  // namespace tollgate
