#include "dataplane/http/body_reader.h"

#include <algorithm>
#include <cstring>

namespace tollgate::dataplane {

BodyState BodyReader::Decode(InputBuffer& buffer) {
  if (done_) return BodyState::kDone;
  const std::size_t fresh = buffer.size() - decoded_;
  switch (framing_) {
    case BodyFraming::kNone:
      done_ = true;
      return BodyState::kDone;
    case BodyFraming::kLength: {
      if (left_ + wire_bytes_ > bytes_max_) return BodyState::kTooLarge;
      const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, fresh));
      decoded_ += taken;
      wire_bytes_ += taken;
      left_ -= taken;
      done_ = left_ == 0;
      return done_ ? BodyState::kDone : BodyState::kMore;
    }
    case BodyFraming::kUntilClose:
      decoded_ += fresh;
      wire_bytes_ += fresh;
      return wire_bytes_ > bytes_max_ ? BodyState::kTooLarge : BodyState::kMore;
    case BodyFraming::kChunked:
      break;
  }
  std::string_view in = buffer.view().substr(decoded_);
  char* const front = buffer.at(0);
  const ChunkDecoder::State state = chunks_.Feed(in, [&](std::string_view run) {
    // Data moves towards the front only, over the framing that was taken off.
    std::memmove(front + decoded_, run.data(), run.size());
    decoded_ += run.size();
  });
  wire_bytes_ += fresh - in.size();
  if (state == ChunkDecoder::State::kBad) return BodyState::kBad;
  if (wire_bytes_ > bytes_max_) return BodyState::kTooLarge;
  if (state == ChunkDecoder::State::kMore) {
    buffer.Truncate(decoded_);
    return BodyState::kMore;
  }
  // The rest belongs to the next message: it follows the body without a gap.
  std::memmove(front + decoded_, in.data(), in.size());
  buffer.Truncate(decoded_ + in.size());
  done_ = true;
  return BodyState::kDone;
}

std::size_t BodyReader::WantedBytes() const {
  if (framing_ != BodyFraming::kLength) return kReadBufferBytes / 2;
  return static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes_max_));
}

}  // namespace tollgate::dataplane
