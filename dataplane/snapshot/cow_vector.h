// A persistent array: copying shares everything, an edit copies the chunks it touches.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/snapshot/edit_token.h"

namespace tollgate::dataplane {

// Const members are safe from several threads; edits are for one thread, on an array that nobody
// else has yet.
template <typename Value>
class CowVector {
 public:
  std::size_t size() const { return size_; }

  // REQUIRED: index < size().
  const Value& operator[](std::size_t index) const {
    return chunks_[index / kChunk]->values[index % kChunk];
  }

  // REQUIRED before edits to an array that was copied.
  void BeginEdit() { edit_ = NewEditToken(); }

  // The element, to be changed; appends one when index == size().
  Value& Editable(std::size_t index) {
    if (index == size_) {
      if (size_ % kChunk == 0) {
        chunks_.push_back(std::make_shared<Chunk>());
        chunks_.back()->edit = edit_;
      }
      ++size_;
    }
    auto& chunk = chunks_[index / kChunk];
    if (chunk->edit != edit_) {
      chunk = std::make_shared<Chunk>(*chunk);
      chunk->edit = edit_;
    }
    return chunk->values[index % kChunk];
  }

 private:
  static constexpr std::size_t kChunk = 64;
  struct Chunk {
    std::uint64_t edit = 0;
    std::array<Value, kChunk> values{};
  };

  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
  std::uint64_t edit_ = NewEditToken();
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_
