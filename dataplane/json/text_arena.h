// Keeps texts that were made while a request or an answer is translated, so that everything else
// can hold views.
#ifndef TOLLGATE_DATAPLANE_JSON_TEXT_ARENA_H_
#define TOLLGATE_DATAPLANE_JSON_TEXT_ARENA_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tollgate::dataplane {

// Texts stay where they are until Reset() or the arena's end; moving the arena moves none of them.
// Not thread-safe.
class TextArena {
 public:
  TextArena() = default;
  TextArena(TextArena&&) = default;
  TextArena& operator=(TextArena&&) = default;

  // A copy of `text`.
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* space = Reserve(text.size());
    std::memcpy(space, text.data(), text.size());
    return {space, text.size()};
  }

  // Takes a text over without copying its bytes.
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  // Forgets all texts; a block of memory is kept for the next.
  void Reset() {
    kept_.clear();
    if (blocks_.size() > 1) blocks_.erase(blocks_.begin() + 1, blocks_.end());
    if (!blocks_.empty() && block_size_ > kBlockBytes) blocks_.clear();
    block_size_ = blocks_.empty() ? 0 : kBlockBytes;
    used_ = 0;
  }

 private:
  // Holds the ids, names and short texts of an ordinary request.
  static constexpr std::size_t kBlockBytes = 4096;

  char* Reserve(std::size_t bytes) {
    if (block_size_ - used_ < bytes) {
      block_size_ = std::max(bytes, kBlockBytes);
      blocks_.emplace_back(new char[block_size_]);
      used_ = 0;
    }
    char* space = blocks_.back().get() + used_;
    used_ += bytes;
    return space;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_size_ = 0;  // Of the last block.
  std::size_t used_ = 0;        // Of the last block.
  std::deque<std::string> kept_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_JSON_TEXT_ARENA_H_
