// Finds the end of a message's body and takes its framing off, in place in the read buffer.
#ifndef TOLLGATE_DATAPLANE_HTTP_BODY_READER_H_
#define TOLLGATE_DATAPLANE_HTTP_BODY_READER_H_

#include <cstdint>

#include "dataplane/http/chunked.h"
#include "dataplane/http/input_buffer.h"
#include "dataplane/http/response_head.h"

namespace tollgate::dataplane {

// How far a body is.
enum class BodyState {
  kMore,      // More must be read.
  kDone,      // Complete.
  kBad,       // Malformed framing; the connection must not be used any further.
  kTooLarge,  // More bytes, framing included, than the limit.
};

// Works on a buffer whose front is the body as it came: after each call the first decoded() bytes
// of the buffer are plain body; what stands behind them belongs to the next message (only when
// kDone).
class BodyReader {
 public:
  // `bytes_max` bounds the bytes on the wire, so that framing cannot hide what a body costs.
  BodyReader(BodyFraming framing, std::uint64_t content_length, std::uint64_t bytes_max)
      : framing_(framing), left_(content_length), bytes_max_(bytes_max) {}

  // Takes in what was appended to `buffer` since the last call.
  BodyState Decode(InputBuffer& buffer);

  // What the end of the peer's stream means now.
  BodyState OnEnd() const {
    return framing_ == BodyFraming::kUntilClose ? BodyState::kDone : BodyState::kBad;
  }

  std::size_t decoded() const { return decoded_; }
  // Says that the caller dropped `n` decoded bytes from the front of the buffer.
  void Dropped(std::size_t n) { decoded_ -= n; }

  // How much a read should make room for at least.
  std::size_t WantedBytes() const;

  std::uint64_t wire_bytes() const { return wire_bytes_; }

 private:
  BodyFraming framing_;
  std::uint64_t left_;  // Of kLength.
  std::uint64_t bytes_max_;
  std::uint64_t wire_bytes_ = 0;
  std::size_t decoded_ = 0;
  bool done_ = false;
  ChunkDecoder chunks_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_BODY_READER_H_
