// Decodes the chunked transfer coding (RFC 9112 section 7.1), strictly, from bytes in any pieces.
#ifndef TOLLGATE_DATAPLANE_HTTP_CHUNKED_H_
#define TOLLGATE_DATAPLANE_HTTP_CHUNKED_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/limits.h"

namespace tollgate::dataplane {

// Refused: a size that is not 1 to 15 hexadecimal digits, blanks around it, a bare LF or CR, data
// not followed by CRLF, controls in an extension or a trailer, a folded or malformed trailer, and
// more extension or trailer bytes than limits.h allows.  Trailers are dropped, never merged.
class ChunkDecoder {
 public:
  enum class State {
    kMore,  // Needs more bytes.
    kDone,  // The body and its trailer section are complete.
    kBad,   // Refused; the connection must not be used any further.
  };

  // Takes bytes from the front of `in`, all of them unless the body ends within, and hands each run
  // of data to `sink(std::string_view)`.  After kDone or kBad it must not be called again before
  // Reset().
  template <typename Sink>
  State Feed(std::string_view& in, Sink&& sink) {
    while (!in.empty()) {
      if (phase_ == Phase::kData) {
        const std::size_t run = static_cast<std::size_t>(
            std::min<std::uint64_t>(chunk_left_, static_cast<std::uint64_t>(in.size())));
        sink(in.substr(0, run));
        in.remove_prefix(run);
        chunk_left_ -= run;
        if (chunk_left_ == 0) phase_ = Phase::kDataCr;
        continue;
      }
      const char c = in.front();
      in.remove_prefix(1);
      if (!Step(c)) return State::kBad;
      if (phase_ == Phase::kDone) return State::kDone;
    }
    return State::kMore;
  }

  void Reset() { *this = ChunkDecoder(); }

 private:
  enum class Phase : std::uint8_t {
    kSizeFirst,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kEndLf,
    kDone,
  };

  // Takes one byte of framing; false when it is refused.
  bool Step(char c);
  bool StepTrailer(char c);

  Phase phase_ = Phase::kSizeFirst;
  std::uint8_t size_digits_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_CHUNKED_H_
