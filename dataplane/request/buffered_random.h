// The system's randomness, fetched in larger pieces: one system call for hundreds of identifiers.
#ifndef TOLLGATE_DATAPLANE_REQUEST_BUFFERED_RANDOM_H_
#define TOLLGATE_DATAPLANE_REQUEST_BUFFERED_RANDOM_H_

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/random.h"

namespace tollgate::dataplane {

// For identifiers, not for keys.  Not thread-safe.
class BufferedRandom final : public Random {
 public:
  void Fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      if (used_ == bytes_.size()) {
        SystemRandom().Fill(bytes_);
        used_ = 0;
      }
      const std::size_t n = std::min(out.size(), bytes_.size() - used_);
      std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(used_), n, out.begin());
      used_ += n;
      out = out.subspan(n);
    }
  }

 private:
  std::array<std::uint8_t, 4096> bytes_;
  std::size_t used_ = 4096;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_BUFFERED_RANDOM_H_
