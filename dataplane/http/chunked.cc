#include "dataplane/http/chunked.h"

#include "dataplane/http/head_text.h"

namespace tollgate::dataplane {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsTextByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

constexpr std::uint8_t kSizeDigitsMax = 15;  // 2^60 - 1: sums of sizes cannot overflow.

}  // namespace

bool ChunkDecoder::Step(char c) {
  switch (phase_) {
    case Phase::kSizeFirst:
    case Phase::kSize: {
      const int digit = HexValue(c);
      if (digit >= 0) {
        if (++size_digits_ > kSizeDigitsMax) return false;
        chunk_left_ = chunk_left_ << 4 | static_cast<std::uint64_t>(digit);
        phase_ = Phase::kSize;
        return true;
      }
      if (phase_ == Phase::kSizeFirst) return false;
      if (c == ';') {
        phase_ = Phase::kExtension;
        return true;
      }
      phase_ = Phase::kSizeLf;
      return c == '\r';
    }
    case Phase::kExtension:
      if (c == '\r') {
        phase_ = Phase::kSizeLf;
        return true;
      }
      return IsTextByte(c) && ++extension_bytes_ <= kChunkExtensionBytesMax;
    case Phase::kSizeLf:
      phase_ = chunk_left_ == 0 ? Phase::kTrailerStart : Phase::kData;
      return c == '\n';
    case Phase::kDataCr:
      phase_ = Phase::kDataLf;
      return c == '\r';
    case Phase::kDataLf:
      phase_ = Phase::kSizeFirst;
      size_digits_ = 0;
      return c == '\n';
    case Phase::kData:
    case Phase::kDone:
      return false;
    default:
      return StepTrailer(c);
  }
}

bool ChunkDecoder::StepTrailer(char c) {
  if (++trailer_bytes_ > kTrailerBytesMax) return false;
  switch (phase_) {
    case Phase::kTrailerStart:
      if (c == '\r') {
        phase_ = Phase::kEndLf;
        return true;
      }
      phase_ = Phase::kTrailerName;
      return IsTokenChar(c);
    case Phase::kTrailerName:
      if (c == ':') {
        phase_ = Phase::kTrailerValue;
        return true;
      }
      return IsTokenChar(c);
    case Phase::kTrailerValue:
      if (c == '\r') {
        phase_ = Phase::kTrailerLf;
        return true;
      }
      return IsTextByte(c);
    case Phase::kTrailerLf:
      phase_ = Phase::kTrailerStart;
      return c == '\n';
    case Phase::kEndLf:
      phase_ = Phase::kDone;
      return c == '\n';
    default:
      return false;
  }
}

}  // namespace tollgate::dataplane
