// Texts that are put together and stay where they are until all are dropped at once, in memory that
// is used again and again.
#ifndef TOLLGATE_DATAPLANE_REQUEST_TEXT_CHUNKS_H_
#define TOLLGATE_DATAPLANE_REQUEST_TEXT_CHUNKS_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace tollgate::dataplane {

// Not thread-safe.
class TextChunks {
 public:
  // Room for so many bytes: what is appended to it up to that size does not move before Clear().
  // What is appended for the next Room() may stand right behind it.
  std::string& Room(std::size_t bytes) {
    if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < bytes) {
      const std::size_t grown = chunks_.empty() ? kFirstBytes : 2 * chunks_.back().capacity();
      chunks_.emplace_back().reserve(std::max(bytes, grown));
    }
    return chunks_.back();
  }

  // Keeps the largest piece of the memory, if it is not too large.
  void Clear() {
    if (chunks_.empty()) return;
    if (chunks_.size() > 1) {
      chunks_.front().swap(chunks_.back());
      chunks_.erase(chunks_.begin() + 1, chunks_.end());
    }
    if (chunks_.front().capacity() > kKeptBytesMax) {
      chunks_.clear();
    } else {
      chunks_.front().clear();
    }
  }

 private:
  static constexpr std::size_t kFirstBytes = 2048;  // A few events.
  static constexpr std::size_t kKeptBytesMax = std::size_t{128} * 1024;

  std::deque<std::string> chunks_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_TEXT_CHUNKS_H_
